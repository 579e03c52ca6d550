/** A logout: source token, entries, and the profile if asked. What cannot be removed is an error, never silence. */
import type { Host } from '../host.ts';
import { readProfiles, touchProfiles, writeProfile } from '../settings/profiles.ts';
import type { Settings } from '../settings/table.ts';
import { openSource, sourceKind } from '../source/source.ts';
import { forgetEntries } from './entry-store.ts';
import { keychainAccount, sharerOf, whileNobodyLogsIn } from './keychain-item.ts';

/**
 * Logs one profile out.
 *
 * @param leaving - all the profiles that are logged out together: none of them is a reason to keep a source token
 * @returns what was done, for the person
 * @throws SaTokenError `keychain-unavailable`, `unwritable-file`
 */
export function logOut(
  host: Host,
  profile: string,
  forget: boolean,
  leaving: readonly string[] = [profile],
): Promise<string> {
  return whileNobodyLogsIn(host, async () => {
    const profiles = readProfiles(host);
    const settings = profiles.get(profile) ?? {};
    const removed = await forgetEntries(host, profile);
    const staying = [...profiles].filter(([name]) => !leaving.includes(name));
    const source = await removeSource(host, settings, staying);
    if (forget) await writeProfile(host, profile, undefined);
    else touchProfiles(host);
    // What a call has put there meanwhile; from here on none keeps what it was issued with the settings of before.
    await forgetEntries(host, profile);
    return `logged out of "${profile}": ${source}; ${countOf(removed)}${forget ? '; profile removed' : ''}`;
  });
}

/**
 * Removes everything else that is cached: of calls without a profile, and of profiles that are not there any more.
 *
 * @returns what was done, for the person; undefined where there was nothing
 * @throws SaTokenError as `logOut`
 */
export async function forgetCalls(host: Host): Promise<string | undefined> {
  const removed = await forgetEntries(host, undefined);
  return removed === 0 ? undefined : `calls without a profile: ${countOf(removed)}`;
}

function countOf(removed: number): string {
  return removed === 0
    ? 'nothing was cached'
    : `${removed} cached ${removed === 1 ? 'token' : 'tokens'} removed`;
}

async function removeSource(
  host: Host,
  settings: Settings,
  staying: readonly (readonly [string, Settings])[],
): Promise<string> {
  if (sourceKind(settings) !== 'keychain')
    return `the source token stays where it is (source-${sourceKind(settings)})`;
  const account = keychainAccount(settings);
  if (account === undefined) return 'it names no account, so there was no source token';
  const sharing = sharerOf(account, staying);
  if (sharing !== undefined) return `source token kept for profile "${sharing}", which has the same account`;
  const source = await openSource(host, settings, account);
  return (await source.remove())
    ? 'source token removed from the keychain'
    : 'there was no source token in the keychain';
}
