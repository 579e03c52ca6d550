/**
 * An entry: one cached credential in a file of two lines, `v1 SERVE_UNTIL EXPIRES DIGEST PROFILES` and the ExecCredential.
 * Whatever is wrong with one makes it a miss, and a cache that cannot be written fails nothing.
 */
import { lstatSync, statSync, utimesSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Host } from '../host.ts';
import { cacheFolder, profileFile } from '../settings/paths.ts';
import { discard, putSmallFile, readSmallFile } from '../small-files.ts';
import { entryFile, idleFiles, isOf, isPrivate, prepareFolder } from './folder.ts';
import type { Life } from './freshness.ts';

export interface Entry extends Life {
  readonly digest: string;
  /** The ExecCredential (v1), one line of JSON. */
  readonly credential: string;
  /** When it was written or last confirmed. Epoch seconds, with fraction. */
  readonly written: number;
  /** When its file was last changed in any way (ctime). Epoch milliseconds, with fraction. */
  readonly changed: number;
  /** The profile file that it was made from; undefined for a call without a profile. */
  readonly profiles: string | undefined;
}

/** What of an entry is not its file's. */
export type NewEntry = Omit<Entry, 'written' | 'changed' | 'profiles'>;

const head = /^v1 (\d{1,12}) (\d{1,12}) ([0-9a-f]{64})(?: (.+))?$/;

/** The entry, if it is whole and nobody else could have written or read it; else undefined. */
export function readEntry(host: Host, name: string): Entry | undefined {
  try {
    if (!isPrivate(host, lstatSync(cacheFolder(host)), 'folder')) return undefined;
    return readPrivate(host, entryFile(host, name));
  } catch {
    return undefined;
  }
}

/**
 * True when the entry is of this profile file, and the file has not been changed since: its settings still hold. The time
 * of its content may be of long ago (`mv`, `cp -p`, a link that leads elsewhere now), that of its change is not.
 */
export function isNewerThanProfiles(host: Host, { written, changed, profiles }: Entry): boolean {
  const file = profilePath(host);
  const [status, link] = [
    statSync(file, { throwIfNoEntry: false }),
    lstatSync(file, { throwIfNoEntry: false }),
  ];
  if (profiles !== file || status === undefined || link === undefined) return false;
  return written > status.mtimeMs / 1000 && changed >= link.ctimeMs;
}

/** Changes with every change of the profile file; undefined where there is none. */
export function profileStamp(host: Host): string | undefined {
  const status = statSync(profileFile(host), { throwIfNoEntry: false, bigint: true });
  return status === undefined ? undefined : `${status.ino} ${status.mtimeNs}`;
}

/** As it stands in entries: a relative one leads elsewhere from another folder. */
function profilePath(host: Host): string {
  const file = profileFile(host);
  return isAbsolute(file) ? file : join(host.cwd, file);
}

/**
 * Keeps a credential. Returns false, and leaves the old state or none, where it cannot be written.
 *
 * @param vouched - the profile file tells all that the token depends on; else each call has to compare digests
 */
export function writeEntry(host: Host, name: string, entry: NewEntry, vouched: boolean): boolean {
  const file = entryFile(host, name);
  const text = formatEntry(entry, vouched && !isOf('', name) ? profilePath(host) : undefined);
  try {
    if (!prepareFolder(host)) return false;
    discard(entryFile(host, name, 'until'));
    putSmallFile(file, text);
    writeMarker(host, name, entry.serveUntil);
    return true;
  } catch {
    return false;
  }
}

/** Removes an entry; what belongs to it (notes, locks) stays. */
export function dropEntry(host: Host, name: string): void {
  discard(entryFile(host, name, 'until'));
  discard(entryFile(host, name));
}

/** Removes what nobody will ask for again: of calls with settings of their own, what ended an hour ago. */
export function pruneEntries(host: Host): void {
  const since = host.now() / 1000 - 3600;
  for (const [name, files] of idleFiles(host, since)) {
    if ((readEntry(host, name)?.expires ?? 0) < since) for (const file of files) discard(file);
  }
}

/** Confirms an entry whose settings were found unchanged, so that it is newer than the profile file again. */
export function confirmEntry(host: Host, name: string): void {
  try {
    const now = host.now() / 1000;
    utimesSync(entryFile(host, name), now, now);
  } catch {
    // It was replaced or removed meanwhile; whoever did that knew better.
  }
}

/**
 * An empty file whose time of change is SERVE_UNTIL: the fast lane compares it with the age of its own process,
 * and so needs no `date`. Made last, so that it never vouches for an entry that is not there yet.
 */
function writeMarker(host: Host, name: string, serveUntil: number): void {
  putSmallFile(entryFile(host, name, 'until'), '', serveUntil);
}

/** The entry in a file that only we can have written and read. */
function readPrivate(host: Host, file: string): Entry | undefined {
  const found = readSmallFile(file);
  if (found === undefined || !isPrivate(host, found.status, 'file') || found.status.nlink !== 1)
    return undefined;
  return parseEntry(found.text, found.status.mtimeMs / 1000, found.status.ctimeMs);
}

/** The text of an entry file. */
export function formatEntry(entry: NewEntry, profiles: string | undefined): string {
  const from = profiles === undefined || profiles.includes('\n') ? '' : ` ${profiles}`;
  return `v1 ${entry.serveUntil} ${entry.expires} ${entry.digest}${from}\n${entry.credential}\n`;
}

/** The text of an entry file as a value; undefined for anything that is not exactly two lines of the right form. */
export function parseEntry(text: string, written: number, changed: number): Entry | undefined {
  const [first = '', credential = '', rest, ...more] = text.split('\n');
  const fields = head.exec(first);
  if (fields === null || rest !== '' || more.length > 0) return undefined;
  if (!credential.startsWith('{"kind":"ExecCredential",') || !credential.endsWith('}}')) return undefined;
  return {
    serveUntil: Number(fields[1]),
    expires: Number(fields[2]),
    digest: fields[3] ?? '',
    credential,
    written,
    changed,
    profiles: fields[4],
  };
}
