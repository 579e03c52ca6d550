/**
 * Failures of the last seconds, in one file that is appended to: for those who waited at the lock, who fail with the same and
 * do not ask the server one after the other; and for kubectl, which runs a failing plugin up to six times for one command and
 * is told once.
 */
import { exit, isErrorCode, type ExitCode } from '../errors/codes.ts';
import { exitCodeOf, SaTokenError } from '../errors/error.ts';
import type { Host } from '../base/host.ts';
import { isObject, numberAt, objectAt, parseJson, textAt, type JsonObject } from '../base/json.ts';
import { addToSmallFile, discard, putSmallFile, readSmallFile } from '../base/private-file.ts';
import { entryFile } from './folder.ts';

/** As long as kubectl's six tries may take on a busy machine: it pauses between them, and each starts the engine. */
const rememberedMs = 10_000;
/** Longest file that is added to; then lines of long ago are dropped. Characters. */
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
 * Records what a call failed with.
 *
 * @param attempt - of the call's own exchange; undefined where it fails with what another was told
 * @param told - the call's client reads the failure, and is not to read it again
 */
export function recordFailure(
  host: Host,
  name: string,
  error: unknown,
  attempt: Attempt | undefined,
  told: boolean,
): void {
  const exitCode = exitCodeOf(error);
  const isShared =
    error instanceof SaTokenError &&
    (sharedExits.has(exitCode) || error.code === 'source-command-failed') &&
    attempt !== undefined;
  if (!isShared && !told) return;
  const line = JSON.stringify({
    at: host.now(),
    exitCode,
    ...(told ? { client: host.client } : {}),
    ...(isShared
      ? { failure: { ...attempt, code: error.code, message: error.message, hint: error.hint } }
      : {}),
  });
  const file = entryFile(host, name, 'failed');
  try {
    if ((readSmallFile(file)?.text.length ?? 0) < longest) add(file, `${line}\n`);
    else
      putSmallFile(
        file,
        [
          ...readLines(host, name)
            .slice(-9)
            .map((each) => JSON.stringify(each)),
          line,
          '',
        ].join('\n'),
      );
  } catch {
    // Then each asks for itself, and the person reads the line more than once.
  }
}

/** The exit code to repeat without a word, where this very client was told within the last seconds. */
export function exitCodeTold(host: Host, name: string): ExitCode | undefined {
  return exitCodeIn(readLines(host, name).findLast(({ client }) => client === host.client));
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
  const line = readLines(host, name).findLast(({ failure }) => failure !== undefined);
  const failure = objectAt(line, 'failure');
  if ((numberAt(line, 'at') ?? 0) < began || textAt(failure, 'profile') !== profile) return undefined;
  const [code, what] = [textAt(failure, 'code'), textAt(failure, 'message')];
  if (!isErrorCode(code) || what === undefined) return undefined;
  if (/^(?:source-)?timed-out$/.test(code) && (numberAt(failure, 'timeoutSeconds') ?? 0) < timeoutSeconds)
    return undefined;
  return new SaTokenError({ code, what, hint: textAt(failure, 'hint') });
}

/** Forgets them all, after a success. */
export function forgetFailures(host: Host, name: string): void {
  discard(entryFile(host, name, 'failed'));
}

function add(file: string, line: string): void {
  try {
    addToSmallFile(file, line);
  } catch {
    // Something else lies there.
    putSmallFile(file, line);
  }
}

function exitCodeIn(line: JsonObject | undefined): ExitCode | undefined {
  return Object.values(exit).find((known) => known === numberAt(line, 'exitCode'));
}

/** `{ at, exitCode, client?, failure? }`, one a line, those of the last seconds; the newest last. */
function readLines(host: Host, name: string): JsonObject[] {
  const lines = (readSmallFile(entryFile(host, name, 'failed'))?.text ?? '').split('\n');
  return lines.flatMap((text) => {
    const line = parseJson(text);
    const ageMs = host.now() - (numberAt(line, 'at') ?? 0);
    return isObject(line) && ageMs >= 0 && ageMs <= rememberedMs ? [line] : [];
  });
}
