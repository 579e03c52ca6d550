/** Entries in the keychain, for those who want no token on disk (`cache: keychain`). One that cannot be read is a miss. */
import { statSync } from 'node:fs';
import { parseEntry, type Entry } from '../entry/entry.ts';
import { entryFile, hasOwnSettings, isOf, notedInKeychain, prepareFolder } from '../entry/folder.ts';
import { judge } from '../entry/freshness.ts';
import { messageOf } from '../errors.ts';
import type { Host } from '../host.ts';
import { discard, putSmallFile } from '../small-files.ts';
import { keychainSource } from '../source/keychain.ts';

/**
 * The credential that is kept there while it is fresh, else what an exchange gives, which is then kept.
 *
 * @param digest - of the settings and the source token that it has to be of
 * @param force - exchange in any case
 */
export async function throughKeychain(
  host: Host,
  { name, digest, force }: { name: string; digest: string; force: boolean },
  exchange: () => Promise<Omit<Entry, 'written'>>,
): Promise<string> {
  const entry = force ? undefined : await readFromKeychain(host, name);
  if (entry?.digest === digest && judge(entry, 0, host.now() / 1000) === 'fresh') return entry.credential;
  const issued = await exchange();
  await writeToKeychain(host, name, issued);
  return issued.credential;
}

/** @param name - the entry's name, as its file would have */
export async function readFromKeychain(host: Host, name: string): Promise<Entry | undefined> {
  const text = await orMiss(host, () => itemOf(host, name).read());
  return text === undefined ? undefined : parseEntry(Buffer.from(text, 'base64').toString('utf8'), 0);
}

/** Keeps one where that can be done, and removes what ended an hour ago. The keychain takes one word; an entry is two lines. */
async function writeToKeychain(host: Host, name: string, entry: Omit<Entry, 'written'>): Promise<void> {
  const text = `v1 ${entry.serveUntil} ${entry.expires} ${entry.digest}\n${entry.credential}\n`;
  await orMiss(host, async () => {
    if (hasOwnSettings(name)) note(host, name, entry.expires);
    await itemOf(host, name).write(Buffer.from(text).toString('base64'));
    await removeEach(host, ended(host));
  });
}

/**
 * Removes all entries of a profile.
 *
 * @param profile - '' for calls without one
 * @param own - that the profile itself keeps one there
 * @returns how many there were
 * @throws SaTokenError `keychain-unavailable`
 */
export async function removeFromKeychain(host: Host, profile: string, own: boolean): Promise<number> {
  const noted = notedInKeychain(host).filter((name) => isOf(profile, name));
  return removeEach(host, own ? [profile, ...noted] : noted);
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
function note(host: Host, name: string, expires: number): void {
  if (prepareFolder(host)) putSmallFile(entryFile(host, name, 'keychain'), '', expires);
}

function ended(host: Host): string[] {
  const since = host.now() - 3_600_000;
  return notedInKeychain(host).filter((name) => {
    const status = statSync(entryFile(host, name, 'keychain'), { throwIfNoEntry: false });
    return status !== undefined && status.mtimeMs < since;
  });
}

function itemOf(host: Host, name: string) {
  return keychainSource(host, `entry ${name}`);
}

async function orMiss<T>(host: Host, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    host.trace(`entry: ${messageOf(error)}`);
    return undefined;
  }
}
