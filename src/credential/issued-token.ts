/** Issued tokens for commands that use or look at one themselves; what the hook serves is in get-token.ts. */
import type { Host } from '../base/host.ts';
import { readEntry, type Entry } from '../cache/entry.ts';
import { entryName } from '../cache/key.ts';
import { storeOf } from '../cache/store.ts';
import { tokenIn } from '../exec/credential.ts';
import type { Given } from '../settings/overrides.ts';
import type { Settings } from '../settings/table.ts';
import { credentialOnMiss } from './miss.ts';

/**
 * A token that lives: the cached one, else one of an exchange.
 *
 * @param force - exchange in any case
 */
export async function issuedToken(host: Host, given: Given, force = false): Promise<string> {
  const name = entryName(given);
  return tokenIn(await credentialOnMiss(host, { given, name, entry: readEntry(host, name), force }));
}

/** The cached credential as it is, served or not; undefined where there is none. */
export async function cachedEntry(host: Host, given: Given, settings: Settings): Promise<Entry | undefined> {
  return settings.cache === 'none' ? undefined : storeOf(host, entryName(given), settings).read();
}
