/** A logout: source token, entries, and the profile if asked. What cannot be removed is an error, never silence. */
import { forgetEntries, forgetEntriesOf } from '../cache/store.ts';
import { exit } from '../errors/codes.ts';
import { exitCodeOf } from '../errors/error.ts';
import { unknownProfile } from '../errors/usage.ts';
import type { Host } from '../base/host.ts';
import { profileFile } from '../settings/paths.ts';
import { readProfiles, touchProfiles, withProfilesLocked, writeProfile } from '../settings/profiles.ts';
import type { Settings } from '../settings/table.ts';
import { sourceKind } from '../source/source.ts';
import {
  notedProfiles,
  removeOldItems,
  removeStored,
  storedProfiles,
  takeOldItem,
} from '../source/stored-token.ts';

/**
 * Logs one profile out. What was stored for its name goes, whatever the profile says now, and also where there is no
 * such profile any more.
 *
 * @param forget - remove the profile itself too
 * @returns what was done, for the person
 * @throws SaTokenError `unknown-profile` where there is nothing of that name, `keychain-unavailable`, `unwritable-file`, `locked`
 */
export async function logOut(host: Host, profile: string, forget: boolean): Promise<string> {
  const known = readProfiles(host);
  const settings = known.get(profile)?.();
  // An item of the old naming may be shared: each profile gets its own first.
  if (settings !== undefined) await takeOldItem(host, profile).catch(() => undefined);
  return withProfilesLocked(host, async () => {
    // First what needs no keychain, should that be away.
    const removed =
      (await forgetEntries(host, profile)) +
      (settings === undefined ? 0 : await forgetEntriesOf(host, settings));
    const source = await removeSource(host, profile, settings);
    if (settings === undefined && source === undefined && removed === 0)
      throw unknownProfile(profile, profileFile(host), [...known.keys()]);
    if (settings !== undefined && forget) writeProfile(host, profile, undefined);
    else if (settings !== undefined) touchProfiles(host);
    // What a call has put there meanwhile; from here on none keeps what it was issued with the settings of before.
    await forgetEntries(host, profile);
    const kept = settings === undefined ? undefined : placeKept(settings);
    const told = source ?? kept ?? 'there was no source token in the keychain';
    return `logged out of "${profile}": ${told}; ${countOf(removed)}${forget ? '; profile removed' : ''}`;
  });
}

/**
 * Everything there is to log out of: all profiles, and tokens that were stored for profiles that are gone. A keychain that
 * is away is told of by the logout of the profiles that need it.
 */
export async function profilesToLeave(host: Host): Promise<string[]> {
  const stored = await storedProfiles(host).catch((error: unknown) => {
    if (exitCodeOf(error) !== exit.keychain) throw error;
    return [];
  });
  return [...new Set([...readProfiles(host).keys(), ...notedProfiles(host), ...stored])];
}

/**
 * Removes everything else: what is cached of calls without a profile and of profiles that are not there any more, and keychain
 * items of the old naming.
 *
 * @returns what was done, for the person; undefined where there was nothing
 * @throws SaTokenError as `logOut`
 */
export async function forgetCalls(host: Host): Promise<string | undefined> {
  const removed = await forgetEntries(host, undefined);
  // Where a keychain is needed and is away, the profiles have told so before.
  const old = await removeOldItems(host).catch(() => 0);
  const told = [
    ...(removed === 0 ? [] : [`calls without a profile: ${countOf(removed)}`]),
    ...(old === 0 ? [] : [`items of an older version removed from the keychain: ${old}`]),
  ];
  return told.length === 0 ? undefined : told.join('\n');
}

function countOf(removed: number): string {
  return removed === 0
    ? 'nothing was cached'
    : `${removed} cached ${removed === 1 ? 'token' : 'tokens'} removed`;
}

/** Undefined where there was no item; a keychain that is away matters only where something says that it has one. */
async function removeSource(
  host: Host,
  profile: string,
  settings: Settings | undefined,
): Promise<string | undefined> {
  try {
    return (await removeStored(host, profile)) ? 'source token removed from the keychain' : undefined;
  } catch (error) {
    const needed =
      (settings !== undefined && sourceKind(settings) === 'keychain') ||
      notedProfiles(host).includes(profile);
    if (needed || exitCodeOf(error) !== exit.keychain) throw error;
    return undefined;
  }
}

function placeKept(settings: Settings): string | undefined {
  const kind = sourceKind(settings);
  return kind === 'keychain' ? undefined : `the source token stays where it is (source-${kind})`;
}
