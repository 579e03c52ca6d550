/** A login: prove the token, then keychain, profile and entry, in an order that leaves nothing behind when one step fails. */
import { isDeepStrictEqual } from 'node:util';
import { recordOf } from '../base/file-identity.ts';
import type { Host } from '../base/host.ts';
import type { Entry } from '../cache/entry.ts';
import { digestOf } from '../cache/key.ts';
import { beginInterval } from '../cache/returning-clients.ts';
import { forgetEntries, storeOf } from '../cache/store.ts';
import { toEntry } from '../credential/keep.ts';
import { codeOf, messageOf } from '../errors/error.ts';
import {
  badToken,
  badUsage,
  interrupted,
  loginReplaces,
  missingSetting,
  notLoggedIn,
  wrongAccount,
} from '../errors/usage.ts';
import { issue } from '../exchange/exchange.ts';
import { readGiven, type Flags } from '../settings/overrides.ts';
import {
  readProfile,
  readProfiles,
  requireProfile,
  withProfilesLocked,
  writeProfile,
} from '../settings/profiles.ts';
import { mergeLayers, type Resolved } from '../settings/resolve.ts';
import { flagOf, sourceNames, type Settings } from '../settings/table.ts';
import { targetOf, type Target, label } from '../settings/target.ts';
import { difference, wayNames, wayOf } from '../settings/way.ts';
import { openSource } from '../source/open.ts';
import { cleanToken, sourceKind, type SourceToken } from '../source/source.ts';
import {
  readStored,
  removeStored,
  takeOldItem,
  writeStored,
  type StoredToken,
} from '../source/stored-token.ts';
import { readClaims, type Claims } from '../token/claims.ts';
import { reportToken, type TokenReport } from '../token/report.ts';
import { ending } from '../token/warnings.ts';

export interface LoginRequest {
  readonly profile: string;
  readonly flags: Flags;
  /** What a kubeconfig's cluster proposes, and the person has agreed to; flags count before it. */
  readonly proposed: Settings;
  /** Exchange once before anything is stored. */
  readonly verify: boolean;
  /** Replace the login of another server or account without a question. */
  readonly force: boolean;
  /** Reads the token that was handed in (stdin, file, Secret); undefined where none was. */
  readonly handedIn: (() => Promise<string>) | undefined;
  /** Take the stored token of this profile. */
  readonly fromProfile: string | undefined;
  /** Asks the person for the token. */
  readonly askToken: () => Promise<string>;
  /** Asks the person a question; undefined where there is no terminal. */
  readonly confirm: (question: string) => Promise<boolean | undefined>;
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
 * @throws SaTokenError `login-replaces` where the profile has a login of another server or account, and nobody agreed;
 *   `bad-token`, `bad-usage`, `missing-setting`, and those of the keychain and the exchange. Profile, keychain item and
 *   entries are then as they were.
 */
export async function logIn(host: Host, request: LoginRequest): Promise<Login> {
  const { profile, fromProfile } = request;
  const before = readProfiles(host).get(profile);
  const given = mergeLayers([request.proposed, readGiven(host, profile, request.flags).settings]);
  const settings = settingsOf(host, request, given, before);
  const inKeychain = sourceKind(settings) === 'keychain';
  const stored = inKeychain ? await readOwn(host, profile) : undefined;
  const from = fromProfile === undefined ? undefined : await requireStored(host, fromProfile);
  const began = host.now() / 1000;
  const file = settings.sourceFile;
  const sourceFile = file === undefined ? undefined : recordOf(file);
  const token = inKeychain
    ? await chooseToken(request, settings, stored, from)
    : await readSource(host, profile, settings);
  const claims = readClaims(token);
  refuseOtherAccount(profile, before, given, claims);
  const target = targetOf(settings, claims);
  await agree(request, changesOf({ before, stored, from, target, token, verify: request.verify }));

  const issued = request.verify ? await issue(host, target, settings, token) : undefined;
  const digest = digestOf(settings, label(target), token);
  const origin = { digest, written: began, profile: undefined, source: sourceFile };
  const entry = issued && toEntry(issued, origin);
  const whole = { ...settings, namespace: target.namespace, serviceAccount: target.serviceAccount };
  const keep = inKeychain ? { way: wayOf(settings), token } : undefined;
  const { place } = await openSource(host, profile, settings);
  const left = await withProfilesLocked(host, () =>
    store(host, profile, { settings: whole, keep, entry, before }),
  );
  return {
    target,
    place,
    life: issued?.life,
    warnings: [
      ...warningsOf(host, settings, claims),
      ...endOf(reportToken(token, place, host.now() / 1000)),
      ...(issued?.notes ?? []),
      ...left,
    ],
  };
}

/** What was given over the profile; a new profile starts with the server and the account of `fromProfile`. */
function settingsOf(
  host: Host,
  { profile, fromProfile, handedIn }: LoginRequest,
  given: Settings,
  before: Settings | undefined,
): Resolved {
  const start = before ?? (fromProfile === undefined ? {} : wayAndAccount(requireProfile(host, fromProfile)));
  const settings = mergeLayers([start, given]);
  if (handedIn !== undefined || fromProfile !== undefined) {
    const other = sourceNames.find((name) => given[name] !== undefined);
    if (other !== undefined)
      throw badUsage(`a token is given, and --${flagOf(other)} names another place for it`, 'login');
    // A token that is given goes into the keychain, wherever the profile had it before.
    for (const name of sourceNames) delete settings[name];
  }
  if (settings.server !== undefined) return { ...settings, server: settings.server };
  throw missingSetting(
    'server',
    `profile "${profile}"`,
    'add --server https://HOST/kubernetes (the address up to "/api")',
  );
}

/** The token of another account than the profile's is a mistake, unless the call names the account. */
function refuseOtherAccount(
  profile: string,
  before: Settings | undefined,
  given: Settings,
  claims: Claims | undefined,
): void {
  const now = { namespace: claims?.namespace, serviceAccount: claims?.serviceAccount };
  const names = ['namespace', 'serviceAccount'] as const;
  const differs = names.some(
    (name) => before?.[name] !== undefined && now[name] !== undefined && before[name] !== now[name],
  );
  if (differs && names.every((name) => given[name] === undefined))
    throw wrongAccount(profile, accountIn(before), accountIn(now));
}

function accountIn(
  settings: Partial<Record<'namespace' | 'serviceAccount', string | undefined>> = {},
): string {
  return `${settings.namespace ?? '(any)'}/${settings.serviceAccount ?? '(any)'}`;
}

function wayAndAccount(settings: Settings): Settings {
  const names = new Set<string>([...wayNames, 'namespace', 'serviceAccount', 'proxyUrl']);
  return Object.fromEntries(Object.entries(settings).filter(([name]) => names.has(name)));
}

/** The profile's own item. One that is garbled can be replaced with --force. */
async function readOwn(host: Host, profile: string): Promise<StoredToken | 'unreadable' | undefined> {
  try {
    return (await readStored(host, profile)) ?? (await takeOldItem(host, profile));
  } catch (error) {
    if (codeOf(error) === 'bad-keychain-item') return 'unreadable';
    throw error;
  }
}

async function requireStored(host: Host, profile: string): Promise<StoredToken> {
  const stored = (await readStored(host, profile)) ?? (await takeOldItem(host, profile));
  if (stored === undefined) throw notLoggedIn(profile, 'keychain', `kubectl sa-token login ${profile}`);
  return stored;
}

/** What was handed in, or stored for another profile, or for this one and another way; else the person is asked. */
async function chooseToken(
  { profile, handedIn, askToken, confirm }: LoginRequest,
  settings: Resolved,
  stored: StoredToken | 'unreadable' | undefined,
  from: StoredToken | undefined,
): Promise<SourceToken> {
  if (from !== undefined) return from.token;
  if (handedIn === undefined && typeof stored === 'object') {
    const differs = difference(stored.way, wayOf(settings));
    const question = `The token that is stored for "${profile}" goes to ${stored.way.server}; this login has ${differs}. Use that token for it?`;
    if (differs !== undefined && (await confirm(question)) === true) return stored.token;
  }
  const token = cleanToken(await (handedIn ?? askToken)(), 'the token');
  if (token === undefined) throw badToken('the token', 'is empty');
  return token;
}

async function readSource(host: Host, profile: string, settings: Resolved): Promise<SourceToken> {
  const source = await openSource(host, profile, settings);
  const token = await source.read();
  if (token === undefined) throw notLoggedIn(profile, source.place, 'check what writes it');
  return token;
}

interface Change {
  readonly before: Settings | undefined;
  readonly stored: StoredToken | 'unreadable' | undefined;
  readonly from: StoredToken | undefined;
  readonly target: Target;
  readonly token: SourceToken;
  readonly verify: boolean;
}

/** What a person may not want to lose: the login of another server or account, or a token for one that nothing has proved. */
function changesOf({ before, stored, from, target, token, verify }: Change): string[] {
  const { server, namespace, serviceAccount: account } = before ?? {};
  const changes: string[] = [];
  if (server !== undefined && server !== target.server)
    changes.push(`it is for ${server}, not ${target.server}`);
  if (
    (namespace ?? target.namespace) !== target.namespace ||
    (account ?? target.serviceAccount) !== target.serviceAccount
  )
    changes.push(`it is for ${accountIn(before)}, not ${target.namespace}/${target.serviceAccount}`);
  if (stored === 'unreadable') changes.push('its keychain item cannot be read');
  // A stored token that was chosen, or given again, for another way is no surprise.
  const taken = from ?? (typeof stored === 'object' && stored.token !== token ? stored : undefined);
  if (taken !== undefined && taken.way.server !== target.server && taken.way.server !== server)
    changes.push(`the stored token is for ${taken.way.server}, not ${target.server}`);
  if (!verify && typeof stored === 'object' && stored.token !== token)
    changes.push('a token is stored, and --no-verify would replace it with one that nothing has proved');
  return changes;
}

/** @throws SaTokenError `login-replaces` without --force and without a terminal, `interrupted` for a "no" */
async function agree({ profile, force, confirm }: LoginRequest, changes: readonly string[]): Promise<void> {
  if (changes.length === 0 || force) return;
  const agreed = await confirm(`This replaces the login of "${profile}": ${changes.join('; ')}. Replace it?`);
  if (agreed === undefined) throw loginReplaces(profile, changes);
  if (!agreed) throw interrupted();
}

interface Stored {
  readonly settings: Settings;
  readonly keep: StoredToken | undefined;
  /** Of the proving token. */
  readonly entry: Entry | undefined;
  readonly before: Settings | undefined;
}

/**
 * Keychain, then profile, then entries; a failure of the second takes back the first. Ctrl-C waits until it is done.
 *
 * @returns what to tell
 */
async function store(
  host: Host,
  profile: string,
  { settings, keep, entry, before }: Stored,
): Promise<string[]> {
  const release = host.holdSignals();
  try {
    const previous = keep === undefined ? undefined : await readOld(host, profile);
    try {
      if (keep !== undefined) await writeStored(host, profile, keep);
      writeProfile(host, profile, settings);
    } catch (error) {
      if (keep !== undefined) await takeBack(host, profile, previous);
      throw error;
    }
    await refreshCache(host, profile, settings, entry);
    return keep === undefined && before !== undefined && sourceKind(before) === 'keychain'
      ? await leaveKeychain(host, profile)
      : [];
  } finally {
    release();
  }
}

/** The login is done by now: what goes wrong here costs the next call an exchange, and not the login. */
async function refreshCache(
  host: Host,
  profile: string,
  settings: Settings,
  entry: Entry | undefined,
): Promise<void> {
  try {
    await forgetEntries(host, profile);
  } catch {
    // What stays is of another digest, so that it is never served.
  }
  if (entry === undefined || (settings.cache ?? 'disk') !== 'disk') return;
  try {
    const whole = { ...entry, ...vouchedBy(host, profile, settings, entry) };
    await storeOf(host, profile, settings).write(whole);
    beginInterval(host, profile, false);
  } catch (error) {
    host.trace(`entry: not kept: ${messageOf(error)}`);
  }
}

/** The profile file that was just written, unless somebody has edited it since; then the entry's digest decides. */
function vouchedBy(host: Host, name: string, settings: Settings, { source }: Entry): Partial<Entry> {
  const written = host.now() / 1000;
  const stored = readProfile(host, name);
  const isVouched =
    settings.sourceEnv === undefined && (settings.sourceFile === undefined || source !== undefined);
  return isVouched && isDeepStrictEqual(stored.settings, settings)
    ? { written, profile: stored.file }
    : { source: undefined };
}

/** An unreadable item will be overwritten, and cannot be restored. */
async function readOld(host: Host, profile: string): Promise<StoredToken | undefined> {
  return readStored(host, profile).catch((error: unknown) => {
    if (codeOf(error) === 'bad-keychain-item') return undefined;
    throw error;
  });
}

async function takeBack(host: Host, profile: string, previous: StoredToken | undefined): Promise<void> {
  try {
    await (previous === undefined ? removeStored(host, profile) : writeStored(host, profile, previous));
  } catch {
    // The first failure is the one to tell.
  }
}

/** The profile reads its token elsewhere from now on. */
async function leaveKeychain(host: Host, profile: string): Promise<string[]> {
  try {
    return (await removeStored(host, profile))
      ? [`the source token of "${profile}" was removed from the keychain`]
      : [];
  } catch (error) {
    return [`the source token of "${profile}" is still in the keychain: ${messageOf(error)}`];
  }
}

/** The issued tokens live as long as ever until then, so that nothing else tells it. */
function endOf(source: TokenReport): string[] {
  const end = ending(source);
  return end === undefined ? [] : [`the source token itself ${end.text}`];
}

/** Variables by which Node and OpenSSL trust more here than they do in an exec hook (src/base/host.ts). */
const trusting = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'];

function warningsOf({ env }: Host, settings: Resolved, claims: Claims | undefined): string[] {
  const warnings: string[] = [];
  if (settings.insecureSkipTlsVerify === true)
    warnings.push('insecure-skip-tls-verify: whoever answers at that address gets the source token');
  const variable = wayOf(settings).trust === 'system' ? trusting.find((name) => env[name]) : undefined;
  if (variable !== undefined)
    warnings.push(
      `kubectl's hook does not use ${variable}: if it is needed, name the file with --certificate-authority`,
    );
  if (claims?.boundTo !== undefined)
    warnings.push(`the source token is bound to ${claims.boundTo} and dies with it`);
  return warnings;
}
