/**
 * Who a bearer token stands for, and the reason when it stands for nobody
 * (kubernetes/kubernetes pkg/serviceaccount/legacy.go, claims.go; src/CONTRACTS.md 3.5).
 */
import { timingSafeEqual } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { Cluster } from './cluster-state.ts';
import { key, type Account } from './resources.ts';
import { LEGACY_ISSUER, isBound, username, type BoundClaims } from './tokens.ts';

export interface User {
  username: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

export interface Authenticated {
  user: User;
  /** Those of the token that the caller asked for. */
  audiences: string[];
  warnings: string[];
}

/** The reason a 401 hides and a TokenReview tells. */
export class TokenRejected extends Error {}

/** go-jose's default leeway, both ways (src/CONTRACTS.md 3.5). */
const LEEWAY_SECONDS = 60;
const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since';
const AUTO_GENERATED =
  'Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.';

export const ANONYMOUS: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
const ADMIN: User = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

export interface Authenticator {
  cluster: Cluster;
  adminToken: string;
}

/** Throws TokenRejected. `audiences`: those that the caller accepts. */
export async function authenticate(
  { cluster, adminToken }: Authenticator,
  token: string,
  audiences: string[],
): Promise<Authenticated> {
  if (sameBytes(token, adminToken)) return { user: ADMIN, audiences, warnings: [] };
  const opaque = cluster.opaqueTokens.get(token);
  if (opaque) {
    const account = liveAccount(cluster, opaque.namespace, opaque.name);
    return { user: serviceAccountUser(account), audiences, warnings: [] };
  }
  const claims = await cluster.settings.signer.verify(token);
  const { issuer, apiAudiences } = cluster.settings;
  if (claims?.iss === LEGACY_ISSUER) {
    // A legacy token carries no audience: it is for the API server alone.
    const common = commonAudiences(apiAudiences, audiences);
    return { ...validateLegacy(cluster, token, claims), audiences: common };
  }
  if (claims?.iss !== issuer || !isBound(claims)) throw new TokenRejected('invalid bearer token');
  const common = commonAudiences([claims.aud ?? []].flat(), audiences);
  return { user: validateBound(cluster, claims), audiences: common, warnings: [] };
}

/** Audiences are looked at before anything else in the claims (kubernetes/kubernetes pkg/serviceaccount/jwt.go). */
function commonAudiences(tokenAudiences: string[], accepted: string[]): string[] {
  const common = accepted.filter((audience) => tokenAudiences.includes(audience));
  if (common.length > 0) return common;
  throw new TokenRejected(
    `token audiences ${goStrings(tokenAudiences)} is invalid for the target audiences ${goStrings(accepted)}`,
  );
}

/**
 * Secret first, then its bytes, then the account: the order of kubernetes/kubernetes pkg/serviceaccount/legacy.go.
 */
function validateLegacy(
  cluster: Cluster,
  token: string,
  claims: JWTPayload,
): { user: User; warnings: string[] } {
  const claim = (name: string) => String(claims[`kubernetes.io/serviceaccount/${name}`]);
  const namespace = claim('namespace');
  const secret = cluster.secrets.get(key({ namespace, name: claim('secret.name') }));
  if (!secret) throw new TokenRejected('Token has been invalidated');
  if (!sameBytes(secret.data['token'] ?? '', token))
    throw new TokenRejected("Token does not match server's copy");
  const account = liveAccount(cluster, namespace, claim('service-account.name'));
  if (account.uid !== claim('service-account.uid')) {
    const claimed = claim('service-account.uid');
    throw new TokenRejected(`ServiceAccount UID (${account.uid}) does not match claim (${claimed})`);
  }
  if (secret.labels[INVALID_SINCE])
    throw new TokenRejected(markedInvalid(namespace, secret.name, account.name));
  const warnings = account.secrets.includes(secret.name) ? [AUTO_GENERATED] : [];
  return { user: serviceAccountUser(account), warnings };
}

function markedInvalid(namespace: string, secret: string, account: string): string {
  const where = `the token in secret ${namespace}/${secret} for service account ${namespace}/${account}`;
  const advice = 'Use tokens from the TokenRequest API or manually created secret-based tokens';
  return `${where} has been marked invalid. ${advice}, or remove the '${INVALID_SINCE}' label from the secret to temporarily allow use of this token`;
}

function validateBound(cluster: Cluster, claims: BoundClaims): User {
  const seconds = cluster.settings.now() / 1000;
  if (seconds - LEEWAY_SECONDS > (claims.exp ?? 0))
    throw new TokenRejected('service account token has expired');
  if (seconds + LEEWAY_SECONDS < (claims.nbf ?? 0))
    throw new TokenRejected('service account token is not valid yet');
  const { namespace, serviceaccount, secret } = claims['kubernetes.io'];
  const account = liveAccount(cluster, namespace, serviceaccount.name);
  if (account.uid !== serviceaccount.uid) {
    throw new TokenRejected(
      `service account UID (${account.uid}) does not match claim (${serviceaccount.uid})`,
    );
  }
  if (secret) {
    const found = cluster.secrets.get(key({ namespace, name: secret.name }));
    if (!found) throw new TokenRejected('service account token has been invalidated');
    if (found.uid !== secret.uid) {
      const mismatch = `secret UID (${found.uid}) does not match service account secret ref claim (${secret.uid})`;
      throw new TokenRejected(mismatch);
    }
  }
  const user = serviceAccountUser(account);
  if (claims.jti) user.extra = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] };
  return user;
}

/** A list of strings as Go's %q prints it. */
function goStrings(list: string[]): string {
  return `[${list.map((item) => JSON.stringify(item)).join(' ')}]`;
}

function liveAccount(cluster: Cluster, namespace: string, name: string): Account {
  const account = cluster.accounts.get(key({ namespace, name }));
  if (!account) throw new TokenRejected(`serviceaccounts "${name}" not found`);
  return account;
}

/** kubernetes/apiserver pkg/authentication/serviceaccount/util.go. */
function serviceAccountUser({ namespace, name, uid }: Account): User {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return { username: username(namespace, name), uid, groups };
}

function sameBytes(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
