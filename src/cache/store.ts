/** Where the entries of a call are kept: on the disk, or in the keychain (`cache: keychain`). */
import type { Host } from '../base/host.ts';
import type { Settings } from '../settings/table.ts';
import { readClaims } from '../token/claims.ts';
import { dropEntry, readEntry, writeEntry, type Entry } from './entry.ts';
import { tokenIn } from '../exec/credential.ts';
import { isOf, listEntries, removeEntries } from './folder.ts';
import { dropFromKeychain, readFromKeychain, removeFromKeychain, writeToKeychain } from './keychain.ts';

export interface EntryStore {
  /** True where a look at files tells whether an entry is of a call; else its digest alone does. */
  readonly isOnDisk: boolean;
  /** The entry, or undefined where there is none that can be used. Never throws. */
  read(): Promise<Entry | undefined>;
  /** False where it cannot be kept. Never throws. */
  write(entry: Entry): Promise<boolean>;
  /** Takes back what was just written. Never throws. */
  remove(): Promise<void>;
}

/** @param name - of the entry */
export function storeOf(host: Host, name: string, settings: Settings): EntryStore {
  if (settings.cache === 'keychain')
    return {
      isOnDisk: false,
      read: () => readFromKeychain(host, name),
      write: (entry) => writeToKeychain(host, name, entry),
      remove: () => dropFromKeychain(host, name),
    };
  return {
    isOnDisk: true,
    read: async () => readEntry(host, name),
    write: async (entry) => writeEntry(host, name, entry),
    remove: async () => dropEntry(host, name),
  };
}

/**
 * Removes all entries of a profile. The disk first: what is there a thief of this machine could use at once, and it needs
 * no keychain.
 *
 * @param profile - '' for calls without one; undefined: of all calls
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
  const { namespace, serviceAccount: account } = settings;
  if (namespace === undefined || account === undefined) return 0;
  const subject = `system:serviceaccount:${namespace}:${account}`;
  const caches = [
    [listEntries(host), 'disk'],
    [listEntries(host, 'keychain'), 'keychain'],
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
