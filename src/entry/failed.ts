/**
 * An exchange that failed, for those who waited for it at the lock: they fail with it, and do not ask the same again
 * one after the other. Who comes later asks anew.
 */
import { exit, SaTokenError } from '../errors.ts';
import type { Host } from '../host.ts';
import { numberAt, parseJson, textAt } from '../json.ts';
import { discard, putSmallFile, readSmallFile } from '../small-files.ts';
import { entryFile } from './folder.ts';

/** Of a server, of the way to it, and of the place of the source token; anything else is the caller's own. */
const shared = new Set<number>([exit.refused, exit.unreachable, exit.keychain]);

/** The exchange that a call is for. */
export interface Attempt {
  /** State of the profile file that it is made for. */
  readonly stamp: string | undefined;
  /** Seconds that it may take. */
  readonly patience: number;
}

/** Notes what an exchange failed with, if it would be the same for those who wait. */
export function noteFailure(host: Host, name: string, error: unknown, { stamp, patience }: Attempt): void {
  if (!(error instanceof SaTokenError)) return;
  const { code, exitCode, message, hint } = error;
  if (!shared.has(exitCode) && code !== 'source-command-failed') return;
  try {
    const note = JSON.stringify({ at: host.now(), stamp, patience, code, exitCode, message, hint });
    putSmallFile(entryFile(host, name, 'failed'), note);
  } catch {
    // Then each asks for itself.
  }
}

/**
 * The failure of an exchange that ended when this call had begun already. That there was too little time for it is shared
 * with those who have no more.
 *
 * @param began - epoch milliseconds
 */
export function failureSince(
  host: Host,
  name: string,
  began: number,
  { stamp, patience }: Attempt,
): SaTokenError | undefined {
  const note = parseJson(readSmallFile(entryFile(host, name, 'failed'))?.text ?? '');
  const at = numberAt(note, 'at') ?? 0;
  if (at < began || at > host.now() || textAt(note, 'stamp') !== stamp) return undefined;
  const [code, what] = [textAt(note, 'code'), textAt(note, 'message')];
  const exitCode = Object.values(exit).find((known) => known === numberAt(note, 'exitCode'));
  if (code === undefined || what === undefined || exitCode === undefined) return undefined;
  if (code === 'timed-out' && (numberAt(note, 'patience') ?? 0) < patience) return undefined;
  return new SaTokenError({ code, exitCode, what, hint: textAt(note, 'hint') });
}

export function forgetFailure(host: Host, name: string): void {
  discard(entryFile(host, name, 'failed'));
}
