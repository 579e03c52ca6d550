/** A login: prove the token, then keychain, profile and entry, in an order that leaves nothing behind when one fails. */
import { issue } from '../exchange/issue.ts';
import { badToken, badUsage, missingSetting, notLoggedIn, wrongAccount } from '../failures/usage.ts';
import type { Host } from '../host.ts';
import type { Flags } from '../settings/given.ts';
import { readGiven } from '../settings/given.ts';
import { readProfiles } from '../settings/profiles.ts';
import { mergeLayers } from '../settings/resolve.ts';
import type { Settings } from '../settings/table.ts';
import { label, targetOf, type Target } from '../settings/target.ts';
import { readClaims, type Claims } from '../source/claims.ts';
import { whileNobodyLogsIn } from './keychain-item.ts';
import { cleanToken, openSource, sourceKind } from '../source/source.ts';
import { reportToken, type TokenReport } from './token-report.ts';
import { ending } from './token-warnings.ts';
import { leaveOld, storeLogin } from './store-login.ts';

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
  /** What became of the source token of the account or server before, in words. */
  readonly left: string | undefined;
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
  refuseOtherAccount(profile, before, given.settings, claims);

  const issued = request.verify ? await issue(host, target, settings, token) : undefined;
  const whole = { ...settings, namespace: target.namespace, 'service-account': target.serviceAccount };
  const source = await openSource(host, settings, label(target));
  const left = await whileNobodyLogsIn(host, async () => {
    await storeLogin(host, request.profile, whole, kept ? { source, token } : undefined, issued?.entry);
    return before && (await leaveOld(host, before));
  });
  return {
    target,
    place: source.place,
    life: issued?.life,
    warnings: [
      ...warningsOf(settings, claims),
      ...endOf(reportToken(token, source.place, host.now() / 1000)),
      ...(issued?.notes ?? []),
    ],
    left,
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
  profile: string,
  before: Settings | undefined,
  given: Settings,
  claims: Claims | undefined,
): void {
  const now = { namespace: claims?.namespace, 'service-account': claims?.serviceAccount };
  const differs = (['namespace', 'service-account'] as const).some(
    (name) =>
      given[name] === undefined &&
      before?.[name] !== undefined &&
      now[name] !== undefined &&
      before[name] !== now[name],
  );
  const shown = (of: Partial<Record<keyof typeof now, string | undefined>> = {}): string =>
    `${of.namespace ?? '(any)'}/${of['service-account'] ?? '(any)'}`;
  if (differs) throw wrongAccount(profile, shown(before), shown(now));
}

/** The issued tokens live as long as ever until then, so that nothing else tells it. */
function endOf(source: TokenReport): string[] {
  const end = ending(source);
  return end === undefined ? [] : [`the source token itself ${end.text}`];
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
