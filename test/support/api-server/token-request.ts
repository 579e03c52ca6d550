/**
 * POST …/serviceaccounts/NAME/token: the checks in the order of
 * kubernetes/kubernetes pkg/registry/core/serviceaccount/storage/token.go, and the answer (src/CONTRACTS.md 3.1-3.3).
 */
import type { Cluster } from './cluster-state.ts';
import { key, type Account } from './resources.ts';
import type { Tampering } from './faults.ts';
import {
  badRequest,
  conflict,
  invalidTokenRequest,
  json,
  notFound,
  timestamp,
  type Reply,
} from './status.ts';
import { DEFAULT_SECONDS, decode, type BoundObjectRef } from './token-request-body.ts';
import { boundClaims, type ObjectRef } from './tokens.ts';

const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;

export interface Issuing {
  cluster: Cluster;
  maxExpirationSeconds: number | undefined;
  tampering: Tampering;
  warn: (text: string) => void;
}

export async function createToken(
  issuing: Issuing,
  at: { namespace: string; name: string },
  body: Record<string, unknown>,
): Promise<Reply> {
  const { cluster, warn } = issuing;
  const { metadata, spec } = decode(body, warn);
  if (metadata.namespace && metadata.namespace !== at.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (metadata.name && metadata.name !== at.name) {
    const why = 'must match the service account name if specified';
    throw invalidTokenRequest(at.name, 'metadata.name', metadata.name, why);
  }
  const account = cluster.accounts.get(key(at));
  if (!account) throw notFound('serviceaccounts', at.name);
  checkUid(account, metadata.uid);
  const asked = spec.expirationSeconds ?? DEFAULT_SECONDS;
  checkSeconds(asked);
  checkAttestations(spec.attestations);
  const secret = boundSecret(cluster, at.namespace, spec.boundObjectRef ?? undefined);
  const audiences = spec.audiences?.length ? spec.audiences : cluster.settings.apiAudiences;
  const request = {
    audiences,
    boundObjectRef: spec.boundObjectRef ?? null,
    expirationSeconds: shorten(issuing, asked),
  };
  return grant(issuing, account, secret, request);
}

/** TokenRequestServiceAccountUIDValidation, on since 1.34. */
function checkUid({ name, uid }: Account, asked: string | undefined): void {
  if (!asked || asked === uid) return;
  const why = `the UID in the token request (${asked}) does not match the UID of the service account (${uid})`;
  throw conflict('authentication.k8s.io', 'TokenRequest', name, why);
}

/** kubernetes/kubernetes pkg/apis/authentication/validation; the object's name is empty in these errors. */
function checkSeconds(seconds: number): void {
  const field = 'spec.expirationSeconds';
  const limit =
    (seconds < MIN_SECONDS && 'less than 10 minutes') ||
    (seconds > MAX_SECONDS && 'larger than 2^32 seconds');
  if (limit) throw invalidTokenRequest('', field, seconds, `may not specify a duration ${limit}`);
}

/** New in 1.37, for tokens of webhooks alone, to which this server binds none. */
function checkAttestations(attestations: object | null | undefined): void {
  const why = 'attestations may only be specified with a webhook bound object reference';
  if (attestations) throw invalidTokenRequest('', 'spec.attestations', attestations, why);
}

/** The server reads the bound Secret itself; this cluster holds no Pod and no Node, so binding to one is a 404. */
function boundSecret(
  cluster: Cluster,
  namespace: string,
  ref: BoundObjectRef | undefined,
): ObjectRef | undefined {
  if (!ref) return undefined;
  const { apiVersion = '', kind = '', name = '', uid } = ref;
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  if (group === '' && (kind === 'Pod' || kind === 'Node')) throw notFound(`${kind.toLowerCase()}s`, name);
  if (group !== '' || kind !== 'Secret') {
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
  const secret = cluster.secrets.get(key({ namespace, name }));
  if (!secret) throw notFound('secrets', name);
  if (uid && uid !== secret.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record`;
    throw conflict('', 'Secret', name, `${why}. The object might have been deleted and then recreated`);
  }
  return { name, uid: secret.uid };
}

function shorten({ maxExpirationSeconds, tampering, warn }: Issuing, asked: number): number {
  const most = tampering.shortenTo ?? maxExpirationSeconds;
  if (most === undefined || asked <= most) return asked;
  warn(`requested expiration of ${asked} seconds shortened to ${most} seconds`);
  return most;
}

async function grant(
  { cluster, tampering }: Issuing,
  { namespace, name, uid }: Account,
  secret: ObjectRef | undefined,
  spec: { audiences: string[]; boundObjectRef: BoundObjectRef | null; expirationSeconds: number },
): Promise<Reply> {
  const { issuer, now, signer } = cluster.settings;
  const issuedAt = Math.floor(now() / 1000);
  const claims = boundClaims({
    issuer,
    audiences: tampering.wrongAudience === undefined ? spec.audiences : [tampering.wrongAudience],
    namespace,
    serviceAccount: { name, uid },
    secret,
    issuedAt,
    seconds: spec.expirationSeconds,
  });
  if (tampering.wrongSubject !== undefined) claims.sub = tampering.wrongSubject;
  const signed = await signer.sign(claims);
  const token = tampering.controlCharsInToken
    ? `${signed.slice(0, 20)}\r\nX-Injected: \u0000${signed.slice(20)}`
    : signed;
  return json(201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, uid, creationTimestamp: timestamp(issuedAt) },
    spec,
    status: {
      ...(tampering.dropToken ? {} : { token }),
      expirationTimestamp: timestamp(issuedAt + spec.expirationSeconds),
    },
  });
}
