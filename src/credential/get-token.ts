/** The exec hook, as its specification: the entry while it is fresh, else an exchange. Loads built-ins only when warm. */
import type { Host } from '../base/host.ts';
import { isVouchedFor, readEntry } from '../cache/entry.ts';
import { exitCodeShown } from '../cache/failures.ts';
import { isFolderOurs } from '../cache/folder.ts';
import { decide } from '../cache/freshness.ts';
import { entryName } from '../cache/key.ts';
import { callerOf, noteClient, noteReturn } from '../cache/returning-clients.ts';
import { render } from '../exec/credential.ts';
import { isHook, readExecInfo } from '../exec/info.ts';
import { readGiven, readHook, type Given } from '../settings/overrides.ts';
import type { Call } from './arguments.ts';

/** Thrown in the place of an error that this client has shown a moment ago: the exit code alone is repeated. */
export class RepeatedFailure extends Error {
  override readonly name = 'RepeatedFailure';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('the same failure was shown a moment ago');
    this.exitCode = exitCode;
  }
}

/**
 * Gives what `get-token` prints.
 *
 * @throws SaTokenError for every way to fail, RepeatedFailure; nothing has been printed then
 */
export async function getToken(host: Host, call: Call): Promise<string> {
  const execInfo = host.env['KUBERNETES_EXEC_INFO'];
  const { apiVersion, profile } = readExecInfo(host);
  const given = isHook(host)
    ? readHook(host, call.profile, profile)
    : readGiven(host, call.profile, call.flags);
  const name = entryName(given);
  const caller = callerOf(execInfo);
  // Where others may have written into the folder, nothing in it is believed.
  const isOurs = isFolderOurs(host);
  // Other clients put our line into their own error, so they get it each time.
  const shown = isOurs && caller === 'client-go' ? exitCodeShown(host, name) : undefined;
  if (shown !== undefined) throw new RepeatedFailure(shown);

  const entry = isOurs ? readEntry(host, name) : undefined;
  const isOfCall = entry !== undefined && isVouchedFor(host, given, entry) && mayBeOnDisk(given);
  // A renewal is nobody's client, and a script that prints the token comes back for it each time.
  const isClient = !call.forceRefresh && (caller !== 'unnamed' || call.output === 'exec-credential');
  const back = isOurs && isClient ? noteReturn(host, name, caller) : undefined;
  if (back?.tooFresh !== undefined) await warnOfRefusal(host, given, name, back.tooFresh);
  const bypass = { all: call.forceRefresh };
  const returning = back?.forces === true;
  const decision = decide(isOfCall ? entry : undefined, host.now() / 1000, bypass, returning);
  const state = returning
    ? 'its client comes back, as after a 401'
    : isOfCall
      ? decision
      : 'perhaps of other settings';
  host.trace(`entry ${name}: ${entry === undefined ? 'none' : state}`);

  let credential = entry?.credential;
  if (decision === 'exchange' || credential === undefined) {
    const { credentialOnMiss } = await import('./miss.ts');
    const missed = { given, name, entry, force: call.forceRefresh, returning, shows: caller === 'client-go' };
    credential = await credentialOnMiss(host, missed);
  } else if (decision === 'serve-and-renew') (await import('./renewal.ts')).startRenewal(host, name);
  if (isClient && isFolderOurs(host)) noteClient(host, name);
  return render(credential, call.output, apiVersion);
}

/** With the cache in the keychain, or none, an entry on the disk is of other settings. */
function mayBeOnDisk({ settings }: Given): boolean {
  return (settings.cache ?? 'disk') === 'disk';
}

/** Where a person looks on: a pipe's reader may take the line for the answer. */
async function warnOfRefusal(host: Host, given: Given, name: string, seconds: number): Promise<void> {
  if (!host.errIsTerminal()) return;
  const { resolveSettings } = await import('../settings/resolve.ts');
  const { freshTokenRefused } = await import('../errors/api-server.ts');
  host.err(`${freshTokenRefused(name, resolveSettings(host, given).server, Math.round(seconds))}\n`);
}
