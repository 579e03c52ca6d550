/** SelfSubjectReview: who the bearer of a token is, asked with that token itself (contracts 3.7). Two halves as the exchange has. */
import type { SaTokenError } from '../errors.ts';
import { apiFailed, notServed, selfRefused, selfForbidden } from '../failures/cluster.ts';
import { redirected } from '../failures/exchange.ts';
import type { Host } from '../host.ts';
import { isObject, objectAt, parseJson, textAt } from '../json.ts';
import { timeoutMs, type Settings } from '../settings/table.ts';
import { ask, type Reply } from './transport.ts';

export interface Self {
  readonly server: string;
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** v1 since 1.28; kubectl auth whoami asks the same way (KC pkg/cmd/auth/whoami.go). */
const versions = ['v1', 'v1beta1'] as const;

/**
 * @throws SaTokenError of exit code 4 (refused) or 5 (unreachable, or not served there)
 */
export async function reviewSelf(
  host: Host,
  settings: Settings & { readonly server: string },
  token: string,
): Promise<Self> {
  const milliseconds = timeoutMs(settings);
  let reply: Reply | undefined;
  for (const version of versions) {
    const apiVersion = `authentication.k8s.io/${version}`;
    const body = JSON.stringify({ apiVersion, kind: 'SelfSubjectReview' });
    const path = `/apis/${apiVersion}/selfsubjectreviews`;
    host.trace(`whoami: POST ${settings.server}${path}`);
    // In turn: the second is for servers that do not have the first.
    // oxlint-disable-next-line no-await-in-loop
    reply = await ask(host, { server: settings.server }, settings, {
      method: 'POST',
      path,
      token,
      body,
      milliseconds,
    });
    if (reply.status !== 404) break;
  }
  return judgeSelf(settings.server, reply);
}

export function judgeSelf(server: string, reply: Reply | undefined): Self {
  const user = objectAt(objectAt(parseJson(reply?.body ?? ''), 'status'), 'userInfo');
  const username = textAt(user, 'username');
  if (reply?.status !== 201 || username === undefined) throw refusal(server, reply);
  return {
    server,
    username,
    uid: textAt(user, 'uid'),
    groups: texts(user['groups']),
    extra: Object.fromEntries(
      Object.entries(objectAt(user, 'extra')).map(([key, list]) => [key, texts(list)]),
    ),
  };
}

function refusal(server: string, reply: Reply | undefined): SaTokenError {
  const status = reply?.status ?? 0;
  const said = parseJson(reply?.body ?? '');
  const kubernetes = isObject(said) && said['kind'] === 'Status';
  const message = kubernetes ? (textAt(said, 'message') ?? '') : '';
  if (status === 401 && kubernetes) return selfRefused(server);
  if (status === 403 && kubernetes) return selfForbidden(server, message);
  if (status >= 300 && status < 400) return redirected({ server }, status, reply?.headers.location ?? '');
  if (!kubernetes && (status === 401 || status === 403))
    return apiFailed(server, `something in front of the API server refused the token (${status})`);
  if (status === 404 || status === 405 || !kubernetes)
    return notServed(
      server,
      `SelfSubjectReview (${status})`,
      'a /kubernetes proxy lets TokenRequest through and nothing else, as it should: name the API server itself by a context of your kubeconfig, --context NAME',
    );
  return apiFailed(server, `the API server answered ${status}: ${message}`);
}

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}
