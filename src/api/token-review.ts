/**
 * TokenReview: who an API server says that a token is, or why it is nobody (src/CONTRACTS.md 3.7). Asked as the
 * kubeconfig's user.
 */
import type { KubeConfig } from '@kubernetes/client-node';
import { cut } from '../errors/error.ts';
import { apiFailed, notAllowed, notServed } from '../errors/api-server.ts';
import type { Host } from '../base/host.ts';
import { objectAt, textAt, textsAt } from '../base/json.ts';
import { askAsUser, type Answer } from './client.ts';
import { readUser, type UserInfo } from './self-review.ts';

export interface Review extends UserInfo {
  readonly server: string;
  readonly authenticated: boolean;
  /** Why not; undefined when it is authenticated. */
  readonly reason: string | undefined;
  /** Those of the question that the token is for. */
  readonly audiences: readonly string[];
}

/**
 * @param audiences - whom the token has to be for; none: the API server itself
 * @throws SaTokenError `not-allowed`, `not-served`, `api-failed`, or of the call
 */
export async function reviewToken(
  host: Host,
  config: KubeConfig,
  token: string,
  audiences: readonly string[],
  milliseconds: number,
): Promise<Review> {
  const group = 'authentication.k8s.io/v1';
  const spec = { token, ...(audiences.length === 0 ? {} : { audiences }) };
  const answer = await askAsUser(host, config, {
    method: 'POST',
    path: `/apis/${group}/tokenreviews`,
    body: JSON.stringify({ apiVersion: group, kind: 'TokenReview', spec }),
    secret: token,
    milliseconds,
  });
  if (answer.status !== 201 && answer.status !== 200) throw refusal(answer);
  return judge(answer, audiences);
}

/**
 * "Authenticated" alone is not enough: a server that knows no audiences says so of any token, and leaves the list out
 * (API authentication/v1 types.go, TokenReviewSpec.audiences).
 */
function judge({ server, content }: Answer, asked: readonly string[]): Review {
  const status = objectAt(content, 'status');
  const audiences = textsAt(status, 'audiences');
  const known = status['authenticated'] === true;
  const blind = known && asked.length > 0 && audiences.length === 0;
  return {
    server,
    authenticated: known && !blind,
    reason: blind
      ? 'it knows the token, but not for which audience'
      : known
        ? undefined
        : reason(cut(textAt(status, 'error') ?? '')),
    ...readUser(objectAt(status, 'user')),
    audiences,
  };
}

/** `[invalid bearer token, THE REASON]` without its first half, which says nothing. */
function reason(error: string): string {
  const [, told] = /^\[invalid bearer token, (.*)\]$/s.exec(error) ?? [];
  return told ?? (error === '' ? 'without a reason' : error);
}

function refusal({ server, status, reason: why }: Answer): Error {
  if (status === 403) {
    const grant =
      'bind it to the ClusterRole that may: kubectl create clusterrolebinding NAME --clusterrole=system:auth-delegator --user=USER';
    return notAllowed(server, 'review tokens', why, `${grant}; or name another context with --context`);
  }
  if (status === 404)
    return notServed(server, 'TokenReview (404)', 'name the context of the API server itself with --context');
  return apiFailed(server, why);
}
