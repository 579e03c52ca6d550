/** The service account signing key of an API server, and the two shapes of claims it signs. */
import { createHash, generateKeyPair, randomUUID, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { SignJWT, compactVerify, exportJWK, type JSONWebKeySet, type JWTPayload } from 'jose';

export interface ObjectRef {
  name: string;
  uid: string;
}

/** Claims of a TokenRequest token (kubernetes/kubernetes pkg/serviceaccount/claims.go; src/CONTRACTS.md 3.5). */
export interface BoundClaims extends JWTPayload {
  'kubernetes.io': { namespace: string; serviceaccount: ObjectRef; secret?: ObjectRef };
}

export function isBound(claims: JWTPayload): claims is BoundClaims {
  return typeof claims['kubernetes.io'] === 'object';
}

export interface Signer {
  sign(claims: JWTPayload): Promise<string>;
  /** The claims, or undefined when this signer did not sign them. */
  verify(token: string): Promise<JWTPayload | undefined>;
  jwks: JSONWebKeySet;
}

interface KeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

export const LEGACY_ISSUER = 'kubernetes/serviceaccount';

/** The key of every server of a process that does not ask for its own: an RSA key takes longer than a whole test. */
let sharedKeys: Promise<KeyPair> | undefined;

/**
 * RS256 with the key's digest as its id, as kubeadm sets up and kubernetes/kubernetes pkg/serviceaccount/jwt.go names
 * it.
 */
export async function createSigner(ownKey: boolean): Promise<Signer> {
  const { privateKey, publicKey } = await (ownKey ? newKeys() : (sharedKeys ??= newKeys()));
  const kid = keyId(publicKey);
  const jwk = { use: 'sig', alg: 'RS256', kid, ...(await exportJWK(publicKey)) };
  return {
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey),
    verify: (token) => verify(token, publicKey),
    jwks: { keys: [jwk] },
  };
}

function newKeys(): Promise<KeyPair> {
  return promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
}

function keyId(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

async function verify(token: string, publicKey: KeyObject): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await compactVerify(token, publicKey, { algorithms: ['RS256'] });
    const claims: JWTPayload = JSON.parse(Buffer.from(payload).toString());
    return claims;
  } catch {
    return undefined;
  }
}

export function username(namespace: string, serviceAccount: string): string {
  return `system:serviceaccount:${namespace}:${serviceAccount}`;
}

interface BoundTokenRequest {
  issuer: string;
  audiences: string[];
  namespace: string;
  serviceAccount: ObjectRef;
  secret?: ObjectRef | undefined;
  issuedAt: number;
  seconds: number;
}

export function boundClaims(request: BoundTokenRequest): BoundClaims {
  const { namespace, serviceAccount, secret, issuedAt } = request;
  return {
    aud: request.audiences,
    exp: issuedAt + request.seconds,
    iat: issuedAt,
    iss: request.issuer,
    jti: randomUUID(),
    'kubernetes.io': { namespace, ...(secret ? { secret } : {}), serviceaccount: serviceAccount },
    nbf: issuedAt,
    sub: username(namespace, serviceAccount.name),
  };
}

/**
 * Claims of the token in a Secret: flat, and with no end (kubernetes/kubernetes pkg/serviceaccount/legacy.go;
 * src/CONTRACTS.md 3.5).
 */
export function legacyClaims(namespace: string, serviceAccount: ObjectRef, secretName: string): JWTPayload {
  return {
    iss: LEGACY_ISSUER,
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secretName,
    'kubernetes.io/serviceaccount/service-account.name': serviceAccount.name,
    'kubernetes.io/serviceaccount/service-account.uid': serviceAccount.uid,
    sub: username(namespace, serviceAccount.name),
  };
}
