/** A login: which token is to be stored for which profile, what that would replace, and one exchange that proves it. */
import type { Host } from '../base/host.ts';
import { digestOf } from '../cache/key.ts';
import { toEntry, unvouched } from '../credential/keep.ts';
import { instead } from '../errors/error.ts';
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
import { readProfile, readProfiles, withProfilesLocked } from '../settings/profiles.ts';
import { mergeLayers, type Resolved } from '../settings/resolve.ts';
import { flagOf, sourceNames, type Settings } from '../settings/table.ts';
import { label, targetOf, type Target } from '../settings/target.ts';
import { difference, wayNames, wayOf } from '../settings/way.ts';
import { openSource } from '../source/open.ts';
import { cleanToken, sourceKind, type Source, type SourceToken } from '../source/source.ts';
import { readStored, takeOldItem, type StoredToken } from '../source/stored-token.ts';
import { readClaims, type Claims } from '../token/claims.ts';
import { reportToken } from '../token/report.ts';
import { ending } from '../token/warnings.ts';
import { store } from './store.ts';
import { insecureWarning } from './summary.ts';

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
  const { profile, fromProfile, verify } = request;
  const before = readProfiles(host).get(profile)?.();
  const given = mergeLayers([request.proposed, readGiven(host, profile, request.flags).settings]);
  const settings = settingsOf(host, request, given, before);
  const isKept = sourceKind(settings) === 'keychain';
  // The profile's own item. One that is garbled can be replaced with --force.
  const own = () => findStored(host, profile).catch(instead('bad-keychain-item', 'unreadable' as const));
  const stored = isKept ? await own() : undefined;
  const from = fromProfile === undefined ? undefined : await requireStored(host, fromProfile);
  const source = await openSource(host, profile, settings);
  const token = isKept
    ? (from?.token ?? (await chosenToken(request, settings, stored)))
    : await readSource(profile, source);
  const claims = readClaims(token);
  refuseOtherAccount(profile, before, given, claims);
  const target = targetOf(settings, claims);
  await agree(request, changesOf({ before, stored, from, target, token, verify }));

  const issued = verify ? await issue(host, target, settings, token) : undefined;
  const whole = { ...settings, namespace: target.namespace, serviceAccount: target.serviceAccount };
  const item = isKept ? { way: wayOf(settings), token } : undefined;
  // The first call compares the digest, and notes the files then.
  const entry = issued && toEntry(issued, { digest: digestOf(settings, label(target), token), ...unvouched });
  const left = await withProfilesLocked(host, () => store(host, profile, { settings: whole, item, entry }));
  const end = ending(reportToken(token, source.place, host.now() / 1000));
  return {
    target,
    place: source.place,
    life: issued?.life,
    warnings: [
      ...warningsOf(host, settings, claims),
      // Issued tokens live as long as ever until then, so that nothing else says it.
      ...(end === undefined ? [] : [`the source token itself ${end.text}`]),
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
  const start =
    before ?? (fromProfile === undefined ? {} : wayAndAccount(readProfile(host, fromProfile).settings));
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
  named: { namespace?: string | undefined; serviceAccount?: string | undefined } = {},
): string {
  return `${named.namespace ?? '(any)'}/${named.serviceAccount ?? '(any)'}`;
}

function wayAndAccount(settings: Settings): Settings {
  const names = new Set<string>([...wayNames, 'namespace', 'serviceAccount', 'proxyUrl']);
  return Object.fromEntries(Object.entries(settings).filter(([name]) => names.has(name)));
}

async function requireStored(host: Host, profile: string): Promise<StoredToken> {
  const stored = await findStored(host, profile);
  if (stored === undefined) throw notLoggedIn(profile, 'keychain', `kubectl sa-token login ${profile}`);
  return stored;
}

async function findStored(host: Host, profile: string): Promise<StoredToken | undefined> {
  return (await readStored(host, profile)) ?? takeOldItem(host, profile);
}

/** What was handed in; or the stored token, if the person lets it go another way; else the person is asked for one. */
async function chosenToken(
  { profile, handedIn, askToken, confirm }: LoginRequest,
  settings: Resolved,
  stored: StoredToken | 'unreadable' | undefined,
): Promise<SourceToken> {
  if (handedIn === undefined && typeof stored === 'object') {
    const differs = difference(stored.way, wayOf(settings));
    const question = `The token that is stored for "${profile}" goes to ${stored.way.server}; this login has ${differs}. Use that token for it?`;
    if (differs !== undefined && (await confirm(question)) === true) return stored.token;
  }
  const token = cleanToken(await (handedIn ?? askToken)(), 'the token');
  if (token === undefined) throw badToken('the token', 'is empty');
  return token;
}

async function readSource(profile: string, source: Source): Promise<SourceToken> {
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

/** Variables by which Node and OpenSSL trust more here than they do in an exec hook (src/base/host.ts). */
const trusting = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'];

function warningsOf({ env }: Host, settings: Resolved, claims: Claims | undefined): string[] {
  const warnings: string[] = [];
  if (settings.insecureSkipTlsVerify === true) warnings.push(insecureWarning);
  const variable = wayOf(settings).trust === 'system' ? trusting.find((name) => env[name]) : undefined;
  if (variable !== undefined)
    warnings.push(
      `kubectl's hook does not use ${variable}: if it is needed, name the file with --certificate-authority`,
    );
  if (claims?.boundTo !== undefined)
    warnings.push(`the source token is bound to ${claims.boundTo} and dies with it`);
  return warnings;
}
