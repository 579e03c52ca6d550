/** The cold half of `get-token`: settings, lock, entry again, source token, exchange, entry. */
import { isNewerThanProfiles, profileStamp, readEntry, type Entry } from '../entry/entry.ts';
import { failureSince, noteFailure } from '../entry/failed.ts';
import { entryFile, prepareFolder } from '../entry/folder.ts';
import { judge, type Freshness } from '../entry/freshness.ts';
import { isClientGo, isRefused, noteForced } from '../entry/parents.ts';
import type { Host } from '../host.ts';
import { withLock } from '../lock.ts';
import type { Given } from '../settings/given.ts';
import { resolveSettings } from '../settings/resolve.ts';
import { mayAsk, sourcePatience } from '../source/source.ts';
import { isVouched, storeOf } from './entry-store.ts';
import { exchange, exchangeAndKeep, type ExchangeContext } from './exchange.ts';
import { identify, type Identity } from './identity.ts';
import { inTime, isOfSource, livesOn, serveOnce, timeoutOf } from './last-minute.ts';

/** Who waits for an exchange does so until it has failed, and a moment longer, to fail with it. Milliseconds. */
const outlast = 2000;

/** What of the cache will not do. */
export interface Unwanted {
  /** Anything: exchange even when another process has just done so. */
  readonly force: boolean;
  /** The credential that a server refused; what another process has put in its place meanwhile will do. */
  readonly refused?: string | undefined;
}

interface Cold extends ExchangeContext {
  readonly given: Given;
  readonly unwanted: Unwanted;
}

/** What a look at the entry finds: whose call it is, and the entry, if it is of this very call. */
interface Found {
  readonly identity: Identity;
  readonly ours: Entry | undefined;
  readonly state: Freshness;
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
  if (settings.cache === 'none')
    return (await exchange(host, settings, await identify(host, given, settings))).credential;
  const cold = { given, settings, name, unwanted, stamp, began, store: storeOf(host, name, settings) };
  const isOnDisk = settings.cache !== 'keychain' && isVouched(settings);
  return isOnDisk ? afterTheWarmLane(host, cold) : fromItsStore(host, cold);
}

/** The warm lane has looked at the entry and found it wanting; another process may put a better one there while we wait. */
function afterTheWarmLane(host: Host, cold: Cold): Promise<string> {
  const { given, name, unwanted } = cold;
  const fresh = (): Entry | undefined => {
    const entry = usable(unwanted, readEntry(host, name));
    const isFresh = entry !== undefined && holds(host, given, entry) && stateOf(host, entry) === 'fresh';
    return isFresh ? entry : undefined;
  };
  return underLock(host, cold, readEntry(host, name), fresh);
}

/** What the warm lane does, where that cannot: the entry is in the keychain, or only its digest tells whether it is of this call. */
async function fromItsStore(host: Host, cold: Cold): Promise<string> {
  const { ours, state } = await look(host, cold);
  if (ours === undefined || state === 'dead') return underLock(host, cold, undefined, () => undefined);
  if (isClientGo(host.env['KUBERNETES_EXEC_INFO']) && isRefused(host, cold.name)) {
    noteForced(host, cold.name);
    const unwanted = { ...cold.unwanted, refused: ours.credential };
    return underLock(host, { ...cold, unwanted }, undefined, () => undefined);
  }
  if (state === 'ending') return underLock(host, cold, ours, () => undefined);
  if (state === 'aging') (await import('./renewal.ts')).startRenewal(host, cold.name);
  return ours.credential;
}

/**
 * @param entry - what there is, served or not
 * @param fresh - the entry that another process made meanwhile, if it can be seen without a look at its digest
 */
async function underLock(
  host: Host,
  cold: Cold,
  entry: Entry | undefined,
  fresh: () => Entry | undefined,
): Promise<string> {
  const { settings, name, unwanted } = cold;
  prepareFolder(host);
  const alive = livesOn(host, usable(unwanted, entry));
  const asking = !alive && mayAsk(settings) ? sourcePatience : 0;
  const limit = timeoutOf(settings, alive) * 1000 + asking + outlast;
  const work = async (): Promise<string> => fresh()?.credential ?? (await confirmOrExchange(host, cold));
  return withLock(host, entryFile(host, name, 'lock'), work, { limit, done: () => fresh() !== undefined });
}

/** The entry if its digest still holds, else a new one; the old one once more if neither can be had. */
async function confirmOrExchange(host: Host, cold: Cold): Promise<string> {
  const { given, settings, name, unwanted, stamp, began } = cold;
  const entry = usable(unwanted, readEntry(host, name));
  // Without the source token there is no digest to compare; a change of the settings would have made the entry older.
  const spare = entry !== undefined && holds(host, given, entry) && livesOn(host, entry) ? entry : undefined;
  const attempt = { stamp, patience: timeoutOf(settings, spare !== undefined) };
  const shared = failureSince(host, name, began, attempt);
  if (shared !== undefined && isOfSource(shared)) return serveOnce(host, spare, shared);
  let found: Found;
  try {
    found = await inTime(look(host, cold), spare);
  } catch (error) {
    if (isOfSource(error)) noteFailure(host, name, error, attempt);
    return serveOnce(host, spare, error);
  }
  const { identity, ours, state } = found;
  if (ours !== undefined && (state === 'fresh' || state === 'aging')) {
    if (profileStamp(host) === stamp) cold.store.confirm();
    return ours.credential;
  }
  return exchangeAndKeep(host, cold, identity, livesOn(host, ours) ? ours : undefined);
}

async function look(host: Host, { given, settings, unwanted, store }: Cold): Promise<Found> {
  const identity = await identify(host, given, settings);
  const entry = usable(unwanted, await store.read());
  const ours = entry?.digest === identity.digest ? entry : undefined;
  return { identity, ours, state: ours === undefined ? 'dead' : stateOf(host, ours) };
}

function stateOf(host: Host, entry: Entry): Freshness {
  return judge(entry, entry.written, host.now() / 1000);
}

function usable({ force, refused }: Unwanted, entry: Entry | undefined): Entry | undefined {
  return force || entry?.credential === refused ? undefined : entry;
}

/** True where the settings of the entry are known to be those of the call, without a look at its digest. */
function holds(host: Host, given: Given, entry: Entry): boolean {
  return given.profile === undefined || isNewerThanProfiles(host, entry);
}
