/**
 * The way of a source token: the server that it is sent to, and what proves that server. It is fixed at a login and stored
 * with the token, so that no later change of a kubeconfig, a variable or a file sends the token elsewhere.
 */
import { createHash } from 'node:crypto';
import { isObject, textAt } from '../base/json.ts';
import type { SettingName, Settings } from './table.ts';

export interface Way {
  /** Origin and path, e.g. `https://HOST/kubernetes`. */
  readonly server: string;
  /** `file PATH`, `sha256 HEX` (of inline CA data) or `system`. A CA file that is renewed in its place is the same way. */
  readonly trust: string;
  readonly tlsServerName?: string;
  /** The certificate is not checked. */
  readonly insecure?: true;
}

/** The settings that make up the way. HTTP proxies are not among them: behind a fixed CA they see nothing. */
export const wayNames = [
  'server',
  'certificateAuthority',
  'certificateAuthorityData',
  'tlsServerName',
  'insecureSkipTlsVerify',
] as const satisfies readonly SettingName[];

/** The way that settings name. */
export function wayOf(settings: Settings & { readonly server: string }): Way {
  const name = settings.tlsServerName;
  return {
    server: settings.server,
    trust: trustOf(settings),
    ...(name === undefined ? {} : { tlsServerName: name }),
    ...(settings.insecureSkipTlsVerify === true ? { insecure: true } : {}),
  };
}

/** Inline data counts before a file, as in client-go (rest/transport.go). */
function trustOf(settings: Settings): string {
  const data = settings.certificateAuthorityData;
  if (data !== undefined) return `sha256 ${createHash('sha256').update(data).digest('hex')}`;
  const file = settings.certificateAuthority;
  return file === undefined ? 'system' : `file ${file}`;
}

/** A way that was stored as JSON; undefined for anything else. */
export function parseWay(value: unknown): Way | undefined {
  const [server, trust, name] = [
    textAt(value, 'server'),
    textAt(value, 'trust'),
    textAt(value, 'tlsServerName'),
  ];
  if (server === undefined || trust === undefined || !isObject(value)) return undefined;
  return {
    server,
    trust,
    ...(name === undefined ? {} : { tlsServerName: name }),
    ...(value['insecure'] === true ? { insecure: true } : {}),
  };
}

/** What differs between two ways, for a message; undefined where nothing does. */
export function difference(stored: Way, now: Way): string | undefined {
  const [before, after] = [stored.tlsServerName ?? 'not set', now.tlsServerName ?? 'not set'];
  const found = [
    stored.server !== now.server && `another server (${stored.server}, now ${now.server})`,
    stored.trust !== now.trust && `another CA (${shown(stored.trust)}, now ${shown(now.trust)})`,
    before !== after && `another tls-server-name (${before}, now ${after})`,
    stored.insecure !== now.insecure && `${now.insecure ? 'no' : 'a'} check of the certificate`,
  ].filter((each) => each !== false);
  return found.length === 0 ? undefined : found.join(' and ');
}

function shown(trust: string): string {
  return trust === 'system' ? "the system's" : trust.replace(/^sha256 (.{12}).*$/, 'data with SHA-256 $1…');
}
