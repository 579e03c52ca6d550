/** The folder of entries: whose it has to be, what is in it, and what is removed from it. */
import { chmodSync, existsSync, lstatSync, readdirSync, rmSync, statSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { notLoggedOut } from '../failures/usage.ts';
import type { Host } from '../host.ts';
import { cacheFolder, shortPath } from '../settings/paths.ts';
import { discard, draftedBy, makeFolder } from '../small-files.ts';

/**
 * An entry's file and its siblings: when to renew it, who holds it, who was refused what, what failed, who renews it, and
 * that there is one of this name in the keychain.
 */
const kinds = ['entry', 'until', 'lock', 'parents', 'refused', 'failed', 'renewing', 'keychain'] as const;
export type EntryKind = (typeof kinds)[number];

const parts = new RegExp(String.raw`^(.+)\.(${kinds.join('|')})$`);

/** The path of one of them. */
export function entryFile(host: Host, name: string, kind: EntryKind = 'entry'): string {
  return join(cacheFolder(host), `${name}.${kind}`);
}

/** Names of all entries. */
export function listEntries(host: Host): string[] {
  return filesOf(host)
    .filter(({ kind }) => kind === 'entry')
    .map(({ name }) => name)
    .sort();
}

/** True for a call with settings of its own: such names are many, and nobody counts them. */
export function hasOwnSettings(name: string): boolean {
  return name.includes('@');
}

/** Names of entries in the keychain. */
export function notedInKeychain(host: Host): string[] {
  return filesOf(host)
    .filter(({ kind }) => kind === 'keychain')
    .map(({ name }) => name);
}

/** Files of calls with settings of their own, by name: those of which none has changed since (epoch seconds). */
export function idleFiles(host: Host, since: number): Map<string, string[]> {
  const idle = new Map<string, string[]>();
  for (const [name, files] of Map.groupBy(filesOf(host), (each) => each.name)) {
    const paths = files.filter(({ kind }) => kind !== 'keychain').map(({ file }) => file);
    const changed = paths.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (hasOwnSettings(name) && Math.max(...changed) / 1000 < since) idle.set(name, paths);
  }
  return idle;
}

/**
 * Removes all that is kept for a profile: its own entry, those of calls with more settings, and what belongs to them.
 *
 * @param profile - '' for calls without one; undefined: of all calls
 * @returns how many entries there were
 * @throws SaTokenError `unwritable-file` for what is there and cannot be removed
 */
export function removeEntries(host: Host, profile: string | undefined): number {
  const ours = filesOf(host).filter(
    ({ name, kind }) => kind !== 'keychain' && (profile === undefined || isOf(profile, name)),
  );
  for (const { file } of ours) {
    try {
      rmSync(file, { force: true });
    } catch (error) {
      throw notLoggedOut(`cannot remove ${shortPath(file, host.home)}`, error);
    }
  }
  return ours.filter(({ kind }) => kind === 'entry').length;
}

/** Whether an entry is of a profile; '' for calls without one. */
export function isOf(profile: string, name: string): boolean {
  return name === profile || name.startsWith(`${profile}@`);
}

/** What is in the folder, by entry. Locks are their holders' to remove; what a killed process drafted of one is ours. */
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
    if (name === undefined || kind === undefined || file.endsWith('.lock')) return [];
    // A draft that a killed writer left holds a token like the entry itself.
    return [{ file: join(cacheFolder(host), file), name, kind: drafted === undefined ? kind : 'draft' }];
  });
}

/** Makes the folder for entries, locks and markers. False where it is not ours to use. */
export function prepareFolder(host: Host): boolean {
  const folder = cacheFolder(host);
  try {
    if (!mayMake(host, folder)) return false;
    makeFolder(folder);
    const status = lstatSync(folder);
    if (!status.isDirectory() || (host.uid !== undefined && status.uid !== host.uid)) return false;
    const open = host.uid === undefined ? 0 : status.mode & 0o077;
    if (open !== 0) chmodSync(folder, 0o700);
    // Others could have given one of our entries the name of another, and so one cluster the token of the next.
    if ((open & 0o022) !== 0) for (const { file } of filesOf(host)) discard(file);
    return true;
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

export function isPrivate(host: Host, status: Stats, kind: 'file' | 'folder'): boolean {
  if (kind === 'file' ? !status.isFile() : !status.isDirectory()) return false;
  return host.uid === undefined || (status.uid === host.uid && (status.mode & 0o077) === 0);
}
