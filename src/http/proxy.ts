/** Which HTTP proxy a call goes through. */
import { BlockList, isIP } from 'node:net';
import type { Host } from '../base/host.ts';
import { proxy as readProxy } from '../settings/parse.ts';
import type { Settings } from '../settings/table.ts';
import type { Endpoint } from '../settings/target.ts';

/**
 * `proxy-url`, else what HTTPS_PROXY and NO_PROXY say of this server, as kubectl reads them.
 *
 * @throws SaTokenError `bad-value` for an address that is none, or of another kind of proxy
 */
export function httpProxy(host: Host, { server }: Endpoint, settings: Settings): string | undefined {
  if (settings.proxyUrl !== undefined) return settings.proxyUrl;
  const given = proxyFor(host.env, server);
  return given && readProxy(given, { where: 'HTTPS_PROXY', folder: host.cwd, home: host.home });
}

/** Address and origin of the proxy for messages, without its password: `PROXY:PORT of HTTPS_PROXY`; undefined: straight. */
export function proxyName(host: Host, endpoint: Endpoint, settings: Settings): string | undefined {
  const proxy = httpProxy(host, endpoint, settings);
  if (proxy === undefined) return undefined;
  return `${new URL(proxy).host} of ${settings.proxyUrl === undefined ? 'HTTPS_PROXY' : 'proxy-url'}`;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The proxy for a server; undefined: straight. This machine itself is never asked for through one. */
export function proxyFor(env: Env, server: string): string | undefined {
  const url = URL.parse(server);
  const proxy = env['HTTPS_PROXY'] || env['https_proxy'];
  if (url?.protocol !== 'https:' || proxy === undefined || proxy === '') return undefined;
  // A name with a dot at its end is the same name.
  const host = url.hostname.toLowerCase().replace(/\.$/, '');
  if (host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.')))
    return undefined;
  const exceptions = (env['NO_PROXY'] || env['no_proxy'] || '').split(/[\s,]+/).filter((item) => item !== '');
  if (exceptions.some((item) => excepts(item.toLowerCase(), host, url.port || '443'))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** `10.0.0.0/8`, for servers that are named by their address. */
function isInRange(item: string, host: string): boolean {
  const [, network = '', bits = ''] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(item) ?? [];
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(network) === 0 || isIP(network) !== isIP(address)) return false;
  const kind = isIP(network) === 4 ? 'ipv4' : 'ipv6';
  if (Number(bits) > (kind === 'ipv4' ? 32 : 128)) return false;
  const range = new BlockList();
  range.addSubnet(network, Number(bits), kind);
  return range.check(address, kind);
}

/** `*`, a host with all below it, `.domain` or `*.domain` for all below it alone; each with a port or without. */
function excepts(item: string, host: string, port: string): boolean {
  if (item === '*' || isInRange(item, host)) return true;
  if (isIP(item) === 6) return host === new URL(`http://[${item}]`).hostname;
  const [, name = '', ownPort] = /^(.*?)(?::(\d+))?$/.exec(item) ?? [];
  if (ownPort !== undefined && ownPort !== port) return false;
  const domain = name.replace(/^\*/, '');
  if (domain.startsWith('.')) return host.endsWith(domain);
  return host === domain || host.endsWith(`.${domain}`);
}
