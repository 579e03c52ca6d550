import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { entryFile, prepareFolder } from '../../src/entry/folder.ts';
import { failureSince, forgetFailure, noteFailure } from '../../src/entry/failed.ts';
import { exit, SaTokenError, type ExitCode } from '../../src/errors.ts';
import { createHost, put, withParts, type TestHost } from '../support/host.ts';

const at = (host: TestHost, now: number) => withParts(host, { now: () => now });

const failure = (exitCode: ExitCode) =>
  new SaTokenError({ code: 'some-code', exitCode, what: 'it failed', hint: 'try again' });

/** An exchange for the profile file `1` that failed at 5000. */
function failed(t: ExecutionContext, exitCode: ExitCode = exit.unreachable): TestHost {
  const host = createHost(t);
  prepareFolder(host);
  noteFailure(at(host, 5000), 'prod', failure(exitCode), of('1'));
  return host;
}

const of = (stamp: string | undefined, patience = 30) => ({ stamp, patience });

test('who had begun when an exchange failed fails with it', (t) => {
  const host = failed(t);
  for (const began of [4000, 5000]) {
    const shared = failureSince(at(host, 5100), 'prod', began, of('1'));
    t.like(shared, { code: 'some-code', exitCode: 5, message: 'it failed', hint: 'try again' });
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

test('without a profile file there is no stamp to differ', (t) => {
  const host = createHost(t);
  prepareFolder(host);
  noteFailure(at(host, 5000), '@0', failure(exit.refused), of(undefined));
  t.is(failureSince(at(host, 5100), '@0', 4000, of(undefined))?.exitCode, 4);
});

test('what a server, the way to it or the place of the source token failed with is shared, and nothing else', (t) => {
  t.truthy(failureSince(at(failed(t, exit.keychain), 5100), 'prod', 4000, of('1')));
  for (const code of [exit.unexpected, exit.usage, exit.notLoggedIn, exit.unsafeFile]) {
    t.is(failureSince(at(failed(t, code), 5100), 'prod', 4000, of('1')), undefined);
  }
  const host = createHost(t);
  prepareFolder(host);
  noteFailure(at(host, 5000), 'prod', new Error('a bug'), of('1'));
  t.false(existsSync(entryFile(host, 'prod', 'failed')));
});

test('the note is private, and goes with the next success', (t) => {
  const host = failed(t);
  const file = entryFile(host, 'prod', 'failed');
  t.is(statSync(file).mode & 0o777, 0o600);
  t.true(readFileSync(file, 'utf8').length < 200);
  forgetFailure(host, 'prod');
  t.false(existsSync(file));
});

test('a note that is none, or cannot be written, fails nothing', (t) => {
  const host = failed(t);
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"at":5000,"stamp":"1"}',
    '{"at":5000,"stamp":"1","code":"x","message":"y","exitCode":9}',
  ]) {
    writeFileSync(entryFile(host, 'prod', 'failed'), text);
    t.is(failureSince(at(host, 5100), 'prod', 4000, of('1')), undefined, text);
  }
  const nowhere = withParts(host, { env: { KUBECACHEDIR: put(host, 'file', '') } });
  noteFailure(nowhere, 'prod', failure(exit.refused), of('1'));
  t.is(failureSince(nowhere, 'prod', 0, of('1')), undefined);
});

test('a failure for want of time is shared with those who have no more of it', (t) => {
  const host = createHost(t);
  prepareFolder(host);
  const late = new SaTokenError({ code: 'timed-out', exitCode: exit.unreachable, what: 'too late' });
  noteFailure(at(host, 5000), 'prod', late, of('1', 2));
  t.is(failureSince(at(host, 5100), 'prod', 4000, of('1', 2))?.message, 'too late');
  t.is(failureSince(at(host, 5100), 'prod', 4000, of('1', 30)), undefined);
});
