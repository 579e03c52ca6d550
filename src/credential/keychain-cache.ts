/** Entries in the keychain, for those who want no token on disk (`cache: keychain`). A failure here is a miss. */
import type { Entry } from '../entry/entry.ts';
import { parseEntry } from '../entry/entry.ts';
import { messageOf } from '../errors.ts';
import type { Host } from '../host.ts';
import { keychainSource } from '../source/keychain.ts';

export interface KeychainEntries {
  read(): Promise<Entry | undefined>;
  write(entry: Omit<Entry, 'written'>): Promise<void>;
  remove(): Promise<void>;
}

/** @param name - the entry's name, as its file would have */
export function keychainEntries(host: Host, name: string): KeychainEntries {
  const item = keychainSource(host, `entry ${name}`);
  const orMiss = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      host.trace(`entry: ${messageOf(error)}`);
      return undefined;
    }
  };
  return {
    read: async () => {
      const text = await orMiss(item.read());
      return text === undefined ? undefined : parseEntry(Buffer.from(text, 'base64').toString('utf8'), 0);
    },
    // The keychain takes one word, as a source token is; an entry is two lines.
    write: async (entry) => {
      const text = `v1 ${entry.serveUntil} ${entry.expires} ${entry.digest}\n${entry.credential}\n`;
      await orMiss(item.write(Buffer.from(text).toString('base64')));
    },
    remove: async () => {
      await orMiss(item.remove());
    },
  };
}
