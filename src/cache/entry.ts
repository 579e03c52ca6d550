/**
 * An entry: one cached credential in a file of four lines.
 *
 *     v2 SERVE_UNTIL EXPIRES DIGEST
 *     INODE DEV.SIZE.MTIME_NS.CTIME_NS PROFILE_FILE
 *     INODE DEV.SIZE.MTIME_NS.CTIME_NS SOURCE_FILE
 *     {"kind":"ExecCredential",…}
 *
 * The second and third line tell from which files its settings and its source token were read, and are empty where no file
 * was. The entry's mtime is the moment before they were read. Whatever is wrong with an entry makes it a miss, and a
 * cache that cannot be written fails nothing.
 */
import type { Host } from '../base/host.ts';
import { isUnchanged, type FileRecord } from '../base/file-identity.ts';
import type { Given } from '../settings/overrides.ts';
import { absoluteProfileFile } from '../settings/paths.ts';
import { discard, putSmallFile, readSmallFile } from '../base/private-file.ts';
import { entryFile, isFolderOurs, isPrivate, prepareFolder } from './folder.ts';
import type { Kept } from './freshness.ts';

export interface Entry extends Kept {
  /** Of every setting that changes the token, and of the source token: 64 hexadecimal digits. */
  readonly digest: string;
  /** The profile file that it was made from; undefined for a call without a profile, and where the file does not vouch for it. */
  readonly profile: FileRecord | undefined;
  /** The source file, where the settings name one. */
  readonly source: FileRecord | undefined;
}

const head = /^v2 (\d{1,12}) (\d{1,12}) ([0-9a-f]{64})$/;
const record = /^(\d+ \d+(?:\.\d+){3}) (.+)$/;
/** An older plugin leaves the files of a newer one alone. */
const newer = /^v(?:[3-9]|\d{2,}) /;

/** The entry, if it is whole and nobody else could have written or read it; else undefined. */
export function readEntry(host: Host, name: string): Entry | undefined {
  if (!isFolderOurs(host)) return undefined;
  const found = readSmallFile(entryFile(host, name));
  if (found === undefined || !isPrivate(host, found.status, 'file') || found.status.nlink !== 1)
    return undefined;
  return parseEntry(found.text, found.status.mtimeMs / 1000);
}

/**
 * True where the settings of an entry are known to be those of the call without a look at its digest: the files that it was
 * made from are the same ones, unchanged, and its name tells the rest.
 */
export function isVouchedFor(host: Host, given: Given, { profile, source }: Entry): boolean {
  if (given.profile !== undefined && !isOfProfileFile(host, profile)) return false;
  return source === undefined ? given.settings.sourceFile === undefined : isUnchanged(source);
}

/** True for an entry of the profile file as it is now. */
export function isOfProfileFile(host: Host, profile: FileRecord | undefined): boolean {
  return profile !== undefined && profile.path === absoluteProfileFile(host) && isUnchanged(profile);
}

/** Keeps an entry. Returns false, and leaves the old state or none, where it cannot be written. */
export function writeEntry(host: Host, name: string, entry: Entry): boolean {
  const file = entryFile(host, name);
  const put = (each: Entry): void =>
    // A clock that was set back meanwhile must not date it in the future.
    putSmallFile(file, formatEntry(each), Math.min(each.written, host.now() / 1000));
  try {
    if (!prepareFolder(host) || newer.test(readSmallFile(file)?.text ?? '')) return false;
    discard(entryFile(host, name, 'until'));
    put(entry);
    // Edited while the token was on its way: what is edited from now on is newer than the entry by its ctime.
    if (![entry.profile, entry.source].every((each) => each === undefined || isUnchanged(each)))
      put({ ...entry, profile: undefined, source: undefined });
    else if (entry.profile !== undefined) writeMarker(host, name, entry.serveUntil);
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

/**
 * An empty file whose mtime is SERVE_UNTIL: the fast lane compares it with the age of its own process, and so needs no
 * `date`. Made last, so that it never vouches for an entry that is not there yet.
 */
function writeMarker(host: Host, name: string, serveUntil: number): void {
  putSmallFile(entryFile(host, name, 'until'), '', serveUntil);
}

/** The text of an entry file. */
export function formatEntry({ serveUntil, expires, digest, profile, source, credential }: Entry): string {
  // A path with a newline cannot stand in a line.
  const fits = ![profile, source].some((each) => each?.path.includes('\n'));
  const [first, second] = fits ? [profile, source] : [];
  const lines = [
    `v2 ${serveUntil} ${expires} ${digest}`,
    formatRecord(first),
    formatRecord(second),
    credential,
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * The text of an entry file as a value; undefined for anything that is not exactly four lines of the right form.
 *
 * @param written - the file's mtime, epoch seconds with fraction
 */
export function parseEntry(text: string, written: number): Entry | undefined {
  const [first = '', profile = '', source = '', credential = '', rest, ...more] = text.split('\n');
  const [, serveUntil, expires, digest] = head.exec(first) ?? [];
  if (digest === undefined || rest !== '' || more.length > 0) return undefined;
  if ([profile, source].some((line) => line !== '' && !record.test(line))) return undefined;
  if (!credential.startsWith('{"kind":"ExecCredential",') || !credential.endsWith('}}')) return undefined;
  return {
    serveUntil: Number(serveUntil),
    expires: Number(expires),
    digest,
    credential,
    written,
    profile: parseRecord(profile),
    source: parseRecord(source),
  };
}

function formatRecord(found: FileRecord | undefined): string {
  return found === undefined ? '' : `${found.identity} ${found.path}`;
}

function parseRecord(line: string): FileRecord | undefined {
  const [, identity, path] = record.exec(line) ?? [];
  return identity === undefined || path === undefined ? undefined : { identity, path };
}
