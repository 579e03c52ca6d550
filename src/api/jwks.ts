/** The keys of an issuer: through its API server, or by its address, which is asked without a token (OpenID discovery). */
import type { KubeConfig } from '@kubernetes/client-node';
import type { JSONWebKeySet } from 'jose';
import { clusterSettings } from './context.ts';
import { SaTokenError } from '../errors/error.ts';
import { badKeys, keysUnreachable } from '../errors/api-server.ts';
import type { Host } from '../base/host.ts';
import { parseJson, textAt } from '../base/json.ts';
import { timeoutMs, type Settings } from '../settings/table.ts';
import { isSafeAddress } from '../settings/parse.ts';
import { readKeySet, type IssuerKeys } from '../token/signature.ts';
import { askAsUser } from './client.ts';
import { ask } from '../http/request.ts';

/** The context was asked already: another may know more, or have more rights. */
const seeContext =
  'see whether the context may read them: kubectl get --raw /openid/v1/jwks; or name the issuer with --issuer-url';

/**
 * The keys at /openid/v1/jwks, asked for as the kubeconfig's user: every ServiceAccount may read them, and others by the
 * ClusterRole system:service-account-issuer-discovery.
 *
 * @throws SaTokenError `keys-unreachable`, `bad-keys`, or of the kubeconfig's user
 */
export async function keysOfCluster(
  host: Host,
  config: KubeConfig,
  milliseconds: number,
): Promise<IssuerKeys> {
  const { server } = clusterSettings(host, config);
  const path = '/openid/v1/jwks';
  const place = `${server}${path}`;
  const answer = await askAsUser(host, config, { method: 'GET', path, milliseconds }).catch(
    (error: unknown) => {
      throw error instanceof SaTokenError && error.code === 'api-failed'
        ? keysUnreachable(place, error.message.replace(`${server}: `, ''), error, seeContext)
        : error;
    },
  );
  if (answer.status !== 200) throw keysUnreachable(place, answer.reason, undefined, seeContext);
  return { keys: keySet(answer.content, place), place };
}

/**
 * The keys that /.well-known/openid-configuration of an issuer names.
 *
 * @param issuer - its URL, as the `iss` of its tokens
 * @throws SaTokenError `keys-unreachable`, `bad-keys`
 */
export async function keysOfIssuer(host: Host, settings: Settings, issuer: string): Promise<IssuerKeys> {
  const url = `${issuer.replace(/(?<!\/)\/+$/, '')}/.well-known/openid-configuration`;
  const place = textAt(await read(host, settings, url), 'jwks_uri');
  if (place === undefined || !isSafeAddress(place))
    throw badKeys(url, 'the answer names no https:// "jwks_uri"');
  return { keys: keySet(await read(host, settings, place), place), place };
}

function keySet(content: unknown, place: string): JSONWebKeySet {
  const keys = readKeySet(content);
  if (keys === undefined) throw badKeys(place, 'the answer is no JSON Web Key Set');
  return keys;
}

async function read(host: Host, settings: Settings, url: string): Promise<unknown> {
  const { origin, pathname, search } = new URL(url);
  host.trace(`keys: GET ${url}`);
  const reply = await ask(host, { server: origin }, tlsFor(settings, origin), {
    method: 'GET',
    path: `${pathname}${search}`,
    milliseconds: timeoutMs(settings),
  }).catch((error: unknown) => {
    throw error instanceof SaTokenError
      ? keysUnreachable(url, error.message.replace(`${origin}: `, ''), error)
      : error;
  });
  if (reply.status !== 200) {
    const why =
      reply.status === 401 || reply.status === 403 ? ' (it is not for callers without a token)' : '';
    throw keysUnreachable(url, `the answer is ${reply.status}${why}`);
  }
  return parseJson(reply.body);
}

/** The profile's CA and the like are for its own server; for another address the system's CAs are. */
function tlsFor(settings: Settings, origin: string): Settings {
  const { server, proxyUrl: proxy } = settings;
  if (server !== undefined && new URL(server).origin === origin) return settings;
  return proxy === undefined ? {} : { proxyUrl: proxy };
}
