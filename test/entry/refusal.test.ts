import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { entryFile } from '../../src/entry/folder.ts';
import { forgetRefusal, recallRefusal, rememberRefusal } from '../../src/entry/refusal.ts';
import { exit } from '../../src/errors.ts';
import { createHost, put, withParts, type TestHost } from '../support/host.ts';

/** A host at a time in seconds, as the child of `ppid`. */
function at(host: TestHost, seconds: number, ppid = 7): TestHost {
  return withParts(host, { client: String(ppid), now: () => seconds * 1000 });
}

function remembered(t: ExecutionContext): TestHost {
  const host = createHost(t);
  rememberRefusal(at(host, 1000), 'prod', exit.refused);
  return host;
}

test('a parent is told once, and gets the same exit code for ten seconds', (t) => {
  const host = remembered(t);
  t.is(recallRefusal(at(host, 1000), 'prod'), 4);
  t.is(recallRefusal(at(host, 1010), 'prod'), 4);
  t.is(recallRefusal(at(host, 1010.1), 'prod'), undefined);
});

test('another parent, another entry and an earlier time know nothing of it', (t) => {
  const host = remembered(t);
  t.is(recallRefusal(at(host, 1000, 8), 'prod'), undefined);
  t.is(recallRefusal(at(host, 1000), 'prod@0123'), undefined);
  t.is(recallRefusal(at(host, 999), 'prod'), undefined);
});

test('each parent has its own, and the last one counts', (t) => {
  const host = remembered(t);
  rememberRefusal(at(host, 1003, 8), 'prod', exit.unreachable);
  t.is(recallRefusal(at(host, 1003, 8), 'prod'), 5);
  t.is(recallRefusal(at(host, 1003), 'prod'), 4);
  rememberRefusal(at(host, 1009), 'prod', exit.notLoggedIn);
  t.is(recallRefusal(at(host, 1019), 'prod'), 3);
  t.is(recallRefusal(at(host, 1019, 8), 'prod'), undefined);
});

test('many parents are remembered, and those of long ago are dropped in the end', (t) => {
  const host = remembered(t);
  for (let ppid = 10; ppid < 30; ppid += 1) rememberRefusal(at(host, 1001, ppid), 'prod', exit.refused);
  for (let ppid = 10; ppid < 30; ppid += 1) t.is(recallRefusal(at(host, 1001, ppid), 'prod'), 4);
  const file = entryFile(host, 'prod', 'refused');
  for (let ppid = 100; ppid < 200; ppid += 1) rememberRefusal(at(host, 1001, ppid), 'prod', exit.refused);
  t.true(statSync(file).size < 1100);
  writeFileSync(file, '1000 7 4\n'.repeat(120));
  rememberRefusal(at(host, 2000), 'prod', exit.refused);
  t.is(readFileSync(file, 'utf8'), '2000 7 4\n');
});

test('a link in its place is replaced, and what it leads to left alone', (t) => {
  const host = remembered(t);
  const [file, victim] = [entryFile(host, 'prod', 'refused'), put(host, 'victim', 'precious')];
  rmSync(file);
  symlinkSync(victim, file);
  rememberRefusal(at(host, 1000), 'prod', exit.refused);
  t.is(recallRefusal(at(host, 1000), 'prod'), 4);
  t.is(readFileSync(victim, 'utf8'), 'precious');
});

test('a refusal can be forgotten, and forgotten again', (t) => {
  const host = remembered(t);
  const file = entryFile(host, 'prod', 'refused');
  t.is(statSync(file).mode & 0o777, 0o600);
  forgetRefusal(host, 'prod');
  t.false(existsSync(file));
  forgetRefusal(host, 'prod');
  t.is(recallRefusal(at(host, 1000), 'prod'), undefined);
});

test('a note that is none tells nothing', (t) => {
  const host = remembered(t);
  for (const text of ['', 'x', '1000 7', '1000 7 0', '1000 7 99', '1000 7 1.5', 'NaN NaN NaN']) {
    writeFileSync(entryFile(host, 'prod', 'refused'), text);
    t.is(recallRefusal(at(host, 1000), 'prod'), undefined, JSON.stringify(text));
  }
});

test('where nothing can be written the person reads the line more than once', (t) => {
  const host = createHost(t);
  const nowhere = withParts(at(host, 1000), { env: { KUBECACHEDIR: put(host, 'file', '') } });
  rememberRefusal(nowhere, 'prod', exit.refused);
  t.is(recallRefusal(nowhere, 'prod'), undefined);
  forgetRefusal(nowhere, 'prod');
});
