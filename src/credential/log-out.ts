/** A logout: source token, entries, and the profile if asked. What cannot be removed is an error, never silence. */
import { removeEntries } from '../entry/entry.ts';
import type { Host } from '../host.ts';
import { readProfiles, touchProfiles, writeProfile } from '../settings/profiles.ts';
import type { Settings } from '../settings/table.ts';
import { label, targetOf } from '../settings/target.ts';
import { openSource, sourceKind } from '../source/source.ts';
import { keychainEntries } from './keychain-cache.ts';

/**
 * Logs one profile out.
 *
 * @param leaving - all the profiles that are logged out together: none of them is a reason to keep a source token
 * @returns what was done, for the person
 * @throws SaTokenError `keychain-unavailable`, `unwritable-file`
 */
export async function logOut(
  host: Host,
  profile: string,
  forget: boolean,
  leaving: readonly string[] = [profile],
): Promise<string> {
  const profiles = readProfiles(host);
  const settings = profiles.get(profile) ?? {};
  // Entries first: they are what a thief of this machine could use at once, and they need no keychain.
  const removed = removeEntries(host, profile);
  if (settings.cache === 'keychain') await keychainEntries(host, profile).remove();
  const staying = [...profiles].filter(([name]) => !leaving.includes(name));
  const source = await removeSource(host, settings, staying);
  if (forget) await writeProfile(host, profile, undefined);
  else touchProfiles(host);
  const cached =
    removed === 0 ? 'nothing was cached' : `${removed} cached ${removed === 1 ? 'token' : 'tokens'} removed`;
  return `logged out of "${profile}": ${source}; ${cached}${forget ? '; profile removed' : ''}`;
}

async function removeSource(
  host: Host,
  settings: Settings,
  staying: readonly (readonly [string, Settings])[],
): Promise<string> {
  if (sourceKind(settings) !== 'keychain')
    return `the source token stays where it is (source-${sourceKind(settings)})`;
  const account = accountOf(settings);
  if (account === undefined) return 'it names no account, so there was no source token';
  const sharing = staying.find(([, other]) => accountOf(other) === account);
  if (sharing !== undefined)
    return `source token kept for profile "${sharing[0]}", which has the same account`;
  const source = await openSource(host, settings, account);
  return (await source.remove())
    ? 'source token removed from the keychain'
    : 'there was no source token in the keychain';
}

function accountOf(settings: Settings): string | undefined {
  if (sourceKind(settings) !== 'keychain') return undefined;
  if (
    settings.server === undefined ||
    settings.namespace === undefined ||
    settings['service-account'] === undefined
  )
    return undefined;
  return label(targetOf(settings));
}
