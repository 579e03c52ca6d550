/** Where the entries of a call are kept: on the disk, or in the keychain (`cache: keychain`). */
import { confirmEntry, dropEntry, readEntry, writeEntry, type Entry, type NewEntry } from '../entry/entry.ts';
import { tokenIn } from '../entry/exec-credential.ts';
import { isOf, listEntries, notedInKeychain, removeEntries } from '../entry/folder.ts';
import type { Host } from '../host.ts';
import type { Settings } from '../settings/table.ts';
import { readClaims } from '../source/claims.ts';
import { dropFromKeychain, readFromKeychain, removeFromKeychain, writeToKeychain } from './keychain-cache.ts';

export interface EntryStore {
  /** The entry, or undefined where there is none that can be used. Never throws. */
  read(): Promise<Entry | undefined>;
  /** False where it cannot be kept. Never throws. */
  write(entry: NewEntry): Promise<boolean>;
  /** Takes back what was just written. Never throws. */
  remove(): Promise<void>;
  /** The entry was compared with the settings as they are now, and holds. */
  confirm(): void;
}

/** False where the token depends on what no file tells: a variable is of the process, and another job's may be another. */
export function isVouched(settings: Settings): boolean {
  return settings['source-env'] === undefined;
}

/** @param name - of the entry */
export function storeOf(host: Host, name: string, settings: Settings): EntryStore {
  if (settings.cache === 'keychain')
    return {
      read: () => readFromKeychain(host, name),
      write: (entry) => writeToKeychain(host, name, entry),
      remove: () => dropFromKeychain(host, name),
      // Nothing that a look at files could be told; one on the disk of this name is of other settings.
      confirm: () => undefined,
    };
  return {
    read: async () => readEntry(host, name),
    write: async (entry) => writeEntry(host, name, entry, isVouched(settings)),
    remove: async () => dropEntry(host, name),
    confirm: () => confirmEntry(host, name),
  };
}

/**
 * Removes all entries of a profile. The disk first: what is there a thief of this machine could use at once, and it needs
 * no keychain.
 *
 * @param profile - undefined: of all calls
 * @returns how many there were
 * @throws SaTokenError `unwritable-file`, `keychain-unavailable`
 */
export async function forgetEntries(host: Host, profile: string | undefined): Promise<number> {
  const files = removeEntries(host, profile);
  return files + (await removeFromKeychain(host, profile));
}

/**
 * Removes the entries of calls without a profile that are for the account of these settings.
 *
 * @returns how many there were
 */
export async function forgetEntriesOf(host: Host, settings: Settings): Promise<number> {
  const { namespace, 'service-account': account } = settings;
  if (namespace === undefined || account === undefined) return 0;
  const subject = `system:serviceaccount:${namespace}:${account}`;
  const caches = [
    [listEntries(host), 'disk'],
    [notedInKeychain(host), 'keychain'],
  ] as const;
  let removed = 0;
  for (const [names, cache] of caches)
    for (const name of names.filter((each) => isOf('', each))) {
      const store = storeOf(host, name, { cache });
      const entry = await store.read();
      if (entry === undefined || readClaims(tokenIn(entry.credential))?.subject !== subject) continue;
      await store.remove();
      removed += 1;
    }
  return removed;
}
