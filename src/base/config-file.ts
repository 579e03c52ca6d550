/** Files that hold what people would miss: replaced whole or not at all. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type BigIntStats,
  type Stats,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { SaTokenError, systemCode } from '../errors/error.ts';
import { unsafeFile } from '../errors/machine.ts';
import { shellWord, unreadableFile } from '../errors/usage.ts';
import type { Host } from './host.ts';
import { discard, draftedBy, draftOf, makeFolder } from './private-file.ts';

/** Largest configuration file read, in bytes: a kubeconfig with many clusters has some hundred KiB. */
const largest = 16 * 1024 * 1024;

/**
 * Reads a text file, or gives undefined where there is none.
 *
 * @param what - names it in errors: a setting, or the kind of file
 * @param shown - its path as people write it
 * @throws SaTokenError `unreadable-file`, or `unsafe-file` for something that is not a text file of a sane size
 */
export function readTextFile(what: string, path: string, shown = path): string | undefined {
  return readTextAndStatus(what, path, shown)?.text;
}

/** As `readTextFile`, with the status of the very file that was read. */
export function readTextAndStatus(
  what: string,
  path: string,
  shown: string,
): { readonly text: string; readonly status: BigIntStats } | undefined {
  try {
    return readText(path, `${what} ${shown}`);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error instanceof SaTokenError ? error : unreadableFile(what, shown, error);
  }
}

function readText(path: string, named: string): { text: string; status: BigIntStats } {
  const status = statSync(path);
  if (status.isDirectory()) throw unsafeFile(named, 'is a folder', 'name a file');
  if (!status.isFile()) throw unsafeFile(named, 'is not a regular file', 'move it away');
  const descriptor = openSync(path, 'r');
  try {
    const opened = fstatSync(descriptor, { bigint: true });
    if (opened.size > largest) throw unsafeFile(named, 'is larger than 16 MiB', 'check what it is');
    return { text: decoded(named, readFileSync(descriptor)), status: opened };
  } finally {
    closeSync(descriptor);
  }
}

/** Another encoding would be read as U+FFFD here and there, and be written back so. */
function decoded(named: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unsafeFile(named, 'is not UTF-8', 'save it as UTF-8');
  }
}

/**
 * Refuses a file that another user could change: by its own mode, by that of a folder above it, or by a link on the way to
 * it. What it says decides where tokens go, and which commands run. On Windows nothing is looked at: there the home
 * folder's access list counts.
 *
 * @throws SaTokenError `unsafe-file`
 */
export function refuseForeignWriters(host: Host, path: string, remedy: string): void {
  if (host.uid === undefined) return;
  for (const each of onTheWayTo(resolve(path))) refuseForeignWriter(host, each, remedy);
}

/** The path, the folders above it, and both for each link among them. */
function onTheWayTo(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  const above = dirname(path);
  if (above !== path) onTheWayTo(above, found);
  found.add(path);
  try {
    return onTheWayTo(resolve(realPath(above), readlinkSync(path)), found);
  } catch {
    // It is no link.
    return found;
  }
}

function refuseForeignWriter(host: Host, path: string, remedy: string): void {
  const status = statusAt(path);
  // Whoever reads it finds out why.
  if (status === undefined) return;
  const { uid, gid, mode } = status;
  if (uid !== host.uid && uid !== 0) throw unsafeFile(path, 'belongs to another user', remedy);
  // A link has no mode of its own, and in a sticky folder (/tmp) only the owner of a file can replace it.
  if (status.isSymbolicLink() || (status.isDirectory() && (mode & 0o1000) !== 0)) return;
  // Many systems give each user a group of the same number that has no other member, and a umask of 002.
  const byGroup = (mode & 0o020) !== 0 && gid !== uid;
  if (byGroup || (mode & 0o002) !== 0)
    throw unsafeFile(
      path,
      'can be written by other users',
      `run: chmod go-w ${shellWord(path)}; or ${remedy}`,
    );
}

function statusAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/**
 * Replaces a file atomically and durably. A symlink is followed and stays; one that leads to nothing is refused. An
 * existing file keeps its mode and owner.
 *
 * @param mode - mode of a new file
 * @throws the system error; the old file is then still whole
 */
export function replaceFile(path: string, content: string | Uint8Array, mode = 0o600): void {
  makeFolder(dirname(path));
  const real = realPath(path);
  const kept = statSync(real, { throwIfNoEntry: false });
  const temporary = draftOf(real);
  try {
    const descriptor = openSync(temporary, 'wx', kept === undefined ? mode : kept.mode & 0o777);
    try {
      if (kept !== undefined) keepOwnerAndMode(descriptor, kept);
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
      discardOldDrafts(real, fstatSync(descriptor).mtimeMs);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, real);
  } catch (error) {
    discard(temporary);
    throw error;
  }
}

/** A writer that was killed leaves its draft, and a kubeconfig's may hold tokens; one of the last minute may be at work. */
function discardOldDrafts(path: string, now: number): void {
  const [folder, own] = [dirname(path), basename(path)];
  const ours = new Set<string | undefined>([own, `${own}.lock`, `${own}.sa-token-backup`]);
  for (const name of readdirSync(folder).filter((each) => ours.has(draftedBy(each)))) {
    const status = statSync(join(folder, name), { throwIfNoEntry: false });
    if (status !== undefined && now - status.mtimeMs > 60_000) rmSync(join(folder, name), { force: true });
  }
}

/** Whatever the umask; and root, who works here under sudo, does not take the file from its owner. */
function keepOwnerAndMode(descriptor: number, kept: Stats): void {
  try {
    fchownSync(descriptor, kept.uid, kept.gid);
  } catch {
    // Only root can give a file away.
  }
  fchmodSync(descriptor, kept.mode & 0o777);
}

function realPath(path: string): string {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path);
}
