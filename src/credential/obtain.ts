/** The cold half of `get-token`: settings, lock, entry again, source token, exchange, entry. */
import {
  confirmEntry,
  entryFile,
  isNewerThanProfiles,
  prepareFolder,
  profileStamp,
  readEntry,
  renewalVariable,
  writeEntry,
  type Entry,
} from '../entry/entry.ts';
import { failureSince, forgetFailure, noteFailure } from '../entry/failed.ts';
import { judge } from '../entry/freshness.ts';
import { forgetParents } from '../entry/parents.ts';
import { forgetRefusal } from '../entry/refusal.ts';
import { exit, exitCodeOf, messageOf } from '../errors.ts';
import { defaultTimeout, issue } from '../exchange/issue.ts';
import type { Host } from '../host.ts';
import { acquire } from '../lock.ts';
import { discard } from '../small-files.ts';
import type { Given } from '../settings/given.ts';
import { resolveSettings, type Resolved } from '../settings/resolve.ts';
import { identify, type Identity } from './identity.ts';
import { keychainEntries } from './keychain-cache.ts';

/** Seconds for an exchange in the last minute of a token that still lives. */
const patienceWhileAlive = 2;
/** Who waits for an exchange does so until it has failed, and a moment longer, to fail with it. Milliseconds. */
const outlast = 2000;

/** What of the cache will not do. */
export interface Unwanted {
  /** Anything: exchange even when another process has just done so. */
  readonly force: boolean;
  /** The credential that a server refused; what another process has put in its place meanwhile will do. */
  readonly refused?: string | undefined;
}

interface Cold {
  readonly given: Given;
  readonly settings: Resolved;
  readonly name: string;
  readonly unwanted: Unwanted;
  /** State of the profile file when the settings were read. */
  readonly stamp: string | undefined;
  /** Epoch milliseconds. */
  readonly began: number;
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
  if (cache === 'none')
    return (await exchange(host, settings, await identify(host, given, settings))).credential;
  if (cache === 'keychain') return throughKeychain(host, given, settings, name, unwanted.force);

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

/** Under the lock: the entry if its digest still holds, else a new one; the old one once more if the server is away. */
async function confirmOrExchange(
  host: Host,
  { given, settings, name, unwanted, stamp, began }: Cold,
): Promise<string> {
  const identity = await identify(host, given, settings);
  const entry = wanted(unwanted, readEntry(host, name));
  const ours = entry?.digest === identity.digest ? entry : undefined;
  const state = ours === undefined ? 'dead' : judge(ours, ours.written, host.now() / 1000);
  if (ours !== undefined && (state === 'fresh' || state === 'aging')) {
    if (profileStamp(host) === stamp) confirmEntry(host, name);
    return ours.credential;
  }
  const spare = livesOn(host, ours) ? ours : undefined;
  const shared = failureSince(host, name, began, stamp);
  try {
    if (shared !== undefined) throw shared;
    const timeout = timeoutOf(settings, spare !== undefined);
    const issued = await exchange(host, { ...settings, timeout }, identity);
    keep(host, name, issued, stamp);
    forgetRefusal(host, name);
    forgetFailure(host, name);
    // A renewal that failed leaves its note: the next one comes after a while, and not with the next caller.
    if (host.env[renewalVariable] !== undefined) discard(entryFile(host, name, 'renewing'));
    return issued.credential;
  } catch (error) {
    if (error !== shared) noteFailure(host, name, error, stamp);
    if (spare === undefined || exitCodeOf(error) !== exit.unreachable || !livesOn(host, spare)) throw error;
    host.trace(`entry: served for its last seconds, since the exchange failed: ${messageOf(error)}`);
    return spare.credential;
  }
}

function wanted({ force, refused }: Unwanted, entry: Entry | undefined): Entry | undefined {
  return force || entry?.credential === refused ? undefined : entry;
}

function livesOn(host: Host, entry: Entry | undefined): boolean {
  return entry !== undefined && judge(entry, entry.written, host.now() / 1000) !== 'dead';
}

/** Seconds for an exchange: few while the old token can still be served, so that nobody notices a slow server. */
function timeoutOf(settings: Resolved, alive: boolean): number {
  const timeout = settings.timeout ?? defaultTimeout;
  return alive ? Math.min(timeout, patienceWhileAlive) : timeout;
}

/** A login, logout or edit that came meanwhile makes what was issued a token of yesterday's settings: it is not kept. */
function keep(host: Host, name: string, issued: Omit<Entry, 'written'>, stamp: string | undefined): void {
  if (profileStamp(host) !== stamp) host.trace('entry: not written, since the profiles changed meanwhile');
  else if (writeEntry(host, name, issued)) forgetParents(host, name);
  else host.trace('entry: could not be written; the next call exchanges again');
}

async function throughKeychain(
  host: Host,
  given: Given,
  settings: Resolved,
  name: string,
  force: boolean,
): Promise<string> {
  const identity = await identify(host, given, settings);
  const entries = keychainEntries(host, name);
  const entry = force ? undefined : await entries.read();
  if (entry?.digest === identity.digest && judge(entry, 0, host.now() / 1000) === 'fresh')
    return entry.credential;
  const issued = await exchange(host, settings, identity);
  await entries.write(issued);
  return issued.credential;
}

async function exchange(
  host: Host,
  settings: Resolved,
  { target, sourceToken }: Identity,
): Promise<Omit<Entry, 'written'>> {
  const issued = await issue(host, target, settings, sourceToken);
  for (const note of issued.notes) host.trace(`granted: ${note}`);
  return issued.entry;
}

/** What another process may have put there while we waited. */
function freshEntry(host: Host, given: Given, name: string): Entry | undefined {
  const entry = readEntry(host, name);
  if (entry === undefined || (given.profile !== undefined && !isNewerThanProfiles(host, entry)))
    return undefined;
  return judge(entry, entry.written, host.now() / 1000) === 'fresh' ? entry : undefined;
}
