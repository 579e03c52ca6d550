/** An exchange for a call: its answer is kept, its failure noted for those who wait, and a token that lives goes before it. */
import { profileStamp, pruneEntries, type Entry, type NewEntry } from '../entry/entry.ts';
import { failureSince, forgetFailure, noteFailure } from '../entry/failed.ts';
import { entryFile, hasOwnSettings } from '../entry/folder.ts';
import { forgetParents } from '../entry/parents.ts';
import { forgetRefusal } from '../entry/refusal.ts';
import { issue } from '../exchange/issue.ts';
import type { Host } from '../host.ts';
import type { Resolved } from '../settings/resolve.ts';
import { discard } from '../small-files.ts';
import type { EntryStore } from './entry-store.ts';
import type { Identity } from './identity.ts';
import { serveOnce, timeoutOf } from './last-minute.ts';

/** What the exchange is for. */
export interface ExchangeContext {
  readonly settings: Resolved;
  /** Of the entry. */
  readonly name: string;
  readonly store: EntryStore;
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
  context: ExchangeContext,
  identity: Identity,
  spare: Entry | undefined,
): Promise<string> {
  const { settings, name, stamp, began } = context;
  const timeout = timeoutOf(settings, spare !== undefined);
  const attempt = { stamp, patience: timeout };
  const shared = failureSince(host, name, began, attempt);
  if (shared !== undefined) return serveOnce(host, spare, shared);
  try {
    const issued = await exchange(host, { ...settings, timeout }, identity);
    await keep(host, context, issued);
    forgetRefusal(host, name);
    forgetFailure(host, name);
    // A renewal that fails leaves its note: the next one comes after a while, and not with the next caller.
    discard(entryFile(host, name, 'renewing'));
    return issued.credential;
  } catch (error) {
    noteFailure(host, name, error, attempt);
    return serveOnce(host, spare, error);
  }
}

/** A login, logout or edit that came meanwhile makes what was issued a token of yesterday's settings: it is not kept. */
async function keep(host: Host, { name, stamp, store }: ExchangeContext, issued: NewEntry): Promise<void> {
  if (profileStamp(host) !== stamp)
    return host.trace('entry: not written, since the profiles changed meanwhile');
  if (!(await store.write(issued)))
    return host.trace('entry: could not be written; the next call exchanges again');
  // It came while the entry was written, and may have looked for it too early.
  if (profileStamp(host) !== stamp) return store.remove();
  forgetParents(host, name);
  if (hasOwnSettings(name)) pruneEntries(host);
}

/** The exchange itself; what was granted otherwise than asked is for those who trace alone. */
export async function exchange(
  host: Host,
  settings: Resolved,
  { target, sourceToken }: Identity,
): Promise<NewEntry> {
  const issued = await issue(host, target, settings, sourceToken);
  for (const note of issued.notes) host.trace(`granted: ${note}`);
  return issued.entry;
}
