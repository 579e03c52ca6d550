/** Holds a token's signature against the keys that its issuer publishes. No I/O: the keys are given. */
import {
  compactVerify,
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  type CryptoKey,
  type JSONWebKeySet,
} from 'jose';
import { isObject, parseJson } from '../json.ts';

/** What an issuer publishes (OpenID discovery; contracts 3.7). */
export interface IssuerKeys {
  readonly keys: JSONWebKeySet;
  /** Where they were read. */
  readonly place: string;
}

/**
 * `valid`: signed with a published key. `unknown-key`: no published key is named in it. `invalid`: it names one that did
 * not sign it.
 */
export interface Signature {
  readonly state: 'valid' | 'unknown-key' | 'invalid';
  /** Id of the key that the token names. */
  readonly key: string | undefined;
  readonly place: string;
}

/** What API servers sign with, and external signers may (KEP-740); never a shared secret, never none. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

export async function checkSignature(token: string, { keys, place }: IssuerKeys): Promise<Signature> {
  const key = keyIdOf(token);
  try {
    await compactVerify(token, createLocalJWKSet(keys), { algorithms });
    return { state: 'valid', key, place };
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return { state: 'unknown-key', key, place };
    if (error instanceof errors.JWKSMultipleMatchingKeys)
      return { state: (await oneOf(token, error)) ? 'valid' : 'invalid', key, place };
    if (error instanceof errors.JOSEError) return { state: 'invalid', key, place };
    throw error;
  }
}

/** The key set in an answer; undefined when it is none. */
export function readKeySet(text: string): JSONWebKeySet | undefined {
  const set = parseJson(text);
  const keys: unknown[] | undefined = isObject(set) && Array.isArray(set['keys']) ? set['keys'] : undefined;
  return keys === undefined ? undefined : { keys: keys.filter((key) => isObject(key)) };
}

/** A token without a key id, and several keys that it could be of. */
async function oneOf(token: string, keys: AsyncIterable<CryptoKey>): Promise<boolean> {
  for await (const key of keys) {
    try {
      await compactVerify(token, key, { algorithms });
      return true;
    } catch {
      // The next one.
    }
  }
  return false;
}

function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    return undefined;
  }
}
