/** Holds a token's signature against the keys that its issuer publishes. No I/O: the keys are given. */
import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import { isObject, textAt } from '../base/json.ts';
import { decodePart } from './claims.ts';

/** What an issuer publishes (OpenID Connect Discovery 1.0, section 3, `jwks_uri`). */
export interface IssuerKeys {
  readonly keys: JSONWebKeySet;
  /** Where they were read. */
  readonly place: string;
  /** The token alone names that place, and whoever made the token may have made the keys too. */
  readonly selfNamed?: boolean | undefined;
}

/**
 * `valid`: signed with a published key. `self-consistent`: the same, with keys from a place that only the token names.
 * `unknown-key`: no published key is named in it. `invalid`: it names one that did not sign it.
 */
export interface Signature {
  readonly state: 'valid' | 'self-consistent' | 'unknown-key' | 'invalid';
  /** Id of the key that the token names. */
  readonly key: string | undefined;
  readonly place: string;
}

/** What API servers sign with, and external signers may (KEP-740); never a shared secret, never none. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** @returns the state for any text, also for one that is not a JWT */
export async function checkSignature(
  token: string,
  { keys, place, selfNamed }: IssuerKeys,
): Promise<Signature> {
  const key = textAt(decodePart(token.split('.')[0] ?? ''), 'kid');
  try {
    await compactVerify(token, createLocalJWKSet(keys), { algorithms });
    return { state: selfNamed === true ? 'self-consistent' : 'valid', key, place };
  } catch (error) {
    // A token without a key id, and several keys that it could be of: no API server signs such.
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
      return { state: 'unknown-key', key, place };
    if (error instanceof errors.JOSEError) return { state: 'invalid', key, place };
    throw error;
  }
}

/** The key set in an answer's JSON; undefined when it is none. */
export function readKeySet(set: unknown): JSONWebKeySet | undefined {
  const keys: unknown[] | undefined = isObject(set) && Array.isArray(set['keys']) ? set['keys'] : undefined;
  return keys === undefined ? undefined : { keys: keys.filter((key) => isObject(key)) };
}
