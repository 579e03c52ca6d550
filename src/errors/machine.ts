/** Words for trouble on this machine: the keychain (exit code 6), files that others could have changed (7), other sources. */
import { messageOf, words } from './error.ts';

const elsewhere =
  'keep the source token elsewhere with source-file, source-command (pass, op, vault, …) or source-env in the profile';

export const keychainUnavailable = words('keychain-unavailable', (why: string, cause?: unknown) => [
  `the keychain is not available: ${why}`,
  /locked/.test(why) ? `unlock it, or ${elsewhere}` : elsewhere,
  cause,
]);

export const keychainTooSmall = words('keychain-too-small', (bytes: number, limit: number) => [
  `the token and its connection settings have ${bytes} bytes, and this keychain takes at most ${limit}`,
  elsewhere,
]);

export const keychainLies = words('keychain-write-lost', () => [
  'the keychain reported success but does not give the token back',
  elsewhere,
]);

export const talkativeNode = words('talkative-node', (variables: readonly string[]) => [
  `Node writes to standard error here, tokens among it, while one of ${variables.join(', ')} is set`,
  'unset it',
]);

/** Standard output is full or broken. */
export const outputFailed = words('output-failed', (cause: unknown) => [
  `cannot write to standard output (${messageOf(cause).replace(/,.*/s, '')})`,
  'check where it leads',
  cause,
]);

export const keychainForgetful = words('keychain-does-not-delete', () => [
  'the keychain does not delete what it is told to delete',
  elsewhere,
]);

/** Exit code 1: nothing is wrong with the command, the keychain or a server, and the same command may do in a moment. */
export const locked = words('locked', () => [
  'another login or logout is running',
  'try again when it has ended',
]);

export const unsafeFile = words('unsafe-file', (file: string, problem: string, remedy: string) => [
  `${file} ${problem}`,
  remedy,
]);

export const sourceCommandFailed = words('source-command-failed', (what: string, cause?: unknown) => [
  `source-command ${what}`,
  'run that command by hand: it must print the token and nothing else',
  cause,
]);

/** Not the source's fault: there was a token to serve instead, and so little time. */
export const sourceTooLate = words('source-timed-out', (seconds: number) => [
  `the source token was not there within ${seconds} s`,
  'unlock the keychain, or see what keeps source-command',
]);
