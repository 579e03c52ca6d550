/** Issued tokens for commands that use or look at one themselves; what the hook serves is in get-token.ts. */
import type { NewEntry } from '../entry/entry.ts';
import { tokenIn } from '../entry/exec-credential.ts';
import type { Host } from '../host.ts';
import { entryName, type Given } from '../settings/given.ts';
import type { Settings } from '../settings/table.ts';
import { storeOf } from './entry-store.ts';
import { obtain } from './obtain.ts';

/**
 * A token that lives: the cached one, else one of an exchange.
 *
 * @param force - exchange in any case
 */
export async function issuedToken(host: Host, given: Given, force = false): Promise<string> {
  return tokenIn(await obtain(host, given, entryName(given), { force }));
}

/** The cached credential as it is, served or not; undefined where there is none. */
export async function cachedEntry(
  host: Host,
  given: Given,
  settings: Settings,
): Promise<NewEntry | undefined> {
  return settings.cache === 'none' ? undefined : storeOf(host, entryName(given), settings).read();
}
