/** What a login stores, in an order that leaves nothing behind when one step fails. */
import type { NewEntry } from '../entry/entry.ts';
import { messageOf, SaTokenError } from '../errors.ts';
import type { Host } from '../host.ts';
import { readProfiles, writeProfile } from '../settings/profiles.ts';
import type { Settings } from '../settings/table.ts';
import { openSource, type Source } from '../source/source.ts';
import { forgetEntries, storeOf } from './entry-store.ts';
import { keychainAccount, sharerOf } from './keychain-item.ts';

/** Keychain, then profile, then entries; a failure of the second takes back the first. Ctrl-C waits until it is done. */
export async function storeLogin(
  host: Host,
  profile: string,
  settings: Settings,
  keep: { source: Source; token: string } | undefined,
  entry: NewEntry | undefined,
): Promise<void> {
  const release = host.holdSignals();
  try {
    const previous = await readOld(keep?.source);
    try {
      await keep?.source.write(keep.token);
      await writeProfile(host, profile, settings);
    } catch (error) {
      await takeBack(keep?.source, previous);
      throw error;
    }
    try {
      await forgetEntries(host, profile);
    } catch {
      // What stays is older than the profile now and of another digest, so that it is never served.
    }
    if (entry !== undefined && (settings.cache ?? 'disk') === 'disk')
      await storeOf(host, profile, settings).write(entry);
  } finally {
    release();
  }
}

/** An item that somebody garbled is none: it is replaced, and could not be put back. */
async function readOld(source: Source | undefined): Promise<string | undefined> {
  try {
    return await source?.read();
  } catch (error) {
    if (error instanceof SaTokenError && error.code === 'bad-token') return undefined;
    throw error;
  }
}

/** The source token of the account or server before, which no profile leads to any more. Returns what to tell of it. */
export async function leaveOld(host: Host, before: Settings): Promise<string | undefined> {
  const account = keychainAccount(before);
  if (account === undefined) return undefined;
  try {
    if (sharerOf(account, readProfiles(host)) !== undefined) return undefined;
    const source = await openSource(host, before, account);
    return (await source.remove())
      ? `the source token of ${account} was removed from the keychain`
      : undefined;
  } catch (error) {
    return `the source token of ${account} is still in the keychain: ${messageOf(error)}`;
  }
}

async function takeBack(source: Source | undefined, previous: string | undefined): Promise<void> {
  try {
    await (previous === undefined ? source?.remove() : source?.write(previous));
  } catch {
    // The first failure is the one to tell.
  }
}
