/**
 * The last failure of an entry, for some seconds: for calls that waited at the lock, which fail with the same and do not ask
 * the server one after the other; and for kubectl, which runs a failing plugin up to six times for one command and prints
 * the line of each.
 */
import { exit, isErrorCode, type ExitCode } from '../errors/codes.ts';
import { exitCodeOf, SaTokenError } from '../errors/error.ts';
import type { Host } from '../base/host.ts';
import { numberAt, objectAt, parseJson, textAt, type JsonObject } from '../base/json.ts';
import { discard, putSmallFile, readSmallFile } from '../base/private-file.ts';
import { entryFile } from './folder.ts';

/** As long as kubectl's six tries may take on a busy machine: it pauses between them, and each starts the engine. */
const rememberedMs = 10_000;

/** Of a server, of the way to it, and of the place of the source token; anything else is the caller's own. */
const sharedExits = new Set<number>([exit.refused, exit.unreachable, exit.keychain]);

/** The exchange that a call is for. */
export interface Attempt {
  /** Identity of the profile file that it is made for. */
  readonly profile: string | undefined;
  /** Seconds that it may take. */
  readonly timeoutSeconds: number;
}

/**
 * Records what a call failed with. Of calls that fail at one moment the last one's note stays: the clients of the others
 * then show a line more than once.
 *
 * @param attempt - of the call's own exchange; undefined where it fails with another call's failure
 * @param shown - the call's client shows the failure, and is not to show it again
 */
export function recordFailure(
  host: Host,
  name: string,
  error: unknown,
  attempt: Attempt | undefined,
  shown: boolean,
): void {
  const [exitCode, now] = [exitCodeOf(error), host.now()];
  const isShared =
    error instanceof SaTokenError &&
    (sharedExits.has(exitCode) || error.code === 'source-command-failed') &&
    attempt !== undefined;
  if (!isShared && !shown) return;
  const before = readNotes(host, name);
  const clients = Object.entries(before.clients).filter(([, note]) => isRecent(host, note));
  const notes = {
    clients: { ...Object.fromEntries(clients), ...(shown ? { [host.client]: { at: now, exitCode } } : {}) },
    failure: isShared
      ? { at: now, ...attempt, code: error.code, message: error.message, hint: error.hint }
      : before.failure,
  };
  try {
    putSmallFile(entryFile(host, name, 'failed'), JSON.stringify(notes));
  } catch {
    // Then each asks for itself, and the person reads the line more than once.
  }
}

/** The exit code to repeat without a word, where this very client has shown a failure within the last seconds. */
export function exitCodeShown(host: Host, name: string): ExitCode | undefined {
  const note = objectAt(readNotes(host, name).clients, host.client);
  const exitCode = isRecent(host, note) ? numberAt(note, 'exitCode') : undefined;
  return Object.values(exit).find((known) => known === exitCode);
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
  { profile, timeoutSeconds }: Attempt,
): SaTokenError | undefined {
  const { failure } = readNotes(host, name);
  if (!isRecent(host, failure) || (numberAt(failure, 'at') ?? 0) < began) return undefined;
  const [code, what] = [textAt(failure, 'code'), textAt(failure, 'message')];
  if (textAt(failure, 'profile') !== profile || !isErrorCode(code) || what === undefined) return undefined;
  if (/^(?:source-)?timed-out$/.test(code) && (numberAt(failure, 'timeoutSeconds') ?? 0) < timeoutSeconds)
    return undefined;
  return new SaTokenError({ code, what, hint: textAt(failure, 'hint') });
}

/** Forgets them all, after a success. */
export function forgetFailures(host: Host, name: string): void {
  discard(entryFile(host, name, 'failed'));
}

/** `{ clients: { CLIENT: { at, exitCode } }, failure: { at, … } }`; whatever else lies there is no note. */
function readNotes(host: Host, name: string): { clients: JsonObject; failure: JsonObject } {
  const notes = parseJson(readSmallFile(entryFile(host, name, 'failed'))?.text ?? '');
  return { clients: objectAt(notes, 'clients'), failure: objectAt(notes, 'failure') };
}

function isRecent(host: Host, note: unknown): boolean {
  const ageMs = host.now() - (numberAt(note, 'at') ?? 0);
  return ageMs >= 0 && ageMs <= rememberedMs;
}
