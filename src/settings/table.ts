/** Every setting, declared once: the flag, the variable, the profile's key, the type and the help all come from here. Only flags and profile keys are written with dashes. */

/** All settings that a call may have. Absent means not set anywhere. Durations are seconds. */
export interface Settings {
  server?: string;
  namespace?: string;
  serviceAccount?: string;
  audience?: readonly string[];
  duration?: number;
  boundObjectKind?: 'Secret' | 'Pod' | 'Node' | 'none';
  boundObjectName?: string;
  boundObjectUid?: string;
  certificateAuthority?: string;
  certificateAuthorityData?: string;
  tlsServerName?: string;
  insecureSkipTlsVerify?: boolean;
  clientCertificate?: string;
  clientKey?: string;
  proxyUrl?: string;
  timeout?: number;
  cache?: 'disk' | 'keychain' | 'none';
  sourceFile?: string;
  sourceCommand?: string | readonly string[];
  sourceEnv?: string;
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

export interface Setting<Value = unknown> {
  readonly type: SettingType;
  readonly help: string;
  readonly choices?: readonly Value[];
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
export const table: { readonly [Name in SettingName]-?: Setting<NonNullable<Settings[Name]>> } = {
  server: {
    ...token,
    type: 'server',
    help: 'Address of the TokenRequest endpoint up to "/api", e.g. https://HOST/kubernetes',
  },
  namespace: { ...token, type: 'namespace', alias: 'n', help: 'Namespace of the ServiceAccount' },
  serviceAccount: { ...token, type: 'account', help: 'Name of the ServiceAccount' },
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
  boundObjectKind: {
    ...token,
    type: 'choice',
    choices: ['Secret', 'Pod', 'Node', 'none'],
    help: "Kind of the object whose deletion revokes the issued token (default: the source token's own Secret)",
  },
  boundObjectName: { ...token, type: 'text', help: 'Name of the bound object' },
  boundObjectUid: { ...token, type: 'text', help: 'UID of the bound object' },
  certificateAuthority: {
    ...token,
    type: 'path',
    help: 'File with the CA certificates of the server (PEM)',
  },
  certificateAuthorityData: { ...token, type: 'base64', help: 'The same as base64 of PEM' },
  tlsServerName: { ...token, type: 'text', help: "Name to check in the server's certificate" },
  insecureSkipTlsVerify: {
    ...token,
    type: 'boolean',
    help: 'Do not check the certificate: whoever answers gets the source token',
  },
  clientCertificate: { ...token, type: 'path', help: 'File with a client certificate (PEM)' },
  clientKey: { ...token, type: 'path', help: 'File with its key (PEM)' },
  proxyUrl: {
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
  sourceFile: {
    type: 'path',
    changesToken: true,
    help: 'Read the source token from this file instead of the keychain',
  },
  sourceCommand: {
    type: 'command',
    changesToken: true,
    help: 'Read the source token from the output of this shell command',
  },
  sourceEnv: {
    type: 'variable',
    changesToken: true,
    help: 'Read the source token from this environment variable',
  },
};

/** Names in the table's order. */
export const settingNames = Object.keys(table).filter((key): key is SettingName => Object.hasOwn(table, key));

/** Where the source token is, one of them; none: the keychain. */
export const sourceNames = ['sourceFile', 'sourceCommand', 'sourceEnv'] as const;

/** The name as a flag and a key of the profile have it: `bound-object-kind` for `boundObjectKind`. */
export function flagOf(name: SettingName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The setting of a flag or of a profile's key; undefined for any other word. */
export function settingOf(flag: string): SettingName | undefined {
  return settingNames.find((name) => flagOf(name) === flag);
}

/** `KUBECTL_SA_TOKEN_` and the flag's name in upper case, dashes as underscores. */
export function variableOf(name: SettingName): string {
  return `KUBECTL_SA_TOKEN_${flagOf(name).toUpperCase().replaceAll('-', '_')}`;
}
