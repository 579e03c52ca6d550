/** What a call may leave on its streams: a credential and silence, or silence and one line. */
import type { ExecutionContext } from 'ava';
import type { RunResult } from '../../support/child.ts';
import { findSecret } from '../../support/secret-scan.ts';
import { parseCredential, type ExecCredential } from './cached.ts';

/** Half of what an exchange may take: who needs more has waited for what never comes. Long, for busy machines. */
export const PATIENCE_MS = 15_000;

const LINE = /^kubectl-sa-token: [^\n\r\u001b]+\n$/;

/** Nothing on stdout, one line on stderr that fits, the exit code. */
export function checkFailure(
  t: ExecutionContext,
  result: RunResult,
  expected: { code: number; line: RegExp },
  what = '',
): void {
  t.is(result.stdout, '', `${what}: stdout`);
  t.regex(result.stderr, LINE, `${what}: one line`);
  t.regex(result.stderr, expected.line, what);
  t.is(result.code, expected.code, `${what}: exit code`);
  t.false(result.timedOut, what);
}

/** One line of JSON with a token and an end that is still to come, nothing on stderr. */
export function checkCredential(t: ExecutionContext, result: RunResult, what = ''): ExecCredential['status'] {
  t.is(result.stderr, '', `${what}: stderr`);
  t.is(result.code, 0, `${what}: exit code`);
  t.regex(result.stdout, /^\{[^\n]+\}\n$/, `${what}: one line`);
  const { kind, status } = parseCredential(result.stdout);
  t.is(kind, 'ExecCredential', what);
  t.regex(status.expirationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, what);
  t.true(Date.parse(status.expirationTimestamp) > Date.now(), `${what}: it has not expired`);
  return status;
}

export async function checkNoSecret(t: ExecutionContext, secret: string, { stdout, stderr }: RunResult) {
  t.deepEqual(await findSecret(secret, { texts: { stdout, stderr } }), []);
}
