import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { entryFile, prepareFolder } from '../../../src/cache/folder.ts';
import { exitCodeShown, failureSince, forgetFailures, recordFailure } from '../../../src/cache/failures.ts';
import type { ErrorCode } from '../../../src/errors/codes.ts';
import { SaTokenError } from '../../../src/errors/error.ts';
import { createHost, put, withParts, type TestHost } from '../../support/host.ts';

const at = (host: TestHost, now: number, client = '7') => withParts(host, { now: () => now, client });

const failure = (code: ErrorCode) => new SaTokenError({ code, what: 'it failed', hint: 'try again' });

const of = (profile: string | undefined, timeoutSeconds = 30) => ({ profile, timeoutSeconds });

/** An exchange for the profile file `1` that failed at 5000; its client has shown it. */
function failed(t: ExecutionContext, code: ErrorCode = 'cannot-connect'): TestHost {
  const host = createHost(t);
  prepareFolder(host);
  recordFailure(at(host, 5000), 'prod', failure(code), of('1'), true);
  return host;
}

// Those who wait.

test('who had begun when an exchange failed fails with it', (t) => {
  const host = failed(t);
  for (const began of [4000, 5000]) {
    const shared = failureSince(at(host, 5100), 'prod', began, of('1'));
    t.like(shared, { code: 'cannot-connect', exitCode: 5, message: 'it failed', hint: 'try again' });
    t.true(shared instanceof SaTokenError);
  }
});

test('who begins later, names another entry, or has other settings asks for itself', (t) => {
  const host = failed(t);
  t.is(failureSince(at(host, 5100), 'prod', 5001, of('1')), undefined);
  t.is(failureSince(at(host, 5100), 'other', 4000, of('1')), undefined);
  t.is(failureSince(at(host, 5100), 'prod', 4000, of('2')), undefined);
  t.is(failureSince(at(host, 5100), 'prod', 4000, of(undefined)), undefined);
  t.is(failureSince(at(host, 4900), 'prod', 4000, of('1')), undefined, 'a clock that was set back');
});

test('who failed with the failure of another does not make it a failure of its own', (t) => {
  const host = failed(t);
  recordFailure(at(host, 6000, '8'), 'prod', failure('cannot-connect'), undefined, true);
  t.is(failureSince(at(host, 6100), 'prod', 5500, of('1')), undefined);
  t.truthy(failureSince(at(host, 6100), 'prod', 4500, of('1')));
  t.is(exitCodeShown(at(host, 6100, '8'), 'prod'), 5);
});

test('without a profile file there is none to differ', (t) => {
  const host = createHost(t);
  prepareFolder(host);
  recordFailure(at(host, 5000), '@0', failure('unauthorized'), of(undefined), false);
  t.is(failureSince(at(host, 5100), '@0', 4000, of(undefined))?.exitCode, 4);
});

test('what a server, the way to it or the place of the source token failed with is shared, and nothing else', (t) => {
  t.truthy(failureSince(at(failed(t, 'keychain-unavailable'), 5100), 'prod', 4000, of('1')));
  for (const code of ['locked', 'bad-value', 'not-logged-in', 'unsafe-file'] as const) {
    t.is(failureSince(at(failed(t, code), 5100), 'prod', 4000, of('1')), undefined);
  }
  const host = createHost(t);
  prepareFolder(host);
  recordFailure(at(host, 5000), 'prod', new Error('a bug'), of('1'), false);
  t.false(existsSync(entryFile(host, 'prod', 'failed')));
});

for (const code of ['timed-out', 'source-timed-out'] as const)
  test(`a failure for want of time is shared with those who have no more of it: ${code}`, (t) => {
    const host = createHost(t);
    prepareFolder(host);
    const late = new SaTokenError({ code, what: 'too late' });
    recordFailure(at(host, 5000), 'prod', late, of('1', 2), false);
    t.is(failureSince(at(host, 5100), 'prod', 4000, of('1', 2))?.message, 'too late');
    t.is(failureSince(at(host, 5100), 'prod', 4000, of('1', 30)), undefined);
  });

// The client that has shown it.

test('a client shows it once, and gets the same exit code for ten seconds', (t) => {
  const host = failed(t, 'unauthorized');
  t.is(exitCodeShown(at(host, 5000), 'prod'), 4);
  t.is(exitCodeShown(at(host, 15_000), 'prod'), 4);
  t.is(exitCodeShown(at(host, 15_100), 'prod'), undefined);
  t.is(exitCodeShown(at(host, 4999), 'prod'), undefined);
  t.is(exitCodeShown(at(host, 5000, '8'), 'prod'), undefined);
  t.is(exitCodeShown(at(host, 5000), 'prod@0123'), undefined);
});

test('a client that is given a token instead has shown nothing', (t) => {
  const host = createHost(t);
  prepareFolder(host);
  recordFailure(at(host, 5000), 'prod', failure('unauthorized'), of('1'), false);
  t.is(exitCodeShown(at(host, 5000), 'prod'), undefined);
});

test('each client has its own, whatever the failure, and the last one counts', (t) => {
  const host = failed(t, 'unauthorized');
  recordFailure(at(host, 8000, '8'), 'prod', failure('cannot-connect'), of('1'), true);
  t.is(exitCodeShown(at(host, 8000, '8'), 'prod'), 5);
  t.is(exitCodeShown(at(host, 8000), 'prod'), 4);
  recordFailure(at(host, 14_000), 'prod', failure('bad-value'), undefined, true);
  t.is(exitCodeShown(at(host, 24_000), 'prod'), 2);
  t.is(exitCodeShown(at(host, 24_000, '8'), 'prod'), undefined);
});

test('of many clients none loses its note, and a file that has grown long is begun again', (t) => {
  const host = failed(t);
  for (let client = 10; client < 40; client += 1)
    recordFailure(at(host, 5001, String(client)), 'prod', failure('unauthorized'), of('1'), true);
  for (let client = 10; client < 40; client += 1)
    t.is(exitCodeShown(at(host, 5001, String(client)), 'prod'), 4);
  const file = entryFile(host, 'prod', 'failed');
  writeFileSync(file, '\n'.repeat(16_000), { flag: 'a' });
  recordFailure(at(host, 5002, '40'), 'prod', failure('unauthorized'), of('1'), true);
  t.true(readFileSync(file, 'utf8').length < 300);
  t.is(exitCodeShown(at(host, 5002, '40'), 'prod'), 4);
});

// The file.

test('the file is private, and goes with the next success', (t) => {
  const host = failed(t);
  const file = entryFile(host, 'prod', 'failed');
  t.is(statSync(file).mode & 0o777, 0o600);
  t.true(readFileSync(file, 'utf8').length < 200);
  forgetFailures(host, 'prod');
  t.false(existsSync(file));
  forgetFailures(host, 'prod');
});

test('a link in its place is not written through', (t) => {
  const host = failed(t);
  const [file, victim] = [entryFile(host, 'prod', 'failed'), put(host, 'victim', 'precious')];
  rmSync(file);
  symlinkSync(victim, file);
  recordFailure(at(host, 5000), 'prod', failure('unauthorized'), of('1'), true);
  t.is(exitCodeShown(at(host, 5000), 'prod'), undefined);
  t.is(readFileSync(victim, 'utf8'), 'precious');
});

test('a file that holds something else, or cannot be written, fails nothing', (t) => {
  const host = failed(t);
  const bad = '"failure":{"at":5000,"profile":"1","code":"x","message":"y"}';
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '7',
    '{"at":5000,"client":7,"failure":[]}',
    `{"at":5000,"client":"7","exitCode":9,${bad}}`,
    '{"at":5000,"client":"7","exitCode":1.5}',
  ]) {
    writeFileSync(entryFile(host, 'prod', 'failed'), text);
    t.is(failureSince(at(host, 5100), 'prod', 4000, of('1')), undefined, text);
    t.is(exitCodeShown(at(host, 5100), 'prod'), undefined, text);
  }
  const nowhere = withParts(at(host, 5000), { env: { KUBECACHEDIR: put(host, 'file', '') } });
  recordFailure(nowhere, 'prod', failure('unauthorized'), of('1'), true);
  t.is(failureSince(nowhere, 'prod', 0, of('1')), undefined);
  t.is(exitCodeShown(nowhere, 'prod'), undefined);
});
