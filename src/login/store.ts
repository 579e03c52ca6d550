/** What a login leaves: keychain item, profile and entry, in an order that takes back what was done when one step fails. */
import type { Host } from '../base/host.ts';
import type { Entry } from '../cache/entry.ts';
import { beginInterval } from '../cache/returning-clients.ts';
import { forgetEntries, storeOf } from '../cache/store.ts';
import { instead, messageOf } from '../errors/error.ts';
import { writeProfile } from '../settings/profiles.ts';
import type { Settings } from '../settings/table.ts';
import {
  notedProfiles,
  readStored,
  removeStored,
  writeStored,
  type StoredToken,
} from '../source/stored-token.ts';

/** What is to be stored for a profile. */
export interface Kept {
  readonly settings: Settings;
  /** Undefined where the profile reads its token elsewhere. */
  readonly item: StoredToken | undefined;
  /** Of the token that proved the login. */
  readonly entry: Entry | undefined;
}

/**
 * Keychain item, then profile, then entry; a failure of the second takes back the first. Ctrl-C waits until it is done. Call
 * it under the profiles' lock.
 *
 * @returns warnings
 */
export async function store(host: Host, profile: string, kept: Kept): Promise<string[]> {
  const release = host.holdSignals();
  try {
    if (kept.item === undefined) writeProfile(host, profile, kept.settings);
    else await storeItem(host, profile, kept.settings, kept.item);
    await refreshCache(host, profile, kept);
    return kept.item === undefined ? await leaveKeychain(host, profile) : [];
  } finally {
    release();
  }
}

async function storeItem(host: Host, profile: string, settings: Settings, item: StoredToken): Promise<void> {
  // An item that cannot be read is overwritten, and cannot be restored.
  const previous = await readStored(host, profile).catch(instead('bad-keychain-item', undefined));
  try {
    await writeStored(host, profile, item);
    writeProfile(host, profile, settings);
  } catch (error) {
    // The first failure is the one to report.
    await (previous === undefined ? removeStored(host, profile) : writeStored(host, profile, previous)).catch(
      () => undefined,
    );
    throw error;
  }
}

/** An item that the notes beside the profiles tell of; a keychain that is not used is not asked. */
async function leaveKeychain(host: Host, profile: string): Promise<string[]> {
  if (!notedProfiles(host).includes(profile)) return [];
  try {
    return (await removeStored(host, profile))
      ? [`the source token of "${profile}" was removed from the keychain`]
      : [];
  } catch (error) {
    return [`the source token of "${profile}" is still in the keychain: ${messageOf(error)}`];
  }
}

/** The login is done by now: what goes wrong here costs the next call an exchange, and not the login. */
async function refreshCache(host: Host, profile: string, { settings, entry }: Kept): Promise<void> {
  try {
    await forgetEntries(host, profile);
    if (entry === undefined || (settings.cache ?? 'disk') !== 'disk') return;
    await storeOf(host, profile, settings).write(entry);
    beginInterval(host, profile, false);
  } catch (error) {
    host.trace(`entry: not kept: ${messageOf(error)}`);
  }
}
