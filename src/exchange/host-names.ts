/** Makes Node's test of a host name cheap, which costs a process that asks once as much as the handshake. */
import { isIP } from 'node:net';
import { setFlagsFromString } from 'node:v8';

/** Set by the build of the executables. */
declare const SA_TOKEN_EXECUTABLE: boolean | undefined;

/**
 * Node asks of every host name whether it is an address, by a RegExp so large that V8's interpreter of RegExps, which
 * goes first, takes 4 ms to make it ready; the compiler, which goes second, needs 0.7 alone. So here it goes first.
 * Only in the executable, whose V8 is known to have the flag: another might complain of it on standard error.
 */
export function prepareHostNames(): void {
  if (typeof SA_TOKEN_EXECUTABLE !== 'boolean' || !SA_TOKEN_EXECUTABLE) return;
  setFlagsFromString('--no-regexp-tier-up');
  isIP('localhost');
  // Set back at once: V8 takes no code cache that was made under other flags.
  setFlagsFromString('--regexp-tier-up');
}
