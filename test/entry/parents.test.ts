import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { entryFile } from '../../src/entry/folder.ts';
import { forgetParents, isClientGo, isRefused, noteForced, noteParent } from '../../src/entry/parents.ts';
import { createHost, put, withParts, type TestHost } from '../support/host.ts';

/** The same home, seen from a child of `ppid`, at a time in seconds. */
function from(host: TestHost, ppid: number, seconds = 1000): TestHost {
  return withParts(host, { client: String(ppid), now: () => seconds * 1000 });
}

/** As an exchange that is forced and succeeds. */
function forced(host: TestHost): void {
  noteForced(host, 'prod');
  forgetParents(host, 'prod');
  noteParent(host, 'prod');
}

const notes = (host: TestHost) => readFileSync(entryFile(host, 'prod', 'parents'), 'utf8');

function setUp(t: ExecutionContext): TestHost {
  return createHost(t);
}

test('client-go alone ends the variable with a newline', (t) => {
  t.true(isClientGo('{"kind":"ExecCredential"}\n'));
  for (const info of [undefined, '', '{"kind":"ExecCredential"}']) t.false(isClientGo(info));
});

test('the same parent coming back was refused, another was not', (t) => {
  const host = setUp(t);
  t.false(isRefused(from(host, 1), 'prod'));
  noteParent(from(host, 1), 'prod');
  t.true(isRefused(from(host, 1), 'prod'));
  t.false(isRefused(from(host, 2), 'prod'));
  t.false(isRefused(from(host, 1), 'other'));
});

test('an exchange is forced at most once a minute for an entry, whoever comes back', (t) => {
  const host = setUp(t);
  noteParent(from(host, 1), 'prod');
  forced(from(host, 1));
  t.false(isRefused(from(host, 1, 1000), 'prod'));
  t.false(isRefused(from(host, 1, 1060), 'prod'));
  t.true(isRefused(from(host, 1, 1060.5), 'prod'));
  noteParent(from(host, 2), 'prod');
  t.false(isRefused(from(host, 2, 1060), 'prod'));
  t.true(isRefused(from(host, 2, 1061), 'prod'));
});

test('a clock that was set back does not switch the rule off for ever', (t) => {
  const host = setUp(t);
  noteParent(from(host, 1), 'prod');
  forced(from(host, 1, 5000));
  t.true(isRefused(from(host, 1, 1000), 'prod'));
});

test('until the exchange has put a new token in place, all who were served the old one are refused', (t) => {
  const host = setUp(t);
  for (const ppid of [1, 2, 3]) noteParent(from(host, ppid), 'prod');
  noteForced(from(host, 2), 'prod');
  t.is(notes(host), 'f1000! 1 2 3');
  noteParent(from(host, 4), 'prod');
  t.is(notes(host), 'f1000! 1 2 3 4');
  for (const ppid of [1, 2, 3, 4]) t.true(isRefused(from(host, ppid), 'prod'));
  t.false(isRefused(from(host, 5), 'prod'));
});

test('a new token makes all others those of before', (t) => {
  const host = setUp(t);
  for (const ppid of [1, 2, 3]) noteParent(from(host, ppid), 'prod');
  forced(from(host, 2));
  t.is(notes(host), 'f1000 2');
  t.false(isRefused(from(host, 1, 2000), 'prod'));
  t.true(isRefused(from(host, 2, 2000), 'prod'));
});

test('the last fifty parents are remembered, each once', (t) => {
  const host = setUp(t);
  for (const ppid of [1, 2, 3, 2, 3]) noteParent(from(host, ppid), 'prod');
  t.is(notes(host), 'f0 1 2 3');
  for (let ppid = 4; ppid <= 51; ppid += 1) noteParent(from(host, ppid), 'prod');
  t.false(isRefused(from(host, 1), 'prod'));
  t.true(isRefused(from(host, 2), 'prod'));
});

test('what the fast lane appends counts, with blanks and without a first word', (t) => {
  const host = setUp(t);
  noteParent(from(host, 9), 'prod');
  for (const [text, atOnce] of [
    [' 1', true],
    ['  2  1', true],
    ['f1000! 2  1', true],
    ['f1000 2  1', false],
    ['1 f1000!', true],
  ] as const) {
    writeFileSync(entryFile(host, 'prod', 'parents'), text);
    t.true(isRefused(from(host, 1, 2000), 'prod'), text);
    t.is(isRefused(from(host, 1, 1000), 'prod'), atOnce, text);
  }
});

test('notes are private', (t) => {
  const host = setUp(t);
  noteParent(from(host, 1), 'prod');
  const modes = execFileSync('stat', ['-c', '%a', entryFile(host, 'prod', 'parents')]).toString();
  t.is(modes, '600\n');
});

test('notes that are no notes, or cannot be written, switch the rule off and fail nothing', (t) => {
  const host = setUp(t);
  noteParent(from(host, 1), 'prod');
  const file = entryFile(host, 'prod', 'parents');
  for (const text of ['', '\n', 'x y z', '\0\0\0', 'NaN 1e999', '{}', 'f1', 'f 2', 'f1!! -1', '01 1.0 1e0']) {
    writeFileSync(file, text);
    t.false(isRefused(from(host, 1), 'prod'), JSON.stringify(text));
  }
  rmSync(file);
  execFileSync('mkfifo', [file]);
  t.false(isRefused(from(host, 1), 'prod'));
  chmodSync(dirname(file), 0o700);
  const nowhere = withParts(from(host, 1), { env: { KUBECACHEDIR: put(host, 'file', '') } });
  noteParent(nowhere, 'prod');
  noteForced(nowhere, 'prod');
  t.false(isRefused(nowhere, 'prod'));
});
