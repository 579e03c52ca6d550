/** The one error type. Its code is stable for scripts and tests; its words come from `errors/`. */
import { errorCodes, exit, type ErrorCode, type ExitCode } from './codes.ts';

/** What an error is made of: its code, what failed, and what to do next. */
export interface Failure {
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Present when the same call may succeed a moment later; `after` is what the server asked for, in seconds. */
  readonly transient?: { readonly after: number | undefined } | undefined;
}

/** A failure that a person can act on. Anything else that is thrown is a bug and is reported as `unexpected`. */
export class SaTokenError extends Error {
  override readonly name = 'SaTokenError';
  readonly code: ErrorCode;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  readonly transient: Failure['transient'];

  constructor(failure: Failure) {
    super(failure.what, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.code = failure.code;
    this.exitCode = errorCodes[failure.code];
    this.hint = failure.hint;
    this.transient = failure.transient;
  }
}

/** The same failure, with the name of the profile in its hint in the place of the word PROFILE. */
export function forProfile(error: unknown, profile: string | undefined): unknown {
  if (!(error instanceof SaTokenError) || profile === undefined) return error;
  const { code, message: what, hint, cause, transient } = error;
  return new SaTokenError({ code, what, hint: hint?.replaceAll('PROFILE', () => profile), cause, transient });
}

/** What failed, what to do next, what it came from, and what makes it pass. */
type Words = readonly [
  what: string,
  hint?: string | undefined,
  cause?: unknown,
  transient?: Failure['transient'],
];

/** The constructor of a failure: its code, and the words for what is known where it happens. */
export function words<Known extends unknown[]>(
  code: ErrorCode,
  say: (...known: Known) => Words,
): (...known: Known) => SaTokenError {
  return (...known) => {
    const [what, hint, cause, transient] = say(...known);
    return new SaTokenError({ code, what, hint, cause, transient });
  };
}

/** Characters of a text from a server or a file that are looked at: any page that says something says it by then. */
const mostLookedAt = 65_536;
/** What JWTs are made of. */
const run = /[\w.-]+/g;
const bearer = /\b(bearer\s+)[^\s"']{8,}/gi;
// C0, DEL, C1, and the bidirectional overrides that could make a terminal show another text.
// eslint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;

/** The beginning of a text that somebody else wrote: what is done with it then takes a bounded time. */
export function cut(text: string): string {
  return text.slice(0, mostLookedAt);
}

/** The text with a mask for whatever looks like a JWT, whole or cut off. Takes time in proportion to the text's length. */
export function maskJwts(text: string, mask = '[token]'): string {
  return text.replace(run, (word) => {
    const start = word.indexOf('eyJ');
    const dot = start === -1 ? -1 : word.indexOf('.', start + 11);
    return dot === -1 ? word : `${word.slice(0, start)}${mask}`;
  });
}

/**
 * One printable line without anything that looks like a token.
 *
 * @param text - any text, also one that a server sent
 * @param limit - most characters kept
 */
export function oneLine(text: string, limit = 600): string {
  const line = maskJwts(cut(text).replace(unprintable, ' ').trim()).replace(bearer, '$1[token]');
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

/** The line a failing command prints: what failed, then what to do. It stands alone, since clients quote it. */
export function describe(error: unknown): string {
  if (error instanceof SaTokenError) {
    return oneLine(error.hint === undefined ? error.message : `${error.message}; ${error.hint}`, 1500);
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return oneLine(`unexpected failure: ${text}; please report it with the output of the same command and -v`);
}

/** An error of ours; anything else is a bug, and goes on as one. */
export function ours(error: unknown): SaTokenError {
  if (error instanceof SaTokenError) return error;
  throw error;
}

/** The exit code for whatever was thrown. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof SaTokenError ? error.exitCode : exit.unexpected;
}

/** The code of an error of ours. */
export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof SaTokenError ? error.code : undefined;
}

/** For `catch`: a value in the place of the error of one code; every other error is thrown again. */
export function instead<T>(code: ErrorCode, value: T): (error: unknown) => T {
  return (error) => {
    if (codeOf(error) !== code) throw error;
    return value;
  };
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node system error (`ENOENT`, `ECONNREFUSED`, …), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
