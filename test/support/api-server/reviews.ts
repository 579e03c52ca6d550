/** TokenReview and SelfSubjectReview (src/CONTRACTS.md 3.7). */
import { TokenRejected, authenticate, type Authenticator, type User } from './authentication.ts';
import { badRequest, json, type Reply } from './status.ts';

/**
 * A bad token is no error but a 201 that says why, which is more than its holder is told
 * (kubernetes/kubernetes pkg/registry/authentication/tokenreview/storage.go).
 */
export async function reviewToken(
  authenticator: Authenticator,
  body: Record<string, unknown>,
): Promise<Reply> {
  const spec = (body['spec'] ?? {}) as { token?: string; audiences?: string[] };
  if (!spec.token) throw badRequest('token is required for TokenReview in authentication');
  const { apiAudiences } = authenticator.cluster.settings;
  const audiences = spec.audiences?.length ? spec.audiences : apiAudiences;
  const status = await judge(authenticator, spec.token, audiences);
  return json(201, {
    kind: 'TokenReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec: { ...spec, audiences },
    status,
  });
}

async function judge(authenticator: Authenticator, token: string, audiences: string[]) {
  try {
    const authenticated = await authenticate(authenticator, token, audiences);
    return { authenticated: true, user: authenticated.user, audiences: authenticated.audiences };
  } catch (error) {
    if (!(error instanceof TokenRejected)) throw error;
    const reason = error.message;
    const unknown = 'invalid bearer token';
    return { user: {}, error: reason === unknown ? unknown : `[${unknown}, ${reason}]` };
  }
}

export function reviewSelf(user: User, version: string): Reply {
  return json(201, {
    kind: 'SelfSubjectReview',
    apiVersion: `authentication.k8s.io/${version}`,
    metadata: { creationTimestamp: null },
    status: { userInfo: user },
  });
}
