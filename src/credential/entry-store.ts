/** Where the entries of a call are kept: on the disk, or in the keychain (`cache: keychain`). */
import { readEntry, writeEntry, type Entry, type NewEntry } from '../entry/entry.ts';
import type { Host } from '../host.ts';
import type { Settings } from '../settings/table.ts';
import { readFromKeychain, writeToKeychain } from './keychain-cache.ts';

export interface EntryStore {
  /** The entry, or undefined where there is none that can be used. Never throws. */
  read(): Promise<Entry | undefined>;
  /** False where it cannot be kept. Never throws. */
  write(entry: NewEntry): Promise<boolean>;
}

/** False where the token depends on what no file tells: a variable is of the process, and another job's may be another. */
export function isVouched(settings: Settings): boolean {
  return settings['source-env'] === undefined;
}

/** @param name - of the entry */
export function storeOf(host: Host, name: string, settings: Settings): EntryStore {
  if (settings.cache !== 'keychain')
    return {
      read: async () => readEntry(host, name),
      write: async (entry) => writeEntry(host, name, entry, isVouched(settings)),
    };
  return {
    read: () => readFromKeychain(host, name),
    write: (entry) => writeToKeychain(host, name, entry),
  };
}
