/** An exchange for a call: its answer is kept, its failure noted for those who wait, and a token that lives goes before it. */
import { profileStamp, pruneEntries, renewalVariable, writeEntry, type Entry } from '../entry/entry.ts';
import { failureSince, forgetFailure, noteFailure } from '../entry/failed.ts';
import { entryFile, hasOwnSettings } from '../entry/folder.ts';
import { forgetParents } from '../entry/parents.ts';
import { forgetRefusal } from '../entry/refusal.ts';
import { issue } from '../exchange/issue.ts';
import type { Host } from '../host.ts';
import type { Resolved } from '../settings/resolve.ts';
import { discard } from '../small-files.ts';
import type { Identity } from './identity.ts';
import { serveOnce, timeoutOf } from './last-minute.ts';

/** What the exchange is for. */
export interface Wanted {
  readonly settings: Resolved;
  /** Of the entry. */
  readonly name: string;
  /** State of the profile file when the settings were read. */
  readonly stamp: string | undefined;
  /** When the call began, epoch milliseconds. */
  readonly began: number;
}

/**
 * A new credential, kept as an entry; `spare` where the server is away.
 *
 * @param spare - the entry, if it still lives
 */
export async function exchangeAndKeep(
  host: Host,
  { settings, name, stamp, began }: Wanted,
  identity: Identity,
  spare: Entry | undefined,
): Promise<string> {
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
    return serveOnce(host, spare, error);
  }
}

/** A login, logout or edit that came meanwhile makes what was issued a token of yesterday's settings: it is not kept. */
function keep(host: Host, name: string, issued: Omit<Entry, 'written'>, stamp: string | undefined): void {
  if (profileStamp(host) !== stamp) host.trace('entry: not written, since the profiles changed meanwhile');
  else if (writeEntry(host, name, issued)) {
    forgetParents(host, name);
    if (hasOwnSettings(name)) pruneEntries(host);
  } else host.trace('entry: could not be written; the next call exchanges again');
}

/** The exchange itself; what was granted otherwise than asked is for those who trace alone. */
export async function exchange(
  host: Host,
  settings: Resolved,
  { target, sourceToken }: Identity,
): Promise<Omit<Entry, 'written'>> {
  const issued = await issue(host, target, settings, sourceToken);
  for (const note of issued.notes) host.trace(`granted: ${note}`);
  return issued.entry;
}
