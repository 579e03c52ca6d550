/** A failure is remembered for a few seconds: kubectl runs a failing plugin up to six times for one command. */
import { exit, type ExitCode } from '../errors.ts';
import type { Host } from '../host.ts';
import { discard, putSmallFile, readSmallFile } from '../small-files.ts';
import { entryFile, prepareFolder } from './entry.ts';

const secondsRemembered = 5;

/** The exit code to repeat without a word, when this very parent was told within the last seconds. */
export function recallRefusal(host: Host, name: string): ExitCode | undefined {
  const text = readSmallFile(entryFile(host, name, 'refused'))?.text ?? '';
  const [at = 0, parent = 0, code = 0] = text.trim().split(' ').map(Number);
  const age = host.now() / 1000 - at;
  if (parent !== host.ppid || age < 0 || age > secondsRemembered) return undefined;
  return Object.values(exit).find((known) => known === code);
}

export function rememberRefusal(host: Host, name: string, code: ExitCode): void {
  try {
    if (!prepareFolder(host)) return;
    putSmallFile(entryFile(host, name, 'refused'), `${Math.floor(host.now() / 1000)} ${host.ppid} ${code}\n`);
  } catch {
    // Then the person reads the line more than once.
  }
}

export function forgetRefusal(host: Host, name: string): void {
  discard(entryFile(host, name, 'refused'));
}
