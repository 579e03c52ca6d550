/** The exec hook, as its specification: the entry while it is fresh, else an exchange. Loads built-ins only when warm. */
import { exitCodeOf } from '../errors.ts';
import { isNewerThanProfiles, readEntry, type Entry } from '../entry/entry.ts';
import { render } from '../entry/exec-credential.ts';
import { judge, type Freshness } from '../entry/freshness.ts';
import { isClientGo, isRefused, noteForced, noteParent } from '../entry/parents.ts';
import { recallRefusal, rememberRefusal } from '../entry/refusal.ts';
import type { Host } from '../host.ts';
import { isHook, readExecInfo } from '../settings/exec-info.ts';
import { entryName, readGiven, readHook, type Given } from '../settings/given.ts';
import type { Call } from './call.ts';
import type { Unwanted } from './obtain.ts';

/** Thrown instead of an error that this parent has been told of: the exit code alone is repeated. */
export class AlreadyTold extends Error {
  override readonly name = 'AlreadyTold';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('the same failure was told a moment ago');
    this.exitCode = exitCode;
  }
}

/**
 * Gives what `get-token` prints.
 *
 * @throws SaTokenError for every way to fail; nothing has been printed then
 */
export async function getToken(host: Host, call: Call): Promise<string> {
  const execInfo = host.env['KUBERNETES_EXEC_INFO'];
  const { apiVersion, profile } = readExecInfo(host);
  const given = isHook(host)
    ? readHook(host, call.profile, profile)
    : readGiven(host, call.profile, call.flags);
  const name = entryName(given);
  // Other clients put our line into their own error, so they get it each time.
  const told = isClientGo(execInfo) ? recallRefusal(host, name) : undefined;
  if (told !== undefined) throw new AlreadyTold(told);

  const entry = readEntry(host, name);
  const freshness = call.forceRefresh ? 'dead' : freshnessOf(host, given, entry);
  const refused = freshness !== 'dead' && isClientGo(execInfo) && isRefused(host, name);
  if (refused) noteForced(host, name);
  host.trace(`entry ${name}: ${entry === undefined ? 'none' : refused ? 'refused with 401' : freshness}`);

  const served = refused || freshness === 'dead' || freshness === 'ending' ? undefined : entry;
  const unwanted = { force: call.forceRefresh, refused: refused ? entry?.credential : undefined };
  const kept = served?.credential ?? (await obtainOrRemember(host, given, name, unwanted));
  if (served !== undefined && freshness === 'aging') await renewInBackground(host, name);
  if (isClientGo(execInfo)) noteParent(host, name);
  return render(kept, call.output, apiVersion);
}

/** An entry without word on its settings (older than the profile file) is left to the exchange's side, which compares digests. */
function freshnessOf(host: Host, given: Given, entry: Entry | undefined): Freshness {
  if (entry === undefined || (given.settings.cache ?? 'disk') !== 'disk') return 'dead';
  if (given.profile !== undefined && !isNewerThanProfiles(host, entry)) return 'dead';
  return judge(entry, entry.written, host.now() / 1000);
}

async function obtainOrRemember(host: Host, given: Given, name: string, unwanted: Unwanted): Promise<string> {
  const { obtain } = await import('./obtain.ts');
  try {
    return await obtain(host, given, name, unwanted);
  } catch (error) {
    if (isClientGo(host.env['KUBERNETES_EXEC_INFO'])) rememberRefusal(host, name, exitCodeOf(error));
    throw error;
  }
}

async function renewInBackground(host: Host, name: string): Promise<void> {
  const { startRenewal } = await import('./renewal.ts');
  startRenewal(host, name);
}
