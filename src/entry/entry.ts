/**
 * An entry: one cached credential in a file of two lines, `v1 SERVE_UNTIL EXPIRES DIGEST` and the ExecCredential.
 * Whatever is wrong with one makes it a miss, and a cache that cannot be written fails nothing.
 */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { unwritableFile } from '../failures/usage.ts';
import { cacheFolder, profileFile, type Host } from '../host.ts';
import { shortPath } from '../settings/paths.ts';
import { discard, putSmallFile, readSmallFile } from '../small-files.ts';
import type { Life } from './freshness.ts';

export interface Entry extends Life {
  readonly digest: string;
  /** The ExecCredential (v1), one line of JSON. */
  readonly credential: string;
  /** When it was written or last confirmed. Epoch seconds, with fraction. */
  readonly written: number;
}

const parts = /^(.+)\.(entry|until|parents|refused|failed|renewing|lock(?=\.))(?:\.[0-9a-f]{12}\.tmp)?$/;
const head = /^v1 (\d{1,12}) (\d{1,12}) ([0-9a-f]{64})$/;

/** An entry's file and its siblings: when to renew it, who holds it, who was refused what, what failed, who renews it. */
export type EntryKind = 'entry' | 'until' | 'lock' | 'parents' | 'refused' | 'failed' | 'renewing';

/** Set for a process that renews ahead of expiry; it removes the note `.renewing` when it is done. */
export const renewalVariable = 'KUBECTL_SA_TOKEN_RENEWING';

/** The path of one of them. */
export function entryFile(host: Host, name: string, kind: EntryKind = 'entry'): string {
  return join(cacheFolder(host), `${name}.${kind}`);
}

/** The entry, if it is whole and nobody else could have written or read it; else undefined. */
export function readEntry(host: Host, name: string): Entry | undefined {
  try {
    if (!isPrivate(host, lstatSync(cacheFolder(host)), 'folder')) return undefined;
    return readPrivate(host, entryFile(host, name));
  } catch {
    return undefined;
  }
}

/** True when the profile file has not been changed since the entry was written: its settings still hold. */
export function isNewerThanProfiles(host: Host, entry: Entry): boolean {
  const status = statSync(profileFile(host), { throwIfNoEntry: false });
  return status !== undefined && entry.written > status.mtimeMs / 1000;
}

/** Changes with every change of the profile file; undefined where there is none. */
export function profileStamp(host: Host): string | undefined {
  const status = statSync(profileFile(host), { throwIfNoEntry: false, bigint: true });
  return status === undefined ? undefined : `${status.ino} ${status.mtimeNs}`;
}

/** Keeps a credential. Returns false, and leaves the old state or none, where it cannot be written. */
export function writeEntry(host: Host, name: string, entry: Omit<Entry, 'written'>): boolean {
  const file = entryFile(host, name);
  const text = `v1 ${entry.serveUntil} ${entry.expires} ${entry.digest}\n${entry.credential}\n`;
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

/** Confirms an entry whose settings were found unchanged, so that it is newer than the profile file again. */
export function confirmEntry(host: Host, name: string): void {
  try {
    const now = host.now() / 1000;
    utimesSync(entryFile(host, name), now, now);
  } catch {
    // It was replaced or removed meanwhile; whoever did that knew better.
  }
}

/** Names of all entries. */
export function listEntries(host: Host): string[] {
  return filesOf(host)
    .filter(({ kind }) => kind === 'entry')
    .map(({ name }) => name)
    .sort();
}

/**
 * Removes all that is kept for a profile: its own entry, those of calls with more settings, and what belongs to them.
 *
 * @returns how many entries there were
 * @throws SaTokenError `unwritable-file` for what is there and cannot be removed
 */
export function removeEntries(host: Host, profile: string): number {
  const ours = filesOf(host).filter(({ name }) => name === profile || name.startsWith(`${profile}@`));
  for (const { file } of ours) {
    try {
      rmSync(file, { force: true });
    } catch (error) {
      throw unwritableFile(shortPath(file, host.home), error);
    }
  }
  return ours.filter(({ kind }) => kind === 'entry').length;
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
    const [, name, kind] = parts.exec(file) ?? [];
    if (name === undefined || kind === undefined) return [];
    // A draft that a killed writer left holds a token like the entry itself.
    return [{ file: join(cacheFolder(host), file), name, kind: file.endsWith('.tmp') ? 'draft' : kind }];
  });
}

/** Makes the folder for entries, locks and markers. False where it is not ours to use. */
export function prepareFolder(host: Host): boolean {
  const folder = cacheFolder(host);
  try {
    if (!mayMake(host, folder)) return false;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
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
  return parseEntry(found.text, found.status.mtimeMs / 1000);
}

function isPrivate(host: Host, status: Stats, kind: 'file' | 'folder'): boolean {
  if (kind === 'file' ? !status.isFile() : !status.isDirectory()) return false;
  return host.uid === undefined || (status.uid === host.uid && (status.mode & 0o077) === 0);
}

/** The text of an entry file as a value; undefined for anything that is not exactly two lines of the right form. */
export function parseEntry(text: string, written: number): Entry | undefined {
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
  };
}
