/** What a token says of itself, without the token: claims as they are, and the sums that people would do over them. */
import { objectAt, textAt, type JsonObject } from '../base/json.ts';
import { decodePart, readClaims, timeAt, type Claims } from './claims.ts';
import type { Signature } from './signature.ts';

export interface TokenReport {
  /** Where it is: `keychain`, `file ~/token`, `cache`. */
  readonly place: string;
  /** `opaque`: not a JWT, so nothing of it can be read. */
  readonly kind: 'legacy' | 'bound' | 'opaque';
  readonly subject: string | undefined;
  readonly issuer: string | undefined;
  readonly audiences: readonly string[];
  /** `Secret robot-token`: what revokes it when it is deleted. */
  readonly boundTo: string | undefined;
  readonly life: Life | undefined;
  /** Epoch seconds. */
  readonly issuedAt: number | undefined;
  readonly id: string | undefined;
  /** Present with --verify. */
  readonly signature?: Signature | undefined;
  readonly header: JsonObject | undefined;
  readonly claims: JsonObject | undefined;
}

/** Seconds; only of a token that ends. */
export interface Life {
  readonly expires: number;
  /** Undefined where the token does not say when it was issued. */
  readonly granted: number | undefined;
  readonly left: number;
}

/**
 * @param now - epoch seconds
 * @param expires - its end by the local clock, where that is known better than the claim tells
 */
export function reportToken(token: string, place: string, now: number, expires?: number): TokenReport {
  const parsed = readClaims(token);
  const [header, claims] = token.split('.').map(decodePart);
  const end = expires ?? parsed?.expires;
  return {
    place,
    kind: parsed === undefined ? 'opaque' : parsed.legacy ? 'legacy' : 'bound',
    subject: parsed?.subject,
    issuer: parsed?.issuer,
    audiences: parsed?.audiences ?? [],
    boundTo: parsed === undefined ? undefined : boundTo(parsed, claims),
    life:
      end === undefined
        ? undefined
        : { expires: end, granted: grantedLife(parsed), left: Math.floor(end - now) },
    issuedAt: parsed?.issuedAt,
    id: textAt(claims, 'jti'),
    header: parsed === undefined ? undefined : header,
    claims: parsed === undefined ? undefined : claims,
  };
}

function grantedLife(claims: Claims | undefined): number | undefined {
  return claims?.expires === undefined || claims.issuedAt === undefined
    ? undefined
    : claims.expires - claims.issuedAt;
}

/**
 * The first of the kinds that a token may be bound to (kubernetes/kubernetes pkg/serviceaccount/claims.go); a
 * Secret's own token counts as bound to it.
 */
function boundTo(parsed: Claims, claims: JsonObject | undefined): string | undefined {
  const nested = objectAt(claims, 'kubernetes.io');
  for (const kind of ['Pod', 'Node'] as const) {
    const name = textAt(objectAt(nested, kind.toLowerCase()), 'name');
    if (name !== undefined) return `${kind} ${name}`;
  }
  return parsed.secret === undefined ? undefined : `Secret ${parsed.secret.name}`;
}

/** When an extended token should have been renewed (src/CONTRACTS.md 3.2), epoch seconds. */
export function warnAfter(report: TokenReport): number | undefined {
  return timeAt(objectAt(report.claims, 'kubernetes.io'), 'warnafter');
}

/** How far two times of one answer may lie apart. Seconds. */
export const tolerance = 60;
