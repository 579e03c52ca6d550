/** A login: prove the token, then keychain, profile and entry, in an order that leaves nothing behind when one fails. */
import { removeEntries, writeEntry, type Entry } from '../entry/entry.ts';
import { issue } from '../exchange/issue.ts';
import { badToken, badUsage, missingSetting, notLoggedIn, wrongAccount } from '../failures/usage.ts';
import type { Host } from '../host.ts';
import type { Flags } from '../settings/given.ts';
import { readGiven } from '../settings/given.ts';
import { readProfiles, writeProfile } from '../settings/profiles.ts';
import { mergeLayers } from '../settings/resolve.ts';
import type { Settings } from '../settings/table.ts';
import { label, targetOf, type Target } from '../settings/target.ts';
import { readClaims, type Claims } from '../source/claims.ts';
import { cleanToken, openSource, sourceKind, type Source } from '../source/source.ts';

export interface LoginRequest {
  readonly profile: string;
  readonly flags: Flags;
  /** Exchange once before anything is stored. */
  readonly verify: boolean;
  readonly readToken: () => Promise<string>;
  /** A token was given on the command line's terms (stdin, file, Secret). */
  readonly hasInput: boolean;
}

export interface Login {
  readonly target: Target;
  readonly place: string;
  /** Seconds that the proving token lives; undefined when it was not verified. */
  readonly life: number | undefined;
  readonly warnings: readonly string[];
}

/**
 * Logs a profile in.
 *
 * @throws SaTokenError of any kind; profile, keychain item and entries are then what they were
 */
export async function logIn(host: Host, request: LoginRequest): Promise<Login> {
  const { profile } = request;
  const before = readProfiles(host).get(profile);
  const given = readGiven(host, profile, request.flags, undefined);
  const settings = mergeLayers([before ?? {}, given.settings]);
  if (settings.server === undefined) {
    throw missingSetting(
      'server',
      `profile "${profile}"`,
      'add --server https://HOST/kubernetes (the address up to "/api")',
    );
  }
  const kept = sourceKind(settings) === 'keychain';
  if (!kept && request.hasInput)
    throw badUsage('a token is given, but the profile reads its source token elsewhere', 'login');
  const token = kept ? await askToken(request) : await readKept(host, profile, settings);
  const claims = readClaims(token);
  const target = targetOf(settings, claims);
  refuseOtherAccount(before, given.settings, claims, profile);

  const issued = request.verify ? await issue(host, target, settings, token) : undefined;
  const whole = { ...settings, namespace: target.namespace, 'service-account': target.serviceAccount };
  const source = await openSource(host, settings, label(target));
  await store(host, request.profile, whole, kept ? { source, token } : undefined, issued?.entry);
  return {
    target,
    place: source.place,
    life: issued?.life,
    warnings: [...warningsOf(settings, claims), ...(issued?.notes ?? [])],
  };
}

async function askToken(request: LoginRequest): Promise<string> {
  const token = cleanToken(await request.readToken(), 'the token');
  if (token === undefined) throw badToken('the token', 'is empty');
  return token;
}

async function readKept(host: Host, profile: string, settings: Settings): Promise<string> {
  const source = await openSource(host, settings, '');
  const token = await source.read();
  if (token === undefined) throw notLoggedIn(profile, source.place, 'see what should have put it there');
  return token;
}

/** A token of another account in an old profile is more likely a wrong paste than a wish. */
function refuseOtherAccount(
  before: Settings | undefined,
  flags: Settings,
  claims: Claims | undefined,
  profile: string,
): void {
  const { namespace, serviceAccount } = claims ?? {};
  const differs =
    (before?.namespace !== undefined &&
      namespace !== undefined &&
      flags.namespace === undefined &&
      before.namespace !== namespace) ||
    (before?.['service-account'] !== undefined &&
      serviceAccount !== undefined &&
      flags['service-account'] === undefined &&
      before['service-account'] !== serviceAccount);
  if (differs)
    throw wrongAccount(
      profile,
      `${before?.namespace}/${before?.['service-account']}`,
      `${namespace}/${serviceAccount}`,
    );
}

/** Keychain, then profile, then entries; a failure of the second takes back the first. Ctrl-C waits until it is done. */
async function store(
  host: Host,
  profile: string,
  settings: Settings,
  keep: { source: Source; token: string } | undefined,
  entry: Omit<Entry, 'written'> | undefined,
): Promise<void> {
  const release = host.holdSignals();
  try {
    const previous = keep === undefined ? undefined : await keep.source.read();
    try {
      await keep?.source.write(keep.token);
      await writeProfile(host, profile, settings);
    } catch (error) {
      await takeBack(keep?.source, previous);
      throw error;
    }
    try {
      removeEntries(host, profile);
    } catch {
      // What stays is older than the profile now and of another digest, so that it is never served.
    }
    if (entry !== undefined && (settings.cache ?? 'disk') === 'disk') writeEntry(host, profile, entry);
  } finally {
    release();
  }
}

async function takeBack(source: Source | undefined, previous: string | undefined): Promise<void> {
  try {
    await (previous === undefined ? source?.remove() : source?.write(previous));
  } catch {
    // The first failure is the one to tell.
  }
}

function warningsOf(settings: Settings, claims: Claims | undefined): string[] {
  const warnings: string[] = [];
  if (settings['insecure-skip-tls-verify'] === true) {
    warnings.push('insecure-skip-tls-verify: whoever answers at that address gets the source token');
  }
  if (claims?.boundTo !== undefined)
    warnings.push(`the source token is bound to a ${claims.boundTo} and dies with it`);
  return warnings;
}
