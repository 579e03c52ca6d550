/** A token that still lives, served where no new one can be had; and the short time that a new one is given while it does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { judge, type Kept } from '../cache/freshness.ts';
import { exit, type ErrorCode } from '../errors/codes.ts';
import { codeOf, exitCodeOf } from '../errors/error.ts';
import { sourceTooLate } from '../errors/machine.ts';
import type { Host } from '../base/host.ts';
import type { Resolved } from '../settings/resolve.ts';
import { defaultTimeout } from '../settings/table.ts';

/** Seconds for an exchange, and for reading the source token, while a token lives that can be served instead. */
const timeoutWhileAlive = 2;

/** Refusals by a proxy or gateway, not by the API server: they do not invalidate the cached token. */
const byOthers: ReadonlySet<ErrorCode | undefined> = new Set([
  'proxy-refused',
  'gateway-refused',
  'anonymous',
]);

/** The token that still lives, where the failure to get a new one may pass; else undefined. */
export function staleAfter<T extends Kept>(
  host: Host,
  previous: T | undefined,
  error: unknown,
): T | undefined {
  const code = codeOf(error);
  const mayPass =
    exitCodeOf(error) === exit.unreachable ||
    exitCodeOf(error) === exit.keychain ||
    code === 'source-command-failed' ||
    byOthers.has(code);
  return mayPass && previous !== undefined && isServable(host, previous) ? previous : undefined;
}

/**
 * The same promise, with a limit while there is a token to serve instead.
 *
 * @throws SaTokenError `source-timed-out` when it is over
 */
export async function withFallbackDeadline<T>(work: Promise<T>, previous: Kept | undefined): Promise<T> {
  if (previous === undefined) return work;
  const late = sleep(timeoutWhileAlive * 1000, undefined, { ref: false });
  return Promise.race([work, late.then(() => Promise.reject(sourceTooLate(timeoutWhileAlive)))]);
}

/** True while a token may be served, if only for lack of another. */
export function isServable(host: Host, entry: Kept): boolean {
  return judge(entry, host.now() / 1000) !== 'dead';
}

/** Seconds for an exchange: few while the old token can still be served, so that nobody notices a slow server. */
export function timeoutSecondsOf(settings: Resolved, previous: Kept | undefined): number {
  const timeout = settings.timeout ?? defaultTimeout;
  return previous === undefined ? timeout : Math.min(timeout, timeoutWhileAlive);
}
