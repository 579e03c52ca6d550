/** The last minute of a token that still lives: an exchange has little time, and where it fails the token serves once more. */
import type { Entry } from '../entry/entry.ts';
import { judge } from '../entry/freshness.ts';
import { exit, exitCodeOf, messageOf, SaTokenError } from '../errors.ts';
import { sourceTooLate } from '../failures/local.ts';
import type { Host } from '../host.ts';
import type { Resolved } from '../settings/resolve.ts';
import { defaultTimeout } from '../settings/table.ts';

/** Seconds for an exchange in the last minute of a token that still lives. */
const patienceWhileAlive = 2;

/** True for a failure of the place where the source token is: a keychain or a command that is away, or hangs. */
export function isOfSource(error: unknown): boolean {
  return (
    exitCodeOf(error) === exit.keychain ||
    (error instanceof SaTokenError && error.code === 'source-command-failed')
  );
}

/** Refusals of something in between, which knows nothing of the token that still lives. */
const ofOthers: ReadonlySet<string> = new Set(['proxy-refused', 'gateway-refused', 'anonymous']);

/** A token that still lives, where the failure to get a new one may pass. Throws any other error. */
export function serveOnce(host: Host, spare: Entry | undefined, error: unknown): string {
  const ofOther = error instanceof SaTokenError && ofOthers.has(error.code);
  const mayPass = exitCodeOf(error) === exit.unreachable || isOfSource(error) || ofOther;
  if (spare === undefined || !mayPass || !livesOn(host, spare)) throw error;
  host.trace(`entry: served for its last seconds, since there is no new one: ${messageOf(error)}`);
  return spare.credential;
}

/**
 * The same promise, with a limit while there is a token to serve instead.
 *
 * @throws SaTokenError `timed-out` when it is over
 */
export async function inTime<T>(work: Promise<T>, spare: Entry | undefined): Promise<T> {
  if (spare === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(sourceTooLate(patienceWhileAlive)), patienceWhileAlive * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** True while it may be served, if only for lack of another. */
export function livesOn(host: Host, entry: Entry | undefined): boolean {
  return entry !== undefined && judge(entry, entry.written, host.now() / 1000) !== 'dead';
}

/** Seconds for an exchange: few while the old token can still be served, so that nobody notices a slow server. */
export function timeoutOf(settings: Resolved, alive: boolean): number {
  const timeout = settings.timeout ?? defaultTimeout;
  return alive ? Math.min(timeout, patienceWhileAlive) : timeout;
}
