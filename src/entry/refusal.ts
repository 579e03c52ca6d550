/** A failure is remembered for a few seconds: kubectl runs a failing plugin up to six times for one command. */
import { exit, type ExitCode } from '../errors.ts';
import type { Host } from '../host.ts';
import { addToSmallFile, discard, putSmallFile, readSmallFile } from '../small-files.ts';
import { entryFile, prepareFolder } from './folder.ts';

/** As long as kubectl's six tries may take on a busy machine: it pauses between them, and each starts the engine. */
const secondsRemembered = 10;
/** Longest file that is added to; then those of long ago are dropped. Characters. */
const longest = 1000;

interface Told {
  /** Epoch seconds. */
  readonly at: number;
  readonly parent: string;
  readonly code: number;
}

/** The exit code to repeat without a word, when this very parent was told within the last seconds. */
export function recallRefusal(host: Host, name: string): ExitCode | undefined {
  const told = read(host, name).findLast(({ parent }) => parent === host.client);
  return Object.values(exit).find((known) => known === told?.code);
}

export function rememberRefusal(host: Host, name: string, code: ExitCode): void {
  const file = entryFile(host, name, 'refused');
  const line = `${Math.floor(host.now() / 1000)} ${host.client} ${code}\n`;
  try {
    if (!prepareFolder(host)) return;
    if ((readSmallFile(file)?.text.length ?? 0) < longest) add(file, line);
    else {
      const others = read(host, name).map((told) => `${told.at} ${told.parent} ${told.code}\n`);
      putSmallFile(file, [...others.slice(-longest / 50), line].join(''));
    }
  } catch {
    // Then the person reads the line more than once.
  }
}

function add(file: string, line: string): void {
  try {
    addToSmallFile(file, line);
  } catch {
    // Something else lies there.
    putSmallFile(file, line);
  }
}

export function forgetRefusal(host: Host, name: string): void {
  discard(entryFile(host, name, 'refused'));
}

/** `AT PARENT CODE`, one line for each time that a parent was told, a moment ago; the newest last. */
function read(host: Host, name: string): Told[] {
  const text = readSmallFile(entryFile(host, name, 'refused'))?.text ?? '';
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [at, parent = '', code] = line.split(' ');
      return { at: Number(at), parent, code: Number(code) };
    })
    .filter(({ at }) => {
      const age = host.now() / 1000 - at;
      return age >= 0 && age <= secondsRemembered;
    });
}
