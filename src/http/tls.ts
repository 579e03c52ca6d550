/** How a connection to the server is made and checked: CA, server name, client certificate, HTTP proxy. */
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { refuseForeignWriters } from '../base/config-file.ts';
import type { Host } from '../base/host.ts';
import { messageOf } from '../errors/error.ts';
import { badTls } from '../errors/http.ts';
import { missingSetting, unreadableFile } from '../errors/usage.ts';
import type { Settings } from '../settings/table.ts';
import { type Endpoint, label } from '../settings/target.ts';
import { httpProxy } from './proxy.ts';

/** Node gives up one address before it tries the next; less would be less than a round trip by satellite. */
const perAddressMs = 1500;

/**
 * @param user - whose client certificate goes before that of the settings
 * @throws SaTokenError of exit code 2 for a proxy, CA, certificate or key that cannot be used
 */
export function tlsAgent(host: Host, target: Endpoint, settings: Settings, user?: Credentials): Agent {
  const proxy = httpProxy(host, target, settings);
  const name = settings.tlsServerName;
  return new Agent({
    keepAlive: false,
    autoSelectFamilyAttemptTimeout: perAddressMs,
    ...(proxy === undefined ? {} : { proxyEnv: { HTTPS_PROXY: proxy } }),
    secureContext: secureContext(host, target, settings, user),
    rejectUnauthorized: settings.insecureSkipTlsVerify !== true,
    ...(name === undefined ? {} : { servername: name }),
  });
}

function secureContext(host: Host, target: Endpoint, settings: Settings, user?: Credentials): SecureContext {
  const authority = authorities(host, target, settings);
  const certificate = user?.certificate ?? pemFile('client-certificate', settings.clientCertificate);
  const key = user?.key ?? pemFile('client-key', settings.clientKey);
  // Node would show no certificate and say nothing.
  const both = 'give both, or one file with both to both';
  if (key === undefined && certificate !== undefined)
    throw missingSetting('client-key', 'a client certificate', both);
  if (certificate === undefined && key !== undefined)
    throw missingSetting('client-certificate', 'a client key', both);
  try {
    return createSecureContext({
      ca: authority,
      minVersion: 'TLSv1.2',
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
    });
  } catch (error) {
    throw badTls(
      label(target),
      `the CA, client certificate or key cannot be used (${messageOf(error)})`,
      error,
    );
  }
}

/** The given CA alone, as client-go does; else what the system trusts, and Node's own list where it has none. */
function authorities(host: Host, target: Endpoint, settings: Settings): string | string[] {
  const { certificateAuthorityData: data, certificateAuthority: file } = settings;
  // It decides whom the source token goes to.
  if (data === undefined && file !== undefined)
    refuseForeignWriters(host, file, 'give its content with --certificate-authority-data');
  const given =
    data === undefined
      ? pemFile('certificate-authority', file)
      : Buffer.from(data, 'base64').toString('utf8');
  if (given !== undefined) {
    // Node passes over what it cannot read, and the server's certificate would get the blame.
    if (!/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(given))
      throw badTls(label(target), 'the certificate-authority given holds no certificate', undefined);
    return given;
  }
  const system = getCACertificates('system');
  // Node has read the file before us; the variable is gone where it does not count.
  const extra = host.env['NODE_EXTRA_CA_CERTS'] ? getCACertificates('extra') : [];
  return [...(system.length > 0 ? system : getCACertificates('bundled')), ...extra];
}

function pemFile(setting: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadableFile(setting, path, error);
  }
}

export interface Credentials {
  /** `Authorization`, `Impersonate-User`. */
  readonly headers: Readonly<Record<string, string>>;
  /** PEM. */
  readonly certificate?: string | undefined;
  /** PEM. */
  readonly key?: string | undefined;
}
