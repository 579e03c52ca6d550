import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { readTextFile, refuseForeignWriters, replaceFile } from '../src/files.ts';
import { fails } from './failure.ts';
import { createHost, put, withParts } from './support/host.ts';

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('a text is read; where there is nothing there is nothing', (t) => {
  const host = createHost(t);
  t.is(readTextFile('profile', put(host, 'a', 'schön\n')), 'schön\n');
  t.is(readTextFile('profile', join(host.home, 'none')), undefined);
  t.is(readTextFile('profile', join(host.home, 'a/below')), undefined);
  symlinkSync('none', join(host.home, 'dangling'));
  t.is(readTextFile('profile', join(host.home, 'dangling')), undefined);
});

test('what is no file is not opened: a FIFO would hold us for ever', async (t) => {
  const host = createHost(t);
  const fifo = join(host.home, 'fifo');
  execFileSync('mkfifo', [fifo]);
  for (const path of [fifo, '/dev/zero']) {
    await fails(t, () => readTextFile('profile', path), {
      code: 'unsafe-file',
      exitCode: 7,
      line: `profile ${path} is not a regular file; move it away`,
    });
  }
});

test('a folder is not told to be moved away: it may be a home', async (t) => {
  const { home } = createHost(t);
  await fails(t, () => readTextFile('profile', home), {
    code: 'unsafe-file',
    exitCode: 7,
    line: `profile ${home} is a folder; name a file`,
  });
});

test('what is not UTF-8 is refused, and not read with U+FFFD in it; a BOM stays', async (t) => {
  const host = createHost(t);
  for (const bytes of ['# f\xfcr Anna\n', '\xff\xfeh\0i\0', '\xc3', '\xed\xa0\x80']) {
    const file = put(host, 'a', Buffer.from(bytes, 'latin1'));
    await fails(t, () => readTextFile('profile', file), {
      code: 'unsafe-file',
      exitCode: 7,
      line: `profile ${file} is not UTF-8; save it as UTF-8`,
    });
  }
  t.is(readTextFile('profile', put(host, 'a', '\ufeffa\ufffd')), '\ufeffa\ufffd');
});

test('a file larger than any configuration is not read', async (t) => {
  const file = put(createHost(t), 'huge', '');
  truncateSync(file, 16 * 1024 * 1024 + 1);
  await fails(t, () => readTextFile('profile', file), {
    code: 'unsafe-file',
    exitCode: 7,
    line: `profile ${file} is larger than 16 MiB; check what it is`,
  });
});

test('a file is replaced whole, keeps its mode whatever the umask, and nothing lies beside it', (t) => {
  const host = createHost(t);
  for (const given of [0o600, 0o640, 0o664, 0o666]) {
    const file = put(host, `d/${given}`, 'old');
    chmodSync(file, given);
    replaceFile(file, 'new');
    t.is(readFileSync(file, 'utf8'), 'new');
    t.is(mode(file), given.toString(8));
  }
  t.is(readdirSync(join(host.home, 'd')).length, 4);
});

test('root does not take a file from its owner', (t) => {
  const host = createHost(t);
  const file = put(host, 'a', 'old');
  const { uid, gid } = statSync(file);
  if (uid === 0) chownSync(file, 4711, 4711);
  replaceFile(file, 'new');
  t.like(statSync(file), uid === 0 ? { uid: 4711, gid: 4711 } : { uid, gid });
  t.is(mode(file), '600');
});

test('a new file and its folders are private, unless told otherwise', (t) => {
  const host = createHost(t);
  const file = join(host.home, 'a/b/c');
  replaceFile(file, new Uint8Array([1, 2, 3]));
  t.deepEqual([...readFileSync(file)], [1, 2, 3]);
  t.is(mode(file), '600');
  t.is(mode(join(host.home, 'a/b')), '700');
  replaceFile(join(host.home, 'open'), '', 0o644);
  t.is(mode(join(host.home, 'open')), '644');
});

test('a symlink is followed and stays, a hard link keeps the old content', (t) => {
  const host = createHost(t);
  const real = put(host, 'dotfiles/a', 'old', 0o644);
  const link = join(host.home, 'a');
  symlinkSync('dotfiles/a', link);
  linkSync(real, join(host.home, 'b'));
  replaceFile(link, 'new');
  t.true(lstatSync(link).isSymbolicLink());
  t.is(readFileSync(real, 'utf8'), 'new');
  t.is(readFileSync(join(host.home, 'b'), 'utf8'), 'old');
});

test('a symlink that leads to nothing yet is followed and stays, its folder is made', (t) => {
  const host = createHost(t);
  mkdirSync(join(host.home, 'dotfiles/kube'), { recursive: true });
  symlinkSync('dotfiles/kube', join(host.home, '.kube'));
  // Two links, and both from the folder that they really are in.
  symlinkSync('../second', join(host.home, '.kube/config'));
  symlinkSync('new/config', join(host.home, 'dotfiles/second'));
  replaceFile(join(host.home, '.kube/config'), 'new');
  for (const link of ['dotfiles/kube/config', 'dotfiles/second'])
    t.true(lstatSync(join(host.home, link)).isSymbolicLink());
  t.is(readFileSync(join(host.home, 'dotfiles/new/config'), 'utf8'), 'new');
  t.is(mode(join(host.home, 'dotfiles/new')), '700');
  t.deepEqual(readdirSync(join(host.home, 'dotfiles/kube')), ['config']);
});

test('symlinks in a circle are refused and stay', (t) => {
  const host = createHost(t);
  symlinkSync('b', join(host.home, 'a'));
  symlinkSync('a', join(host.home, 'b'));
  t.throws(() => replaceFile(join(host.home, 'a'), 'new'), { code: 'ELOOP' });
  t.deepEqual(readdirSync(host.home), ['a', 'b']);
});

test('drafts of killed writers go with the next write, those of the last minute and other files stay', (t) => {
  const host = createHost(t);
  const path = put(host, 'd/config', 'old');
  const old = [
    'config.0123abcd0123.tmp',
    'config.sa-token-backup.0123abcd0123.tmp',
    'config.lock.0123456789ab.tmp',
  ];
  const others = ['config.000000000000.tmp.txt', 'config.d.tmp', 'config2.0123abcd0123.tmp'];
  for (const name of [...old, ...others]) utimesSync(put(host, `d/${name}`, 'x'), 1000, 1000);
  put(host, 'd/config.89abcdef89ab.tmp', 'at work');
  replaceFile(path, 'new');
  t.deepEqual(
    readdirSync(join(host.home, 'd')).sort(),
    ['config', 'config.89abcdef89ab.tmp', ...others].sort(),
  );
});

test('a failure leaves the old file, and no draft', (t) => {
  const host = createHost(t);
  mkdirSync(join(host.home, 'd/a'), { recursive: true });
  put(host, 'd/a/content', '');
  t.throws(() => replaceFile(join(host.home, 'd/a'), 'new'), { code: 'EISDIR' });
  t.deepEqual(readdirSync(join(host.home, 'd')), ['a']);
  t.throws(() => replaceFile(join(host.home, 'd/a/content/b'), 'new'), { code: 'ENOTDIR' });
});

test('a file that others can write, or own, is refused; root’s is taken', async (t) => {
  const host = createHost(t);
  const file = put(host, 'a', '');
  refuseForeignWriters(host, file);
  refuseForeignWriters(host, join(host.home, 'none'));
  // Windows has no such owner.
  refuseForeignWriters(withParts(host, { uid: undefined }), file);
  refuseForeignWriters(withParts(host, { uid: 4711 }), '/etc/passwd');
  chmodSync(file, 0o660);
  await fails(t, () => refuseForeignWriters(host, file), {
    code: 'unsafe-file',
    exitCode: 7,
    line: `${file} can be written by other users; run: chmod go-w ${file}`,
  });
  refuseForeignWriters(withParts(host, { uid: undefined }), file);
});
