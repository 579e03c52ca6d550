import test from 'ava';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { envSource, fileSource } from '../../../src/source/open.ts';
import { fails } from '../../support/failure.ts';
import { createHost, withParts, put } from '../../support/host.ts';

test('the variable is read, without the blanks around the token', async (t) => {
  const host = withParts(createHost(t), { env: { CI_TOKEN: ' the-token\n', EMPTY: '' } });
  t.is<string | undefined, string>(await envSource(host, 'CI_TOKEN').read(), 'the-token');
  t.is(await envSource(host, 'EMPTY').read(), undefined);
  t.is(await envSource(host, 'NONE').read(), undefined);
});

test('what is no token names the variable, not its value', async (t) => {
  const host = withParts(createHost(t), { env: { CI_TOKEN: 'secret words' } });
  await fails(t, () => envSource(host, 'CI_TOKEN').read(), {
    code: 'bad-token',
    exitCode: 2,
    line: 'environment variable CI_TOKEN: holds more than one word or line; give the whole token of a ServiceAccount, and nothing else',
  });
});

test('the file is read each time, and left as it is', async (t) => {
  const host = createHost(t);
  const file = put(host, 'token', 'first\n');
  const source = fileSource(host, file);
  t.is(source.place, 'file ~/token');
  t.is<string | undefined, string>(await source.read(), 'first');
  put(host, 'token', 'second');
  t.is<string | undefined, string>(await source.read(), 'second');
  t.is(readFileSync(file, 'utf8'), 'second');
});

test('a symlink is followed: a projected volume is one', async (t) => {
  const host = createHost(t);
  put(host, '..data/token', 'the-token');
  symlinkSync('..data/token', join(host.home, 'token'));
  t.is<string | undefined, string>(await fileSource(host, join(host.home, 'token')).read(), 'the-token');
});

test('a file that others could have written is not read', async (t) => {
  const host = createHost(t);
  const file = put(host, 'd/token', 'the-token');
  const remedy = 'or keep the token in a file of your own';
  for (const [path, mode] of [
    [file, 0o606],
    [dirname(file), 0o707],
  ] as const) {
    chmodSync(path, mode);
    // oxlint-disable-next-line no-await-in-loop
    await fails(t, () => fileSource(host, file).read(), {
      code: 'unsafe-file',
      exitCode: 7,
      line: `${path} can be written by other users; run: chmod go-w ${path}; ${remedy}`,
    });
    chmodSync(path, 0o700);
  }
  t.is<string | undefined, string>(await fileSource(host, file).read(), 'the-token');
});

test('a file that is not there, or empty, holds no token', async (t) => {
  const host = createHost(t);
  t.is(await fileSource(host, join(host.home, 'none')).read(), undefined);
  t.is(await fileSource(host, put(host, 'empty', '\n')).read(), undefined);
});

test('what cannot be read as a token is named by its place', async (t) => {
  const host = createHost(t);
  await fails(t, () => fileSource(host, put(host, 'two', 'secret-a\nsecret-b\n')).read(), {
    code: 'bad-token',
    exitCode: 2,
    line: 'file ~/two: holds more than one word or line; give the whole token of a ServiceAccount, and nothing else',
  });
  const fifo = join(host.home, 'fifo');
  execFileSync('mkfifo', [fifo]);
  for (const path of [host.home, fifo])
    await fails(t, () => fileSource(host, path).read(), {
      code: 'unsafe-file',
      exitCode: 7,
      line: /^source-file \S+ is (?:a folder; name a file|not a regular file; move it away)$/,
    });
});
