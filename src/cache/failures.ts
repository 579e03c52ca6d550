/**
 * Failures of an entry's last seconds, in one file that is appended to: for calls that waited at the lock, which fail with the same and do not ask
 * the server one after the other; and for kubectl, which runs a failing plugin up to six times for one command and prints
 * the line of each.
 */
import { exit, isErrorCode, type ExitCode } from '../errors/codes.ts';
import { exitCodeOf, SaTokenError } from '../errors/error.ts';
import type { Host } from '../base/host.ts';
import { isObject, numberAt, objectAt, parseJson, textAt, type JsonObject } from '../base/json.ts';
import { addToSmallFile, discard, putSmallFile, readSmallFile } from '../base/private-file.ts';
import { entryFile } from './folder.ts';

/** As long as kubectl's six tries may take on a busy machine: it pauses between them, and each starts the engine. */
const rememberedMs = 10_000;
/** Longest file that is added to; then it is begun again, and a client may show its line once more. Characters. */
const longest = 16_000;

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
 * Records what a call failed with, in one write: of calls that fail at one moment none loses the note of another.
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
  const exitCode = exitCodeOf(error);
  const isShared =
    error instanceof SaTokenError &&
    (sharedExits.has(exitCode) || error.code === 'source-command-failed') &&
    attempt !== undefined;
  if (!isShared && !shown) return;
  const line = JSON.stringify({
    at: host.now(),
    exitCode,
    client: shown ? host.client : undefined,
    failure: isShared
      ? { ...attempt, code: error.code, message: error.message, hint: error.hint }
      : undefined,
  });
  const file = entryFile(host, name, 'failed');
  try {
    const put = (readSmallFile(file)?.text.length ?? 0) < longest ? addToSmallFile : putSmallFile;
    put(file, `${line}\n`);
  } catch {
    // Then each asks for itself, and the person reads the line more than once.
  }
}

/** The exit code to repeat without a word, where this very client has shown a failure within the last seconds. */
export function exitCodeShown(host: Host, name: string): ExitCode | undefined {
  const note = readNotes(host, name).findLast(({ client }) => client === host.client);
  return Object.values(exit).find((known) => known === numberAt(note, 'exitCode'));
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
  const note = readNotes(host, name).findLast(({ failure: noted }) => noted !== undefined);
  if ((numberAt(note, 'at') ?? 0) < began) return undefined;
  const failure = objectAt(note, 'failure');
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

/** `{ at, exitCode, client?, failure? }`, one a line, those of the last seconds; the newest last. */
function readNotes(host: Host, name: string): JsonObject[] {
  const lines = (readSmallFile(entryFile(host, name, 'failed'))?.text ?? '').split('\n');
  return lines.flatMap((text) => {
    const note = parseJson(text);
    const ageMs = host.now() - (numberAt(note, 'at') ?? 0);
    return isObject(note) && ageMs >= 0 && ageMs <= rememberedMs ? [note] : [];
  });
}
