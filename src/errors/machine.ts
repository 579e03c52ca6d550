/** Words for trouble on this machine: the keychain (exit code 6), files that others could have changed (7), other sources. */
import { exit, messageOf, SaTokenError } from './error.ts';

const elsewhere =
  'keep the source token elsewhere with source-file, source-command (pass, op, vault, …) or source-env in the profile';

export const keychainUnavailable = (why: string, cause?: unknown): SaTokenError =>
  new SaTokenError({
    code: 'keychain-unavailable',
    exitCode: exit.keychain,
    what: `the keychain is not available: ${why}`,
    hint: /locked/.test(why) ? `unlock it, or ${elsewhere}` : elsewhere,
    cause,
  });

export const keychainTooSmall = (bytes: number, limit: number): SaTokenError =>
  new SaTokenError({
    code: 'keychain-too-small',
    exitCode: exit.keychain,
    what: `the token and its way have ${bytes} bytes, and this keychain takes at most ${limit}`,
    hint: elsewhere,
  });

export const keychainLies = (): SaTokenError =>
  new SaTokenError({
    code: 'keychain-write-lost',
    exitCode: exit.keychain,
    what: 'the keychain reported success but does not give the token back',
    hint: elsewhere,
  });

export const talkativeNode = (variables: readonly string[], cause: unknown): SaTokenError =>
  new SaTokenError({
    code: 'talkative-node',
    exitCode: exit.usage,
    what: `Node writes to standard error here, tokens among it, while one of ${variables.join(', ')} is set`,
    hint: 'unset it',
    cause,
  });

/** Standard output is full or broken. */
export const outputFailed = (cause: unknown): SaTokenError =>
  new SaTokenError({
    code: 'output-failed',
    exitCode: exit.unexpected,
    what: `cannot write to standard output (${messageOf(cause).replace(/,.*/s, '')})`,
    hint: 'check where it leads',
    cause,
  });

export const keychainForgetful = (): SaTokenError =>
  new SaTokenError({
    code: 'keychain-does-not-delete',
    exitCode: exit.keychain,
    what: 'the keychain does not delete what it is told to delete',
    hint: elsewhere,
  });

/** Exit code 1: nothing is wrong with the command, the keychain or a server, and the same command may do in a moment. */
export const locked = (): SaTokenError =>
  new SaTokenError({
    code: 'locked',
    exitCode: exit.unexpected,
    what: 'another login or logout is running',
    hint: 'try again when it has ended',
  });

export const unsafeFile = (file: string, problem: string, remedy: string): SaTokenError =>
  new SaTokenError({
    code: 'unsafe-file',
    exitCode: exit.unsafeFile,
    what: `${file} ${problem}`,
    hint: remedy,
  });

export const sourceCommandFailed = (what: string, cause?: unknown): SaTokenError =>
  new SaTokenError({
    code: 'source-command-failed',
    exitCode: exit.notLoggedIn,
    what: `source-command ${what}`,
    hint: 'run that command by hand: it must print the token and nothing else',
    cause,
  });

/** Not the source's fault: there was a token to serve instead, and so little time. */
export const sourceTooLate = (seconds: number): SaTokenError =>
  new SaTokenError({
    code: 'timed-out',
    exitCode: exit.keychain,
    what: `the source token was not there within ${seconds} s`,
    hint: 'unlock the keychain, or see what keeps source-command',
  });
