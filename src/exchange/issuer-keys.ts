/** The keys of an issuer by its address: /.well-known/openid-configuration, and the key set that it names. Asked without a token. */
import { SaTokenError } from '../errors.ts';
import { badKeys, keysUnreachable } from '../failures/cluster.ts';
import type { Host } from '../host.ts';
import { parseJson, textAt } from '../json.ts';
import { timeoutMs, type Settings } from '../settings/table.ts';
import { isSafeAddress } from '../settings/addresses.ts';
import { readKeySet, type IssuerKeys } from '../source/signature.ts';
import { ask } from './transport.ts';

/**
 * @param url - of the key set itself
 * @throws SaTokenError `keys-unreachable`, `bad-keys`
 */
export async function keysAt(host: Host, settings: Settings, url: string): Promise<IssuerKeys> {
  const keys = readKeySet(await read(host, settings, url));
  if (keys === undefined) throw badKeys(url, 'the answer is no JSON Web Key Set');
  return { keys, place: url };
}

/**
 * @param issuer - its URL, as the `iss` of its tokens
 * @throws SaTokenError `keys-unreachable`, `bad-keys`
 */
export async function keysOfIssuer(host: Host, settings: Settings, issuer: string): Promise<IssuerKeys> {
  const url = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
  const keys = textAt(parseJson(await read(host, settings, url)), 'jwks_uri');
  if (keys === undefined || !isSafeAddress(keys))
    throw badKeys(url, 'the answer names no https:// "jwks_uri"');
  return keysAt(host, settings, keys);
}

async function read(host: Host, settings: Settings, url: string): Promise<string> {
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
  return reply.body;
}

/** The profile's CA and the like are for its own server; for another address the system's CAs are. */
function tlsFor(settings: Settings, origin: string): Settings {
  const { server, 'proxy-url': proxy } = settings;
  if (server !== undefined && new URL(server).origin === origin) return settings;
  return proxy === undefined ? {} : { 'proxy-url': proxy };
}
