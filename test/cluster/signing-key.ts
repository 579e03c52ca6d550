/** The key that signs service account tokens, and the tokens that only a control plane can make. */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';

export interface SigningKey {
  privateKey: KeyObject;
  privatePem: string;
  publicPem: string;
  keyId: string;
}

/** RSA, as kubeadm makes it. */
export function createSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    privateKey,
    privatePem: privateKey.export({ type: 'pkcs1', format: 'pem' }),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }),
    // The server looks a key up by the digest of its public half.
    keyId: createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64url'),
  };
}

/** Signs any claims: a legacy token, or one whose life is already over. */
export function signToken({ privateKey, keyId }: SigningKey, claims: JWTPayload): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: keyId }).sign(privateKey);
}

export interface LegacyIdentity {
  namespace: string;
  serviceAccount: string;
  uid: string;
  secretName: string;
}

/** What kube-controller-manager signs for a Secret of type kubernetes.io/service-account-token: no expiry, no audience. */
export function signLegacyToken(key: SigningKey, identity: LegacyIdentity): Promise<string> {
  return signToken(key, {
    iss: 'kubernetes/serviceaccount',
    'kubernetes.io/serviceaccount/namespace': identity.namespace,
    'kubernetes.io/serviceaccount/secret.name': identity.secretName,
    'kubernetes.io/serviceaccount/service-account.name': identity.serviceAccount,
    'kubernetes.io/serviceaccount/service-account.uid': identity.uid,
    sub: `system:serviceaccount:${identity.namespace}:${identity.serviceAccount}`,
  });
}
