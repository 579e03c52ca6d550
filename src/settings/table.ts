/** Every setting, declared once: the flag, the variable, the profile's key, the type and the help all come from here. */

/** All settings that a call may have. Absent means not set anywhere. Durations are seconds. */
export interface Settings {
  server?: string;
  namespace?: string;
  'service-account'?: string;
  audience?: readonly string[];
  duration?: number;
  'bound-object-kind'?: string;
  'bound-object-name'?: string;
  'bound-object-uid'?: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'tls-server-name'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'client-certificate'?: string;
  'client-key'?: string;
  'proxy-url'?: string;
  timeout?: number;
  cache?: string;
  'source-file'?: string;
  'source-command'?: string | readonly string[];
  'source-env'?: string;
}

export type SettingName = keyof Settings;

export type SettingType =
  | 'text'
  | 'server'
  | 'namespace'
  | 'account'
  | 'list'
  | 'lifetime'
  | 'timeout'
  | 'choice'
  | 'path'
  | 'base64'
  | 'boolean'
  | 'proxy'
  | 'command'
  | 'variable';

export interface Setting {
  readonly type: SettingType;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly alias?: string;
  /** True where another value gives another token: it then counts in the name and the digest of an entry. */
  readonly changesToken: boolean;
}

/** Seconds for one exchange where no `timeout` is set. */
export const defaultTimeout = 30;

/** Milliseconds for one exchange: `timeout` where it is set. */
export function timeoutMs({ timeout }: Settings): number {
  return (timeout ?? defaultTimeout) * 1000;
}

const token = { changesToken: true } as const;
const call = { changesToken: false } as const;

/** The table. Its order is the order in the help. Names are kubectl's where kubectl has the flag. */
export const table: { readonly [Name in SettingName]-?: Setting } = {
  server: {
    ...token,
    type: 'server',
    help: 'Address of the TokenRequest endpoint up to "/api", e.g. https://HOST/kubernetes',
  },
  namespace: { ...token, type: 'namespace', alias: 'n', help: 'Namespace of the ServiceAccount' },
  'service-account': { ...token, type: 'account', help: 'Name of the ServiceAccount' },
  audience: {
    ...token,
    type: 'list',
    help: "Audience of the issued token (repeatable; default: the API server's own)",
  },
  duration: {
    ...token,
    type: 'lifetime',
    help: 'Life asked for the issued token, e.g. 1h or 3600 (at least 10m; the server may grant less)',
  },
  'bound-object-kind': {
    ...token,
    type: 'choice',
    choices: ['Secret', 'Pod', 'Node', 'none'],
    help: "Kind of the object whose deletion revokes the issued token (default: the source token's own Secret)",
  },
  'bound-object-name': { ...token, type: 'text', help: 'Name of the bound object' },
  'bound-object-uid': { ...token, type: 'text', help: 'UID of the bound object' },
  'certificate-authority': {
    ...token,
    type: 'path',
    help: 'File with the CA certificates of the server (PEM)',
  },
  'certificate-authority-data': { ...token, type: 'base64', help: 'The same as base64 of PEM' },
  'tls-server-name': { ...token, type: 'text', help: "Name to check in the server's certificate" },
  'insecure-skip-tls-verify': {
    ...token,
    type: 'boolean',
    help: 'Do not check the certificate: whoever answers gets the source token',
  },
  'client-certificate': { ...token, type: 'path', help: 'File with a client certificate (PEM)' },
  'client-key': { ...token, type: 'path', help: 'File with its key (PEM)' },
  'proxy-url': {
    ...call,
    type: 'proxy',
    help: 'HTTP proxy towards the server (default: HTTPS_PROXY, NO_PROXY)',
  },
  timeout: {
    ...call,
    type: 'timeout',
    help: `Limit for one exchange, retries included (default: ${defaultTimeout}s)`,
  },
  cache: {
    type: 'choice',
    changesToken: false,
    choices: ['disk', 'keychain', 'none'],
    help: 'Where issued tokens are kept until they expire (default: disk)',
  },
  'source-file': {
    type: 'path',
    changesToken: true,
    help: 'Read the source token from this file instead of the keychain',
  },
  'source-command': {
    type: 'command',
    changesToken: true,
    help: 'Read the source token from the output of this shell command',
  },
  'source-env': {
    type: 'variable',
    changesToken: true,
    help: 'Read the source token from this environment variable',
  },
};

/** Names in the table's order. */
export const settingNames: readonly SettingName[] = Object.keys(table).filter(isSettingName);

/** Where the source token is, one of them; none: the keychain. */
export const sourceNames = ['source-file', 'source-command', 'source-env'] as const;

/** True for a key that the table has. */
export function isSettingName(key: string): key is SettingName {
  return Object.hasOwn(table, key);
}

/** `KUBECTL_SA_TOKEN_` and the flag's name in upper case, dashes as underscores. */
export function variableOf(name: SettingName): string {
  return `KUBECTL_SA_TOKEN_${name.toUpperCase().replaceAll('-', '_')}`;
}
