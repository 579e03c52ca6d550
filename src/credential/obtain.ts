/** The cold half of `get-token`: settings, lock, entry again, source token, exchange, entry. */
import { confirmEntry, isNewerThanProfiles, profileStamp, readEntry, type Entry } from '../entry/entry.ts';
import { entryFile, prepareFolder } from '../entry/folder.ts';
import { judge } from '../entry/freshness.ts';
import type { Host } from '../host.ts';
import { acquire } from '../lock.ts';
import type { Given } from '../settings/given.ts';
import { resolveSettings } from '../settings/resolve.ts';
import { exchange, exchangeAndKeep, type Wanted } from './exchange.ts';
import { identify, type Identity } from './identity.ts';
import { throughKeychain } from './keychain-cache.ts';
import { livesOn, serveOnce, timeoutOf } from './last-minute.ts';

/** Who waits for an exchange does so until it has failed, and a moment longer, to fail with it. Milliseconds. */
const outlast = 2000;

/** What of the cache will not do. */
export interface Unwanted {
  /** Anything: exchange even when another process has just done so. */
  readonly force: boolean;
  /** The credential that a server refused; what another process has put in its place meanwhile will do. */
  readonly refused?: string | undefined;
}

interface Cold extends Wanted {
  readonly given: Given;
  readonly unwanted: Unwanted;
}

/**
 * The credential (v1, one line) for a call that no fresh entry answers.
 *
 * @throws SaTokenError of every kind in the design's section 5
 */
export async function obtain(host: Host, given: Given, name: string, unwanted: Unwanted): Promise<string> {
  const began = host.now();
  const stamp = profileStamp(host);
  const settings = resolveSettings(host, given);
  const cache = settings.cache ?? 'disk';
  if (cache !== 'disk') {
    const identity = await identify(host, given, settings);
    const anew = () => exchange(host, settings, identity);
    if (cache === 'none') return (await anew()).credential;
    return throughKeychain(host, { name, digest: identity.digest, force: unwanted.force }, anew);
  }

  const fresh = (): Entry | undefined => wanted(unwanted, freshEntry(host, given, name));
  prepareFolder(host);
  const release = await acquire(host, entryFile(host, name, 'lock'), {
    limit: timeoutOf(settings, livesOn(host, wanted(unwanted, readEntry(host, name)))) * 1000 + outlast,
    done: () => fresh() !== undefined,
  });
  try {
    return (
      fresh()?.credential ??
      (await confirmOrExchange(host, { given, settings, name, unwanted, stamp, began }))
    );
  } finally {
    release();
  }
}

/** Under the lock: the entry if its digest still holds, else a new one; the old one once more if neither can be had. */
async function confirmOrExchange(host: Host, cold: Cold): Promise<string> {
  const { given, settings, name, unwanted, stamp } = cold;
  const entry = wanted(unwanted, readEntry(host, name));
  let identity: Identity;
  try {
    identity = await identify(host, given, settings);
  } catch (error) {
    // Without the source token there is no digest to compare; a change of the settings would have made the entry older.
    const spare = entry !== undefined && holds(host, given, entry) ? entry : undefined;
    return serveOnce(host, spare, error);
  }
  const ours = entry?.digest === identity.digest ? entry : undefined;
  const state = ours === undefined ? 'dead' : judge(ours, ours.written, host.now() / 1000);
  if (ours !== undefined && (state === 'fresh' || state === 'aging')) {
    if (profileStamp(host) === stamp) confirmEntry(host, name);
    return ours.credential;
  }
  return exchangeAndKeep(host, cold, identity, livesOn(host, ours) ? ours : undefined);
}

function wanted({ force, refused }: Unwanted, entry: Entry | undefined): Entry | undefined {
  return force || entry?.credential === refused ? undefined : entry;
}

/** What another process may have put there while we waited. */
function freshEntry(host: Host, given: Given, name: string): Entry | undefined {
  const entry = readEntry(host, name);
  if (entry === undefined || !holds(host, given, entry)) return undefined;
  return judge(entry, entry.written, host.now() / 1000) === 'fresh' ? entry : undefined;
}

/** True where the settings of the entry are known to be those of the call, without a look at its digest. */
function holds(host: Host, given: Given, entry: Entry): boolean {
  return given.profile === undefined || isNewerThanProfiles(host, entry);
}
