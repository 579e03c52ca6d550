import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  discard,
  draftedBy,
  draftOf,
  makeFolder,
  putSmallFile,
  readSmallFile,
} from '../../../src/base/private-file.ts';
import { createHost, put } from '../../support/host.ts';

test('a small file is read with its status; what is none is not', (t) => {
  const host = createHost(t);
  const { home } = host;
  t.like(readSmallFile(put(host, 'a', 'schön')), { text: 'schön' });
  t.is(readSmallFile(put(host, 'empty', ''))?.text, '');
  t.is(readSmallFile(put(host, 'most', 'x'.repeat(65_536)))?.text.length, 65_536);
  t.is(readSmallFile(put(host, 'more', 'x'.repeat(65_537))), undefined);
  symlinkSync('a', join(home, 'link'));
  execFileSync('mkfifo', [join(home, 'fifo')]);
  for (const name of ['link', 'fifo', 'none', 'a/b', '.'])
    t.is(readSmallFile(join(home, name)), undefined, name);
  t.is(readSmallFile('/dev/zero'), undefined);
});

test('a small file is put in place whole, private, with the time that is asked for', (t) => {
  const host = createHost(t);
  const file = join(host.home, 'd', 'a');
  t.throws(() => putSmallFile(file, 'x'), { code: 'ENOENT' });
  mkdirSync(join(host.home, 'd'));
  putSmallFile(file, 'old');
  const { ino } = statSync(file);
  putSmallFile(file, 'new', 1_900_000_000);
  t.is(readFileSync(file, 'utf8'), 'new');
  t.like(statSync(file), { mode: 0o100600, mtimeMs: 1_900_000_000_000 });
  t.not(statSync(file).ino, ino);
  t.deepEqual(readdirSync(join(host.home, 'd')), ['a']);
});

test('a symlink is replaced, not followed; a folder in its place stays', (t) => {
  const host = createHost(t);
  const real = put(host, 'real', 'theirs');
  symlinkSync(real, join(host.home, 'link'));
  putSmallFile(join(host.home, 'link'), 'ours');
  t.is(readFileSync(real, 'utf8'), 'theirs');
  put(host, 'folder/x', '');
  t.throws(() => putSmallFile(join(host.home, 'folder'), 'ours'), { code: 'EISDIR' });
  t.deepEqual(readdirSync(host.home).sort(), ['folder', 'link', 'real']);
});

test('what cannot be discarded stays, and nothing fails', (t) => {
  const host = createHost(t);
  const file = put(host, 'a', '');
  discard(join(file, 'below'));
  discard(host.home);
  discard(file);
  discard(file);
  t.false(existsSync(file));
  t.true(existsSync(host.home));
});

test('folders are made down to the one asked for, private, and again without a word', (t) => {
  const { home } = createHost(t);
  const folder = join(home, 'a', 'b', 'c');
  makeFolder(folder);
  makeFolder(folder);
  for (const each of ['a', 'a/b', 'a/b/c']) t.is(statSync(join(home, each)).mode & 0o777, 0o700);
});

test('a folder that cannot be made is an error, at once', (t) => {
  const host = createHost(t);
  const file = put(host, 'file', '');
  makeFolder(file);
  t.throws(() => makeFolder(join(file, 'below')), { code: 'ENOTDIR' });
  symlinkSync('nowhere', join(host.home, 'dangling'));
  t.throws(() => makeFolder(join(host.home, 'dangling', 'below')), { code: 'ENOENT' });
  // Node's own recursive mkdir never comes back from here.
  if (existsSync('/proc/self')) t.throws(() => makeFolder('/proc/none/below'), { code: 'ENOENT' });
});

test('a draft lies beside its file, under a name that tells which', (t) => {
  t.regex(draftOf('/d/a.entry'), /^\/d\/a\.entry\.[0-9a-f]{12}\.tmp$/);
  t.not(draftOf('/d/a'), draftOf('/d/a'));
  t.is(draftedBy(draftOf('a.entry')), 'a.entry');
  t.is(draftedBy(draftOf('a\nb', '0123456789ab')), 'a\nb');
  for (const name of ['a', 'a.tmp', 'a.0123456789ab', 'a.0123456789AB.tmp', 'a.0123456789abc.tmp', '.tmp'])
    t.is(draftedBy(name), undefined, name);
});
