import {
  chmodSync,
  chownSync,
  lchownSync,
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
import test, { type ExecutionContext } from 'ava';
import { readTextFile, refuseForeignWriters, replaceFile } from '../../../src/base/config-file.ts';
import type { Host } from '../../../src/base/host.ts';
import { fails } from '../../support/failure.ts';
import { createHost, put, withParts } from '../../support/host.ts';
import { testWith } from '../../support/require.ts';

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

test('symlinks in a circle, or that lead to nothing, are refused and stay', (t) => {
  const host = createHost(t);
  for (const [name, target] of Object.entries({ a: 'b', b: 'a', c: 'nothing' }))
    symlinkSync(target, join(host.home, name));
  t.throws(() => replaceFile(join(host.home, 'a'), 'new'), { code: 'ELOOP' });
  t.throws(() => replaceFile(join(host.home, 'c'), 'new'), { code: 'ENOENT' });
  t.deepEqual(readdirSync(host.home), ['a', 'b', 'c']);
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

const remedy = 'keep it elsewhere';

/** Passes, or is refused with these words of this path. */
async function refuses(t: ExecutionContext, host: Host, path: string, line?: string): Promise<void> {
  const look = () => refuseForeignWriters(host, path, remedy);
  if (line === undefined) t.notThrows(look);
  else await fails(t, look, { code: 'unsafe-file', exitCode: 7, line });
}

const writable = (path: string) =>
  `${path} can be written by other users; run: chmod go-w ${path}; or ${remedy}`;
const foreign = (path: string) => `${path} belongs to another user; ${remedy}`;

test('a file that everyone can write is refused; on Windows nothing is looked at', async (t) => {
  const host = createHost(t);
  const file = put(host, 'a', '');
  await refuses(t, host, file);
  await refuses(t, host, join(host.home, 'none'));
  await refuses(t, withParts(host, { uid: 4711 }), '/etc/passwd');
  chmodSync(file, 0o602);
  await refuses(t, host, file, writable(file));
  await refuses(t, withParts(host, { uid: undefined }), file);
});

test('so is one below a folder that everyone can write, however far above', async (t) => {
  const host = createHost(t);
  const file = put(host, 'a/b/c', '');
  const folder = join(host.home, 'a');
  chmodSync(folder, 0o703);
  await refuses(t, host, file, writable(folder));
  // Where nothing is yet, others could put something there.
  await refuses(t, host, join(folder, 'b/none'), writable(folder));
  // As /tmp: nobody else can rename what is in there.
  chmodSync(folder, 0o1777);
  await refuses(t, host, file);
  chmodSync(join(folder, 'b'), 0o702);
  await refuses(t, host, file, writable(join(folder, 'b')));
});

test('a link is safe where nobody else can switch it, and where what it leads to is safe', async (t) => {
  const host = createHost(t);
  const [open, file] = [join(host.home, 'open'), put(host, 'real/file', '')];
  mkdirSync(open);
  chmodSync(open, 0o707);
  symlinkSync(join(host.home, 'real'), join(host.home, 'folder'));
  symlinkSync('folder/file', join(host.home, 'link'));
  await refuses(t, host, join(host.home, 'link'));
  // The file is safe, the link to it, or to a folder above it, is not: also as the second of two.
  symlinkSync(file, join(open, 'file'));
  symlinkSync('../real', join(open, 'real'));
  symlinkSync('open/file', join(host.home, 'second'));
  symlinkSync('open/real', join(host.home, 'second-folder'));
  for (const path of ['open/file', 'open/real/file', 'second', 'second-folder/file', 'folder/../second'])
    // oxlint-disable-next-line no-await-in-loop
    await refuses(t, host, `${host.home}/${path}`, writable(open));
  const other = put(host, 'open/other', '');
  symlinkSync(other, join(host.home, 'to-other'));
  await refuses(t, host, join(host.home, 'to-other'), writable(open));
});

test('links that lead in a circle, or nowhere, come to an end', async (t) => {
  const host = createHost(t);
  symlinkSync('b', join(host.home, 'a'));
  symlinkSync('a', join(host.home, 'b'));
  symlinkSync('deeper/c', join(host.home, 'c'));
  symlinkSync('.', join(host.home, 'deeper'));
  for (const path of ['a', 'b/x', 'c', 'deeper/deeper/c'])
    // oxlint-disable-next-line no-await-in-loop
    await refuses(t, host, join(host.home, path));
});

const asRoot = testWith('root');

asRoot('a group of the owner’s own number may write, another group may not', async (t) => {
  const host = withParts(createHost(t), { uid: 4711 });
  chownSync(host.home, 4711, 4711);
  const file = put(host, 'a', '', 0o660);
  chmodSync(file, 0o660);
  chownSync(file, 4711, 4711);
  chmodSync(host.home, 0o770);
  await refuses(t, host, file);
  chownSync(file, 4711, 4712);
  await refuses(t, host, file, writable(file));
  chmodSync(file, 0o640);
  await refuses(t, host, file);
  chownSync(host.home, 4711, 4712);
  await refuses(t, host, file, writable(host.home));
});

asRoot('a file, a folder or a link of another user is refused, one of root is taken', async (t) => {
  const host = withParts(createHost(t), { uid: 4711 });
  const file = put(host, 'a/b', '');
  const folder = join(host.home, 'a');
  symlinkSync(file, join(host.home, 'link'));
  await refuses(t, host, file);
  chownSync(file, 4712, 4712);
  await refuses(t, host, file, foreign(file));
  chownSync(file, 4711, 4711);
  chownSync(folder, 4712, 4712);
  await refuses(t, host, file, foreign(folder));
  chownSync(folder, 0, 0);
  lchownSync(join(host.home, 'link'), 4712, 4712);
  await refuses(t, host, join(host.home, 'link'), foreign(join(host.home, 'link')));
  // Its owner could switch a link in a sticky folder too.
  chmodSync(host.home, 0o1777);
  await refuses(t, host, join(host.home, 'link'), foreign(join(host.home, 'link')));
  await refuses(t, host, file);
});
