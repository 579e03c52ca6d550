/** An issued token as an entry, and what a new one ends: notes of clients and failures, and the mark of a renewal. */
import type { Entry } from '../cache/entry.ts';
import { formatCredential } from '../exec/credential.ts';
import { forgetFailures } from '../cache/failures.ts';
import { entryFile, hasOwnSettings, pruneEntries } from '../cache/folder.ts';
import { plan, reportEarly } from '../cache/freshness.ts';
import { beginInterval, forgetClients } from '../cache/returning-clients.ts';
import type { EntryStore } from '../cache/store.ts';
import type { Issued } from '../exchange/exchange.ts';
import type { FileRecord } from '../base/file-identity.ts';
import type { Host } from '../base/host.ts';
import type { Lock } from '../base/lock.ts';
import { discard } from '../base/private-file.ts';

/** From what an issued token was made. */
export interface Origin {
  /** Of every setting that changes the token, and of the source token. */
  readonly digest: string;
  /** The moment before its settings were read, epoch seconds. */
  readonly written: number;
  /** The files that vouch for it; undefined where its digest alone does. */
  readonly profile: FileRecord | undefined;
  readonly source: FileRecord | undefined;
}

/** Of an entry that no file vouches for: its digest alone tells whether it is of a call. */
export const unvouched = { written: 0, profile: undefined, source: undefined };

/** The entry of an issued token. */
export function toEntry({ token, asked, life }: Issued, origin: Origin): Entry {
  const planned = plan(asked, life);
  const reported = Math.floor(planned.expires - Math.min(reportEarly, life / 4));
  return {
    ...planned,
    ...origin,
    credential: formatCredential(token, reported, 'client.authentication.k8s.io/v1'),
  };
}

/**
 * Keeps the entry of a new token, and forgets what was noted of the one before.
 *
 * @param forced - the exchange was forced by a client that came back
 */
export async function keep(
  host: Host,
  name: string,
  store: EntryStore,
  entry: Entry,
  lock: Lock,
  forced: boolean,
): Promise<void> {
  if (await writeWhileHeld(host, store, entry, lock)) {
    forgetClients(host, name);
    beginInterval(host, name, forced);
    if (hasOwnSettings(name)) pruneEntries(host);
  }
  forgetFailures(host, name);
  // A renewal that fails leaves its mark: the next one comes after a while, and not with the next caller.
  discard(entryFile(host, name, 'renewing'));
}

/**
 * Writes an entry. Not where the lock is gone: a login or logout that came meanwhile took it away, and the token is one of
 * before. Looked at twice, since it may come while the entry is written, and look for it too early.
 *
 * @returns false where the entry is not there afterwards
 */
export async function writeWhileHeld(
  host: Host,
  store: EntryStore,
  entry: Entry,
  lock: Lock,
): Promise<boolean> {
  const isWritten = lock.isHeld() && (await store.write(entry));
  if (isWritten && lock.isHeld()) return true;
  if (isWritten) await store.remove();
  host.trace('entry: not kept, since it cannot be written or a login or logout came meanwhile');
  return false;
}
