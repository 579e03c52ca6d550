/** TokenReview: who an API server says that a token is, or why it is nobody (contracts 3.7). Asked as the kubeconfig's user. */
import {
  ApiException,
  AuthenticationV1Api,
  type KubeConfig,
  type V1TokenReview,
} from '@kubernetes/client-node';
import { apiFailed, notAllowed, notLoggedInThere, notServed } from '../failures/cluster.ts';
import { callFailed, clusterOf, reasonOf } from './access.ts';
import { within } from './patience.ts';

export interface Review {
  readonly server: string;
  readonly authenticated: boolean;
  /** Why not; undefined when it is authenticated. */
  readonly reason: string | undefined;
  readonly username: string | undefined;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
  /** Those of the question that the token is for. */
  readonly audiences: readonly string[];
}

/**
 * @param audiences - whom the token has to be for; none: the API server itself
 * @throws SaTokenError `not-allowed`, `kubeconfig-refused`, `not-served` or `api-failed`
 */
export async function reviewToken(
  config: KubeConfig,
  token: string,
  audiences: readonly string[],
  milliseconds: number,
): Promise<Review> {
  const { server } = clusterOf(config);
  const body: V1TokenReview = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token, ...(audiences.length === 0 ? {} : { audiences: [...audiences] }) },
  };
  try {
    const api = config.makeApiClient(AuthenticationV1Api);
    return judge(server, audiences, await api.createTokenReview({ body }, within(milliseconds)));
  } catch (error) {
    throw refusal(server, error);
  }
}

/**
 * "Authenticated" alone is not enough: a server that knows no audiences says so of any token, and leaves the list out
 * (API authentication/v1 types.go, TokenReviewSpec.audiences).
 */
function judge(server: string, asked: readonly string[], { status }: V1TokenReview): Review {
  const audiences = status?.audiences ?? [];
  const blind = status?.authenticated === true && asked.length > 0 && audiences.length === 0;
  const authenticated = status?.authenticated === true && !blind;
  return {
    server,
    authenticated,
    reason: authenticated
      ? undefined
      : blind
        ? 'it knows the token, but not for which audience'
        : reason(status?.error),
    username: status?.user?.username,
    uid: status?.user?.uid,
    groups: status?.user?.groups ?? [],
    extra: status?.user?.extra ?? {},
    audiences,
  };
}

/** `[invalid bearer token, THE REASON]` without its first half, which says nothing. */
function reason(error: string | undefined): string {
  const [, told] = /^\[invalid bearer token, (.*)\]$/s.exec(error ?? '') ?? [];
  return told ?? (error === undefined || error === '' ? 'without a reason' : error);
}

function refusal(server: string, error: unknown): Error {
  if (!(error instanceof ApiException)) return callFailed(server, error);
  if (error.code === 401) return notLoggedInThere(server);
  if (error.code === 403) {
    const grant =
      'bind it to the ClusterRole that may: kubectl create clusterrolebinding NAME --clusterrole=system:auth-delegator --user=USER';
    return notAllowed(
      server,
      'review tokens',
      reasonOf(error),
      `${grant}; or name another context with --context`,
    );
  }
  if (error.code === 404)
    return notServed(server, 'TokenReview (404)', 'name the context of the API server itself with --context');
  return apiFailed(server, reasonOf(error), error);
}
