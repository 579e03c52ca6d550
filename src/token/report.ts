/** What a token says of itself, without the token: claims as they are, and the sums that people would do over them. */
import { textAt, type JsonObject } from '../base/json.ts';
import { decodePart, readClaims } from './claims.ts';
import type { Signature } from './signature.ts';

export interface TokenReport {
  /** Where it is: `keychain`, `file ~/token`, `cache`. */
  readonly place: string;
  /** `opaque`: not a JWT, so nothing of it can be read. */
  readonly kind: 'legacy' | 'bound' | 'opaque';
  readonly subject: string | undefined;
  readonly issuer: string | undefined;
  readonly audiences: readonly string[];
  /** `Secret robot-token`: what revokes it when it is deleted; also for a Secret's own token. */
  readonly boundTo: string | undefined;
  readonly life: Life | undefined;
  /** Epoch seconds. */
  readonly issuedAt: number | undefined;
  /** When an extended token should have been renewed (src/CONTRACTS.md 3.2). Epoch seconds. */
  readonly warnAfter: number | undefined;
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
  const granted =
    parsed?.expires === undefined || parsed.issuedAt === undefined
      ? undefined
      : parsed.expires - parsed.issuedAt;
  const secret = parsed?.secret && `Secret ${parsed.secret.name}`;
  return {
    place,
    kind: parsed === undefined ? 'opaque' : parsed.legacy ? 'legacy' : 'bound',
    subject: parsed?.subject,
    issuer: parsed?.issuer,
    audiences: parsed?.audiences ?? [],
    boundTo: parsed?.boundTo ?? secret,
    life: end === undefined ? undefined : { expires: end, granted, left: Math.floor(end - now) },
    issuedAt: parsed?.issuedAt,
    warnAfter: parsed?.warnAfter,
    id: textAt(claims, 'jti'),
    header: parsed === undefined ? undefined : header,
    claims: parsed === undefined ? undefined : claims,
  };
}

/** How far two times of one answer may lie apart. Seconds. */
export const tolerance = 60;
