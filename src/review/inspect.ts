/** `inspect` as a use case: both tokens of a call, what they say, what to know of them, and whether their issuer signed them. */
import { tokenIn } from '../exec/credential.ts';
import { notVerified } from '../errors/api-server.ts';
import type { Host } from '../base/host.ts';
import type { Given } from '../settings/overrides.ts';
import { resolveSettings, type Resolved } from '../settings/resolve.ts';
import type { Target } from '../settings/target.ts';
import { checkSignature, type IssuerKeys } from '../token/signature.ts';
import { identify } from '../credential/source-token.ts';
import { findKeys, type KeySource } from './issuer-keys.ts';
import { cachedEntry, issuedToken } from '../credential/issued-token.ts';
import { reportToken, type TokenReport } from '../token/report.ts';
import { issuedWarnings, sourceWarnings, type Warning } from '../token/warnings.ts';

export interface Inspection {
  readonly profile: string | undefined;
  /** Undefined for a token that was handed in. */
  readonly target: Target | undefined;
  readonly source: TokenReport | undefined;
  /** Undefined when none is cached. */
  readonly issued: TokenReport | undefined;
  readonly warnings: readonly Warning[];
}

export interface InspectRequest {
  /** Exchange first, rather than look at what is cached. */
  readonly exchange: boolean;
  /** Where the issuer's keys are; undefined: signatures are not looked at. */
  readonly keys: KeySource | undefined;
}

/** @throws SaTokenError as the exchange and the keychain do */
export async function inspect(host: Host, given: Given, request: InspectRequest): Promise<Inspection> {
  const settings = resolveSettings(host, given);
  const { target, sourceToken, digest, place } = await identify(host, given, settings);
  const issued = request.exchange
    ? { token: await issuedToken(host, given, true), isCurrent: true, place: 'new', expires: undefined }
    : await cachedToken(host, given, settings, digest);
  const now = host.now() / 1000;
  const source = reportToken(sourceToken, place, now);
  const report = issued && reportToken(issued.token, issued.place, now, issued.expires);
  const keys = request.keys && (await findKeys(host, request.keys, issuersOf([report, source]), settings));
  return {
    profile: given.profile,
    target,
    source: await withSignature(source, sourceToken, keys),
    issued: report && issued && (await withSignature(report, issued.token, keys)),
    warnings: [
      ...sourceWarnings(source, target, now),
      ...(report && issued
        ? issuedWarnings(report, source, issued.isCurrent ? settings : undefined, now)
        : []),
    ],
  };
}

/** A token from elsewhere, of which nothing else is known. */
export async function inspectToken(
  host: Host,
  token: string,
  given: Given,
  request: InspectRequest,
): Promise<Inspection> {
  const issued = reportToken(token, 'standard input', host.now() / 1000);
  const keys = request.keys && (await findKeys(host, request.keys, issuersOf([issued]), given.settings));
  return {
    profile: undefined,
    target: undefined,
    source: undefined,
    issued: await withSignature(issued, token, keys),
    warnings: [],
  };
}

/**
 * Refuses what its issuer did not sign. A legacy token whose key is not published is no failure: with an external signer
 * such keys may be left out (src/CONTRACTS.md 3.7).
 *
 * @throws SaTokenError `not-verified`
 */
export function requireSignatures({ source, issued }: Inspection): void {
  for (const [name, report] of [
    ['the source token', source] as const,
    ['the issued token', issued] as const,
  ]) {
    if (report?.signature === undefined) continue;
    const { state, place, key } = report.signature;
    if (state === 'invalid') throw notVerified(name, `its signature does not fit the keys at ${place}`);
    if (state === 'unknown-key' && report.kind !== 'legacy')
      throw notVerified(
        name,
        `it is signed with key ${key ?? '(unnamed)'}, which is not among the keys at ${place}`,
      );
  }
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

function issuersOf(reports: readonly (TokenReport | undefined)[]): string[] {
  return reports.flatMap((report) => report?.issuer ?? []);
}

async function withSignature(
  report: TokenReport,
  token: string,
  keys: IssuerKeys | undefined,
): Promise<TokenReport> {
  if (keys === undefined || report.kind === 'opaque') return report;
  return { ...report, signature: await checkSignature(token, keys) };
}
