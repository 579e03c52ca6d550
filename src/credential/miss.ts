/** The cold half of `get-token`, where no entry answers: lock, look again, source token, exchange, entry. */
import { isVouchedFor, readEntry, type Entry } from '../cache/entry.ts';
import { failureSince, recordFailure, type Attempt } from '../cache/failures.ts';
import { entryFile, prepareFolder } from '../cache/folder.ts';
import { decide, isBypassed, type CacheBypass, type Decision } from '../cache/freshness.ts';
import { beginInterval } from '../cache/returning-clients.ts';
import { storeOf, type EntryStore } from '../cache/store.ts';
import { forProfile, messageOf } from '../errors/error.ts';
import { issue, type Issued } from '../exchange/exchange.ts';
import { recordOf, type FileRecord } from '../base/file-identity.ts';
import type { Host } from '../base/host.ts';
import { acquire, type Lock } from '../base/lock.ts';
import type { Given } from '../settings/overrides.ts';
import { resolveCall, type Resolved } from '../settings/resolve.ts';
import { mayAsk, sourcePatience } from '../source/source.ts';
import { isServable, staleAfter, timeoutSecondsOf, withFallbackDeadline } from './fallback.ts';
import { identify, type Identity } from './source-token.ts';
import { keep, toEntry, unvouched, writeWhileHeld } from './keep.ts';

/**
 * Extra time that a waiter stays at the lock after the exchange's own timeout, so that it can fail with the holder's failure
 * in the place of starting an exchange of its own. The holder reads its source token before that timeout begins.
 */
const outlastMs = 5000;

/** A call that the entry at hand does not answer. */
export interface Missed {
  readonly given: Given;
  /** Of the entry. */
  readonly name: string;
  /** The entry on the disk, answering or not. */
  readonly entry?: Entry | undefined;
  /** Exchange even where another process has just done so. */
  readonly force: boolean;
  /** The client comes back for the token of the entry, so that a server must have refused it. */
  readonly returning?: boolean;
  /** The client shows what we print, and is not to show it again. */
  readonly shows?: boolean;
}

/** What a call knows once its settings are read. */
interface Call extends Missed {
  readonly settings: Resolved;
  readonly store: EntryStore;
  readonly bypass: CacheBypass;
  /** When the call began, epoch milliseconds; a moment before its settings were read. */
  readonly began: number;
  readonly profile: FileRecord | undefined;
  readonly source: FileRecord | undefined;
}

/** What is left to do when a call ends or fails, filled in as it goes on. */
interface Progress {
  /** Given back when a failure has been recorded, since the calls that wait for it look for one then. */
  lock: Lock | undefined;
  /** The folder of entries is ours: notes can be left there. */
  isNoting: boolean;
  /** A token that may be served where no new one can be had. */
  previous: Entry | undefined;
  /** The exchange that is being made; undefined where the failure is another's. */
  attempt: Attempt | undefined;
}

/**
 * The credential (v1, one line) for a call that no entry answers: the entry if its digest still holds, else a new one, else
 * one that still lives.
 *
 * @throws SaTokenError of settings (exit code 2, 7), source (3, 6) and exchange (4, 5)
 */
export async function credentialOnMiss(host: Host, missed: Missed): Promise<string> {
  const progress: Progress = { lock: undefined, isNoting: true, previous: undefined, attempt: undefined };
  try {
    return await obtain(host, missed, progress);
  } catch (error) {
    return failOver(host, missed, progress, error);
  } finally {
    progress.lock?.release();
  }
}

/** Serves a token that still lives, or throws the error; and leaves notes of it for those who wait, and for its client. */
function failOver(
  host: Host,
  { given, name, shows = false, returning = false }: Missed,
  { isNoting, previous, attempt }: Progress,
  thrown: unknown,
): string {
  const error = forProfile(thrown, given.profile);
  const stale = staleAfter(host, previous, error);
  if (isNoting && (shows || attempt !== undefined) && prepareFolder(host)) {
    recordFailure(host, name, error, attempt, shows && stale === undefined);
    if (returning && attempt !== undefined) beginInterval(host, name, true);
  }
  if (stale === undefined) throw error;
  host.trace(`entry: served for its last seconds, since there is no new one: ${messageOf(error)}`);
  return stale.credential;
}

async function obtain(host: Host, missed: Missed, progress: Progress): Promise<string> {
  const began = host.now();
  const { settings, profileFile } = resolveCall(host, missed.given);
  progress.isNoting = settings.cache !== 'none' && prepareFolder(host);
  if (!progress.isNoting) return exchangeUncached(host, missed.given, settings);
  const file = settings.sourceFile;
  // Before it is read: if it changes while it is, it is another file from then on.
  const source = file === undefined ? undefined : recordOf(file);
  const isVouched = settings.sourceEnv === undefined && (file === undefined || source !== undefined);
  const store = storeOf(host, missed.name, settings);
  const first = store.isOnDisk ? missed.entry : await store.read();
  const bypass = { all: missed.force, credential: missed.returning ? first?.credential : undefined };
  const call: Call = {
    ...missed,
    settings,
    store,
    bypass,
    began,
    profile: isVouched ? profileFile : undefined,
    source: isVouched ? source : undefined,
  };
  // No look at files tells whether the entry is of this call, and its digest may be had without disturbing anybody.
  if (first !== undefined && !(store.isOnDisk && isVouched)) {
    const { entry } = await lookUp(host, call, first);
    const decision = decideNow(host, call, entry);
    if (entry !== undefined && decision !== 'exchange') {
      if (decision === 'serve-and-renew') (await import('./renewal.ts')).startRenewal(host, call.name);
      return entry.credential;
    }
  }
  return underLock(host, call, progress);
}

async function exchangeUncached(host: Host, given: Given, settings: Resolved): Promise<string> {
  const { target, sourceToken, digest } = await identify(host, given, settings);
  const issued = await issue(host, target, settings, sourceToken);
  traceNotes(host, issued);
  return toEntry(issued, { digest, ...unvouched }).credential;
}

async function underLock(host: Host, call: Call, progress: Progress): Promise<string> {
  const { settings, name } = call;
  const alive = servable(host, call, call.entry);
  const asksMs = alive === undefined && mayAsk(settings) ? sourcePatience : 0;
  const limitMs = timeoutSecondsOf(settings, alive) * 1000 + asksMs + outlastMs;
  // Another process may put a better one there while we wait.
  let answer: Entry | undefined;
  const done = (): boolean => (answer = vouchedEntry(host, call)) !== undefined;
  progress.lock = await acquire(host, entryFile(host, name, 'lock'), { limitMs, done });
  return answer?.credential ?? confirmOrExchange(host, call, progress, progress.lock);
}

/** The entry on the disk, if files tell that it is of this call and it answers it. */
function vouchedEntry(host: Host, call: Call): Entry | undefined {
  const entry = call.store.isOnDisk ? readEntry(host, call.name) : undefined;
  if (entry === undefined || !isVouchedFor(host, call.given, entry)) return undefined;
  return decideNow(host, call, entry) === 'exchange' ? undefined : entry;
}

/** The entry if its digest still holds, else a new one. */
async function confirmOrExchange(host: Host, call: Call, progress: Progress, lock: Lock): Promise<string> {
  const { settings, name, given, store, began, profile, source } = call;
  const kept = await store.read();
  const isVouched = kept !== undefined && store.isOnDisk && isVouchedFor(host, given, kept);
  progress.previous = isVouched ? servable(host, call, kept) : undefined;
  const attempt = (): Attempt => ({
    profile: profile?.identity,
    timeoutSeconds: timeoutSecondsOf(settings, progress.previous),
  });
  const shared = failureSince(host, name, began, attempt());
  if (shared !== undefined) throw shared;
  progress.attempt = attempt();
  const { identity, entry } = await withFallbackDeadline(lookUp(host, call, kept), progress.previous);
  progress.previous = servable(host, call, entry);
  const origin = { digest: identity.digest, written: began / 1000, profile, source };
  if (entry !== undefined && decideNow(host, call, entry) !== 'exchange') {
    // From here on files vouch for it again.
    if (store.isOnDisk) await writeWhileHeld(host, store, { ...entry, ...origin }, lock);
    return entry.credential;
  }
  progress.attempt = attempt();
  const timeout = progress.attempt.timeoutSeconds;
  const issued = await issue(host, identity.target, { ...settings, timeout }, identity.sourceToken);
  traceNotes(host, issued);
  const made = toEntry(issued, origin);
  await keep(host, name, store, made, lock, call.returning === true);
  return made.credential;
}

/** Reads the source token, and holds an entry against the digest that it makes. */
async function lookUp(
  host: Host,
  { given, settings }: Call,
  kept: Entry | undefined,
): Promise<{ identity: Identity; entry: Entry | undefined }> {
  const identity = await identify(host, given, settings);
  return { identity, entry: kept?.digest === identity.digest ? kept : undefined };
}

/** Before the lock a client that came back has named the credential that it does not want; under the lock that counts. */
function decideNow(host: Host, { bypass }: Call, entry: Entry | undefined): Decision {
  return decide(entry, host.now() / 1000, bypass, false);
}

function servable(host: Host, { bypass }: Call, entry: Entry | undefined): Entry | undefined {
  return entry !== undefined && !isBypassed(entry, bypass) && isServable(host, entry) ? entry : undefined;
}

/** What was granted otherwise than asked is for those who trace alone. */
function traceNotes(host: Host, { notes }: Issued): void {
  for (const note of notes) host.trace(`granted: ${note}`);
}
