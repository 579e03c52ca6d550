/**
 * SelfSubjectReview: who the bearer of a token is, asked with that token itself (src/CONTRACTS.md 3.7). Two halves as
 * the exchange has.
 */
import type { Host } from '../base/host.ts';
import { objectAt, textAt, textsAt, type JsonObject } from '../base/json.ts';
import { apiFailed, notServed, selfRefused, selfForbidden } from '../errors/api-server.ts';
import type { SaTokenError } from '../errors/error.ts';
import { ask, type Reply } from '../http/request.ts';
import { timeoutMs, type Settings } from '../settings/table.ts';
import { readAnswer, type Answer } from './client.ts';

/** Whom an API server takes the bearer of a token for (kubernetes/api authentication/v1 types.go, UserInfo). */
export interface UserInfo {
  readonly username: string | undefined;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface Self extends UserInfo {
  readonly server: string;
  readonly username: string;
}

/**
 * Asks with v1, which API servers have since 1.28.
 *
 * @throws SaTokenError of exit code 4 (refused) or 5 (unreachable, or not served there)
 */
export async function reviewSelf(
  host: Host,
  settings: Settings & { readonly server: string },
  token: string,
): Promise<Self> {
  const apiVersion = 'authentication.k8s.io/v1';
  const path = `/apis/${apiVersion}/selfsubjectreviews`;
  const body = JSON.stringify({ apiVersion, kind: 'SelfSubjectReview' });
  host.trace(`whoami: POST ${settings.server}${path}`);
  const call = { method: 'POST', path, token, body, milliseconds: timeoutMs(settings) } as const;
  return judgeSelf(settings.server, await ask(host, { server: settings.server }, settings, call));
}

export function judgeSelf(server: string, reply: Reply): Self {
  const answer = readAnswer(server, reply);
  const { username, ...user } = readUser(objectAt(objectAt(answer.content, 'status'), 'userInfo'));
  if (answer.status !== 201 || username === undefined) throw refusal(answer);
  return { server, username, ...user };
}

export function readUser(user: JsonObject): UserInfo {
  const extra = objectAt(user, 'extra');
  return {
    username: textAt(user, 'username'),
    uid: textAt(user, 'uid'),
    groups: textsAt(user, 'groups'),
    extra: Object.fromEntries(Object.keys(extra).map((key) => [key, textsAt(extra, key)])),
  };
}

function refusal({ server, status, isStatus, reason }: Answer): SaTokenError {
  if (isStatus && status === 401) return selfRefused(server);
  if (isStatus && status === 403) return selfForbidden(server, reason);
  if (status === 401 || status === 403)
    return apiFailed(server, `something in front of the API server refused the token (${status})`);
  if (status === 404 || status === 405 || !isStatus)
    return notServed(
      server,
      `SelfSubjectReview (${status})`,
      'a /kubernetes proxy lets TokenRequest through and nothing else, as it should: name the API server itself by a context of your kubeconfig, --context NAME',
    );
  return apiFailed(server, `the API server answered ${status}: ${reason}`);
}
