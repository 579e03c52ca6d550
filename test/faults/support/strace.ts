/** A run under strace: which calls it makes on the files of its home, and one of them killed or failed. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PLUGIN } from '../../e2e/support/installation.ts';
import { type HookOptions, type Scene, execInfo } from '../../e2e/support/scene.ts';
import type { RunResult } from '../../support/child.ts';

export interface SystemCall {
  /** Of the system call. */
  name: string;
  /** Below the home, with `*` for what is random in it. */
  path: string;
  /** How many of this name and path came before it. */
  nth: number;
  /** Its number among all calls of this name, from 1, as strace counts. */
  when: number;
  /** The same among those at its path. */
  whenAtPath: number;
  /** It makes, changes or removes something. */
  changes: boolean;
}

/** The process is killed on entering the call, or the call fails with this error and is not made. */
export type Effect = 'KILL' | 'EACCES' | 'EIO' | 'ENOSPC';

export interface Traced {
  result: RunResult;
  calls: SystemCall[];
  /** The call that was killed or failed. */
  hit: SystemCall | undefined;
}

/** A `?` before a name: not every architecture has all of them. */
const CALLS = [
  'openat open creat write pwrite64 writev pwritev ftruncate truncate rename renameat renameat2 link linkat symlink',
  'symlinkat unlink unlinkat mkdir mkdirat rmdir fsync fdatasync utimensat utime utimes chmod fchmod fchmodat chown',
  'fchown lchown fchownat',
].flatMap((names) => names.split(' ').map((name) => `?${name}`));

/**
 * Runs the installed plugin. Only its first thread is followed: all its work on files is done there, one call after
 * the other, so that the numbers of the calls are the same from run to run.
 */
export async function trace(
  scene: Scene,
  args: string[],
  options: HookOptions = {},
  inject?: { call: SystemCall; effect: Effect },
): Promise<Traced> {
  const log = join(scene.home, 'tmp', 'strace.log');
  const words = ['-y', '-s', '0', '-o', log, '-e', `trace=${CALLS.join(',')}`];
  if (inject !== undefined) {
    const what = inject.effect === 'KILL' ? 'signal=KILL' : `error=${inject.effect}`;
    const { name, path, when, whenAtPath } = inject.call;
    // A path that is known beforehand: strace counts, and shows, the calls there alone.
    const isKnown = !path.includes('*');
    if (isKnown) words.push('-P', join(scene.home, path));
    words.push('-e', `inject=${name}:${what}:when=${isKnown ? whenAtPath : when}`);
  }
  // A hook may name the profile and nothing else; everything else is typed.
  const isHook = args.length === 2 && args[0] === 'get-token';
  const run = { ...(isHook ? { execInfo: execInfo(options.apiVersion) } : {}), ...options };
  const result = await scene.sandbox.exec('strace', [...words, PLUGIN, ...args], run);
  const lines = (await readFile(log, 'utf8')).split('\n');
  const read = readCalls(lines, scene.home);
  const killed = lines.some((line) => line.startsWith('+++ killed by SIGKILL'));
  const last = lines.findLastIndex((line) => /^\w+\(/.test(line));
  const hit = killed ? read.get(last) : read.get(lines.findIndex((line) => line.includes('(INJECTED)')));
  return { result, calls: [...read.values()], hit };
}

/** By the number of the line. Files of the installation, of yargs and of the test itself are left out. */
function readCalls(lines: string[], home: string): Map<number, SystemCall> {
  const counts = new Map<string, number>();
  const count = (what: string): number => {
    const before = counts.get(what) ?? 0;
    counts.set(what, before + 1);
    return before;
  };
  const calls = new Map<number, SystemCall>();
  for (const [index, line] of lines.entries()) {
    const [, name = ''] = /^(\w+)\(/.exec(line) ?? [];
    if (name === '') continue;
    const when = count(name) + 1;
    const path = pathIn(line.replace(/\) += .*$/, ''), home);
    if (path === undefined) continue;
    const changes = name !== 'openat' || line.includes('O_CREAT');
    const nth = count(`${name} ${path} ${changes}`);
    const whenAtPath = count(`${name} ${path}`) + 1;
    calls.set(index, { name, path, nth, when, whenAtPath, changes });
  }
  return calls;
}

/** A rename has two; the first is the one that goes. */
function pathIn(words: string, home: string): string | undefined {
  const at = words.indexOf(`${home}/`);
  if (at === -1) return undefined;
  const path = words.slice(at + home.length + 1).split(/[">]/)[0] ?? '';
  return /^(?:installed|tmp|locales)\//.test(path)
    ? undefined
    : path.replace(/\.[0-9a-f]{8,12}\.tmp$/, '.*.tmp');
}

export function isSame(one: SystemCall | undefined, other: SystemCall): boolean {
  return one !== undefined && nameOf(one) === nameOf(other);
}

export function nameOf({ name, path, nth, changes }: SystemCall): string {
  const kind = name === 'openat' && !changes ? 'openat (to read)' : name;
  return `${kind} ${path}${nth === 0 ? '' : ` (${nth + 1}.)`}`;
}
