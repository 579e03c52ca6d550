/** The folder of entries: whose it has to be, what is in it, and what is removed from it. */
import { chmodSync, existsSync, lstatSync, readdirSync, rmSync, statSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { notLoggedOut } from '../errors/usage.ts';
import type { Host } from '../base/host.ts';
import { cacheFolder, shortPath } from '../settings/paths.ts';
import { discard, draftedBy, makeFolder } from '../base/private-file.ts';

/**
 * What belongs to an entry:
 *
 *     NAME.entry     the credential
 *     NAME.until     empty; its mtime is SERVE_UNTIL, for the fast lane
 *     NAME.lock      held while one process exchanges
 *     NAME.clients   clients that were served the token
 *     NAME.retry     its mtime is the moment from which a client that comes back forces an exchange
 *     NAME.failed    failures of the last seconds
 *     NAME.renewing  a renewal in the background runs
 *     NAME.keychain  empty: the entry is in the keychain
 */
const kinds = ['entry', 'until', 'lock', 'clients', 'retry', 'failed', 'renewing', 'keychain'] as const;
export type EntryKind = (typeof kinds)[number];

/** The last two were notes of version 0.1. */
const parts = new RegExp(String.raw`^(.+)\.(${kinds.join('|')}|parents|refused)$`);

/** The path of one of them. */
export function entryFile(host: Host, name: string, kind: EntryKind = 'entry'): string {
  return join(cacheFolder(host), `${name}.${kind}`);
}

/** Names of all entries on the disk, or in the keychain as far as they are noted. */
export function listEntries(host: Host, where: 'entry' | 'keychain' = 'entry'): string[] {
  return filesOf(host)
    .filter(({ kind }) => kind === where)
    .map(({ name }) => name)
    .sort();
}

/** True for a call with settings of its own: such names are many, and nobody counts them. */
export function hasOwnSettings(name: string): boolean {
  return name.includes('@');
}

/** Removes the files of calls with settings of their own that have not changed for a day. Most of these calls never come again. */
export function pruneEntries(host: Host): void {
  const since = host.now() - 86_400_000;
  for (const { file, name, kind } of filesOf(host)) {
    if (!hasOwnSettings(name) || kind === 'keychain' || kind === 'lock') continue;
    const status = lstatSync(file, { throwIfNoEntry: false });
    if (status !== undefined && status.mtimeMs < since) discard(file);
  }
}

/**
 * Removes all that is kept for a profile: its own entry, those of calls with more settings, and what belongs to them. The
 * locks first: who exchanges meanwhile finds its lock gone, and keeps nothing.
 *
 * @param profile - '' for calls without one; undefined: of all calls
 * @returns how many entries there were
 * @throws SaTokenError `unwritable-file` for what is there and cannot be removed
 */
export function removeEntries(host: Host, profile: string | undefined): number {
  const ours = () =>
    filesOf(host).filter(
      ({ name, kind }) => kind !== 'keychain' && (profile === undefined || isOf(profile, name)),
    );
  for (const { file, kind } of ours()) if (kind === 'lock') discard(file);
  const found = ours();
  for (const { file } of found) {
    try {
      rmSync(file, { force: true });
    } catch (error) {
      throw notLoggedOut(`cannot remove ${shortPath(file, host.home)}`, error);
    }
  }
  return found.filter(({ kind }) => kind === 'entry').length;
}

/** Whether an entry is of a profile; '' for calls without one. */
export function isOf(profile: string, name: string): boolean {
  return name === profile || name.startsWith(`${profile}@`);
}

/** What is in the folder, by entry. */
function filesOf(host: Host): { file: string; name: string; kind: string }[] {
  let files: string[];
  try {
    files = readdirSync(cacheFolder(host));
  } catch {
    return [];
  }
  return files.flatMap((file) => {
    const drafted = draftedBy(file);
    const [, name, kind] = parts.exec(drafted ?? file) ?? [];
    if (name === undefined || kind === undefined) return [];
    // A draft that a killed writer left holds a token like the entry itself.
    return [{ file: join(cacheFolder(host), file), name, kind: drafted === undefined ? kind : 'draft' }];
  });
}

/**
 * True where the folder is there and nobody else could have put anything into it: else no entry, lock or note in it is
 * believed, and none is written.
 */
export function isFolderOurs(host: Host): boolean {
  try {
    return isPrivate(host, lstatSync(cacheFolder(host)), 'folder');
  } catch {
    return false;
  }
}

/** Makes the folder, or closes one of ours that others could enter. False where it cannot be ours: as without a cache then. */
export function prepareFolder(host: Host): boolean {
  const folder = cacheFolder(host);
  try {
    if (isFolderOurs(host)) return true;
    if (!mayMake(host, folder)) return false;
    makeFolder(folder);
    const status = lstatSync(folder);
    if (!status.isDirectory() || (host.uid !== undefined && status.uid !== host.uid)) return false;
    chmodSync(folder, 0o700);
    // Others could have given one of our entries the name of another, and so one cluster the token of the next.
    if (host.uid !== undefined && (status.mode & 0o022) !== 0)
      for (const { file } of filesOf(host)) discard(file);
    return isFolderOurs(host);
  } catch {
    return false;
  }
}

/**
 * Root can make it anywhere, and must not: not in the home of the person who called sudo, whose own calls could never
 * use it again, and not in a home that is not there (/nonexistent).
 */
function mayMake(host: Host, folder: string): boolean {
  if (host.uid !== 0) return true;
  let above = folder;
  for (; !existsSync(above); above = dirname(above)) if (above === host.home) return false;
  const lent = host.env['SUDO_UID'] !== undefined || host.env['DOAS_USER'] !== undefined;
  return !lent || statSync(above).uid === 0;
}

/** True for a regular file, or a folder, that is ours and that no other user can read, write or enter. */
export function isPrivate(host: Host, status: Stats, kind: 'file' | 'folder'): boolean {
  if (kind === 'file' ? !status.isFile() : !status.isDirectory()) return false;
  return host.uid === undefined || (status.uid === host.uid && (status.mode & 0o077) === 0);
}
