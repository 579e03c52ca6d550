/** `inspect` as a use case: both tokens of a call, what they say, what to know of them, and whether their issuer signed them. */
import { tokenIn } from '../exec/credential.ts';
import { notVerified, unknownIssuer } from '../errors/api-server.ts';
import type { Access } from '../api/context.ts';
import { isSafeAddress } from '../settings/parse.ts';
import { timeoutMs, type Settings } from '../settings/table.ts';
import type { Host } from '../base/host.ts';
import type { Given } from '../settings/overrides.ts';
import { resolveSettings, type Resolved } from '../settings/resolve.ts';
import type { Target } from '../settings/target.ts';
import { checkSignature, type IssuerKeys } from '../token/signature.ts';
import { identify } from '../credential/source-token.ts';
import { cachedEntry, issuedToken } from '../credential/issued-token.ts';
import { reportToken, type TokenReport } from '../token/report.ts';
import { issuedWarnings, sourceWarnings, type Warning } from '../token/warnings.ts';

export interface Inspection {
  readonly profile: string | undefined;
  readonly target: Target;
  readonly source: TokenReport;
  /** Undefined when none is cached. */
  readonly issued: TokenReport | undefined;
  readonly warnings: readonly Warning[];
}

/** At most one is given; with neither it is the issuer that the token itself names. */
export interface KeySource {
  /** Through the API server, as the kubeconfig's user. */
  readonly access: Access | undefined;
  /** URL of the issuer. */
  readonly issuer: string | undefined;
}

/**
 * @param exchange - exchange first, rather than look at what is cached
 * @param from - where the issuer's keys are; undefined: signatures are not looked at
 * @throws SaTokenError of the exchange, the source and the issuer's keys
 */
export async function inspect(
  host: Host,
  given: Given,
  exchange: boolean,
  from: KeySource | undefined,
): Promise<Inspection> {
  const settings = resolveSettings(host, given);
  const { target, sourceToken, digest, place } = await identify(host, given, settings);
  const issued = exchange
    ? { token: await issuedToken(host, given, true), isCurrent: true, place: 'new', expires: undefined }
    : await cachedToken(host, given, settings, digest);
  const now = host.now() / 1000;
  const source = reportToken(sourceToken, place, now);
  const report = issued && reportToken(issued.token, issued.place, now, issued.expires);
  const keys = from && (await findKeys(host, from, [report?.issuer, source.issuer], settings));
  const current = issued?.isCurrent === true ? settings : undefined;
  return {
    profile: given.profile,
    target,
    source: await withSignature(source, sourceToken, keys),
    issued: report && issued && (await withSignature(report, issued.token, keys)),
    warnings: [
      ...sourceWarnings(source, target, now),
      ...(report === undefined ? [] : issuedWarnings(report, source, current, now)),
    ],
  };
}

/** A token from elsewhere, of which nothing else is known. */
export async function inspectToken(
  host: Host,
  token: string,
  { settings }: Given,
  from: KeySource | undefined,
): Promise<TokenReport> {
  const report = reportToken(token, 'standard input', host.now() / 1000);
  const keys = from && (await findKeys(host, from, [report.issuer], settings));
  return withSignature(report, token, keys);
}

/**
 * Refuses what its issuer did not sign. A legacy token whose key is not published is no failure: with an external signer
 * such keys may be left out (src/CONTRACTS.md 3.7).
 *
 * @param name - of the token, as a message says it
 * @throws SaTokenError `not-verified`
 */
export function requireSignature(name: string, { kind, signature }: TokenReport): void {
  if (signature === undefined) return;
  const { state, place, key } = signature;
  if (state === 'invalid') throw notVerified(name, `its signature does not fit the keys at ${place}`);
  if (state === 'unknown-key' && kind !== 'legacy')
    throw notVerified(
      name,
      `it is signed with key ${key ?? '(unnamed)'}, which is not among the keys at ${place}`,
    );
}

async function cachedToken(
  host: Host,
  given: Given,
  settings: Resolved,
  digest: string,
): Promise<{ token: string; isCurrent: boolean; place: string; expires: number } | undefined> {
  const entry = await cachedEntry(host, given, settings);
  return (
    entry && {
      token: tokenIn(entry.credential),
      isCurrent: entry.digest === digest,
      place: settings.cache === 'keychain' ? 'cached in the keychain' : 'cached',
      // By the local clock, which the claim may not be.
      expires: entry.expires,
    }
  );
}

async function withSignature(
  report: TokenReport,
  token: string,
  keys: IssuerKeys | undefined,
): Promise<TokenReport> {
  if (keys === undefined || report.kind === 'opaque') return report;
  return { ...report, signature: await checkSignature(token, keys) };
}

/**
 * @param issuers - `iss` of the tokens
 * @param settings - how to reach the profile's own server, if there is one, and how long to wait
 * @throws SaTokenError `unknown-issuer`, `keys-unreachable`, `bad-keys`, or of the kubeconfig and its user
 */
async function findKeys(
  host: Host,
  source: KeySource,
  issuers: readonly (string | undefined)[],
  settings: Settings,
): Promise<IssuerKeys> {
  // Late, for it brings along the library that reads kubeconfigs.
  const { keysOfCluster, keysOfIssuer } = await import('../api/jwks.ts');
  if (source.access !== undefined) {
    const { loadKubeConfig } = await import('../api/context.ts');
    return keysOfCluster(host, loadKubeConfig(host, source.access), timeoutMs(settings));
  }
  if (source.issuer !== undefined) return keysOfIssuer(host, settings, source.issuer);
  const issuer = issuers.find((each) => each !== undefined && isSafeAddress(each));
  if (issuer === undefined) throw unknownIssuer(issuers.find(Boolean) ?? '');
  return { ...(await keysOfIssuer(host, settings, issuer)), selfNamed: true };
}
