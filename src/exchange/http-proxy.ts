/** Which HTTP proxy a call goes through, and whether Node can use it: what is wrong with one is told without its password. */
import { proxyFor } from '../cluster/proxy-env.ts';
import { badValue } from '../failures/usage.ts';
import type { Host } from '../host.ts';
import type { Settings } from '../settings/table.ts';
import type { Endpoint } from '../settings/target.ts';

/**
 * `proxy-url`, else what HTTPS_PROXY and NO_PROXY say of this server, as kubectl reads them.
 *
 * @throws SaTokenError `bad-value` for an address that is none, or of another kind of proxy
 */
export function httpProxy(host: Host, { server }: Endpoint, settings: Settings): string | undefined {
  const set = settings['proxy-url'];
  const given = set ?? proxyFor(host.env, server);
  if (given === undefined) return undefined;
  const where = set === undefined ? 'HTTPS_PROXY' : 'proxy-url';
  const url = URL.parse(given);
  if (url === null || url.hostname === '')
    throw badValue(where, 'is not the address of a proxy', 'write it like http://PROXY:PORT');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw badValue(
      where,
      `proxies of kind ${url.protocol}// are not supported`,
      'use an http:// or https:// proxy',
    );
  if (!isDecodable(url.username) || !isDecodable(url.password))
    throw badValue(where, 'has a "%" that is no character in its user name or password', 'write "%" as %25');
  return url.href;
}

/** Address and origin of the proxy in words, without its password: `PROXY:PORT of HTTPS_PROXY`; undefined: straight. */
export function proxyName(host: Host, endpoint: Endpoint, settings: Settings): string | undefined {
  const proxy = httpProxy(host, endpoint, settings);
  if (proxy === undefined) return undefined;
  return `${new URL(proxy).host} of ${settings['proxy-url'] === undefined ? 'HTTPS_PROXY' : 'proxy-url'}`;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
