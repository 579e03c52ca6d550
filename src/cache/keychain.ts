/** Entries in the keychain, for those who want no token on disk (`cache: keychain`). One that cannot be read is a miss. */
import { messageOf } from '../errors/error.ts';
import type { Host } from '../base/host.ts';
import { discard, putSmallFile } from '../base/private-file.ts';
import { keychainItem } from '../source/keychain.ts';
import { dropEntry, formatEntry, parseEntry, type Entry } from './entry.ts';
import { entryFile, isOf, listEntries, prepareFolder } from './folder.ts';

/** @param name - the entry's name, as its file would have */
export async function readFromKeychain(host: Host, name: string): Promise<Entry | undefined> {
  const text = await orMiss(host, () => itemOf(host, name).read());
  const [, written, entry = ''] = /^(\d{1,12})\n(.*)$/s.exec(text ?? '') ?? [];
  return written === undefined ? undefined : parseEntry(entry, Number(written));
}

/**
 * Keeps one where that can be done. A line before the entry says when it was written (epoch seconds), as a file's mtime
 * does. No file vouches for it.
 *
 * @returns false where it cannot be kept
 */
export async function writeToKeychain(host: Host, name: string, entry: Entry): Promise<boolean> {
  const written = Math.floor(Math.min(entry.written, host.now() / 1000));
  const unvouched = { ...entry, profile: undefined, source: undefined };
  const text = `${written}\n${formatEntry(unvouched)}`;
  const kept = await orMiss(host, async () => {
    // What is not noted no logout would find.
    if (!note(host, name)) return false;
    await itemOf(host, name).write(text);
    // Of the same name, from when the profile had its tokens on the disk.
    dropEntry(host, name);
    return true;
  });
  return kept ?? false;
}

/**
 * Removes all entries of a profile.
 *
 * @param profile - '' for calls without one; undefined: of all calls
 * @returns how many there were
 * @throws SaTokenError `keychain-unavailable`
 */
export async function removeFromKeychain(host: Host, profile: string | undefined): Promise<number> {
  const noted = listEntries(host, 'keychain');
  return removeEach(host, profile === undefined ? noted : noted.filter((name) => isOf(profile, name)));
}

/** Removes one, noted or not; a keychain that is away keeps it, and its note. */
export async function dropFromKeychain(host: Host, name: string): Promise<void> {
  await orMiss(host, () => removeEach(host, [name]));
}

async function removeEach(host: Host, names: readonly string[]): Promise<number> {
  let removed = 0;
  for (const name of names) {
    if (await itemOf(host, name).remove()) removed += 1;
    discard(entryFile(host, name, 'keychain'));
  }
  return removed;
}

/** A keychain cannot be asked for all of a kind without reading every secret in it, so an empty file says that it is there. */
function note(host: Host, name: string): boolean {
  if (!prepareFolder(host)) return false;
  putSmallFile(entryFile(host, name, 'keychain'), '');
  return true;
}

function itemOf(host: Host, name: string) {
  return keychainItem(host, `entry ${name}`);
}

async function orMiss<T>(host: Host, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    host.trace(`entry: ${messageOf(error)}`);
    return undefined;
  }
}
