/** The last minute of a token that still lives: an exchange has little time, and where it fails the token serves once more. */
import type { Entry } from '../entry/entry.ts';
import { judge } from '../entry/freshness.ts';
import { exit, exitCodeOf, messageOf, SaTokenError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Resolved } from '../settings/resolve.ts';
import { defaultTimeout } from '../settings/table.ts';

/** Seconds for an exchange in the last minute of a token that still lives. */
const patienceWhileAlive = 2;

/**
 * A token that still lives, where the failure to get a new one may pass: the server, the keychain or the command with the
 * source token is away. Throws any other error.
 */
export function serveOnce(host: Host, spare: Entry | undefined, error: unknown): string {
  const code = exitCodeOf(error);
  const mayPass =
    code === exit.unreachable ||
    code === exit.keychain ||
    (error instanceof SaTokenError && error.code === 'source-command-failed');
  if (spare === undefined || !mayPass || !livesOn(host, spare)) throw error;
  host.trace(`entry: served for its last seconds, since there is no new one: ${messageOf(error)}`);
  return spare.credential;
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
