/** Small files of our own folder: opened so that nothing in their place can hold or fool us, replaced by rename. */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../errors/error.ts';

const largest = 64 * 1024;

export interface SmallFile {
  readonly text: string;
  readonly status: Stats;
}

/**
 * Reads a regular file of at most 64 KiB. A symlink is not followed; O_NONBLOCK, since a FIFO in its place would
 * hold us for ever. All checks are on the open file, not on its name.
 *
 * @returns undefined for anything else, or nothing, at that path
 */
export function readSmallFile(path: string): SmallFile | undefined {
  let descriptor: number | undefined;
  try {
    // Windows has neither flag.
    descriptor = openSync(
      path,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
    const status = fstatSync(descriptor);
    if (!status.isFile() || status.size > largest) return undefined;
    const bytes = Buffer.alloc(status.size);
    return { text: bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, status.size, 0)), status };
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Puts a file (0600) in place whole: a reader meets the old one or the new one.
 *
 * @param time - the file's own time, epoch seconds; else now
 * @throws the system error; the old file is then as it was
 */
export function putSmallFile(path: string, text: string, time?: number): void {
  const draft = draftOf(path);
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 });
    if (time !== undefined) utimesSync(draft, time, time);
    renameSync(draft, path);
  } catch (error) {
    discard(draft);
    throw error;
  }
}

/**
 * The path of a draft, which lies beside a file until it takes its place.
 *
 * @param digits - twelve hexadecimal ones. Nobody has to fail to guess them: `wx` takes no file there is
 */
export function draftOf(path: string, digits = randomDigits()): string {
  return `${path}.${digits}.tmp`;
}

/** The file that a draft is of, so that what a killed writer left can be cleared away; undefined for any other name. */
export function draftedBy(name: string): string | undefined {
  return /^(.+)\.[0-9a-f]{12}\.tmp$/s.exec(name)?.[1];
}

function randomDigits(): string {
  return Math.random().toString(16).slice(2, 14).padEnd(12, '0');
}

/**
 * Adds to a file (0600) in one write, so that of many writers at once none loses what another adds. A symlink is not
 * followed, a FIFO not waited for.
 *
 * @throws the system error
 */
export function addToSmallFile(path: string, text: string): void {
  const own = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
  // Windows has neither flag.
  const wary = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const descriptor = openSync(path, own | wary, 0o600);
  try {
    writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Makes a folder (0700) and those above it that are not there. Not by Node's own `recursive`, which never returns where
 * the system says ENOENT below a folder that is there, as /proc does.
 *
 * @throws the system error; a file in the folder's place is left for the caller to find
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/** Removes a file of ours if it can be: what stays is looked at again or overwritten, and fails nothing. */
export function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // `force` forgives a missing file only, not a folder in its place or a path through a file.
  }
}
