/** Every setting, declared once: the flag, the variable, the profile's key, the type and the help all come from here. Only flags and profile keys are written with dashes. */
import * as read from './parse.ts';

/** All settings that a call may have. Absent means not set anywhere. Durations are seconds. */
export interface Settings {
  server?: string;
  namespace?: string;
  serviceAccount?: string;
  audience?: readonly string[];
  duration?: number;
  boundObjectKind?: (typeof boundObjectKinds)[number];
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
  cache?: (typeof caches)[number];
  sourceFile?: string;
  sourceCommand?: string | readonly string[];
  sourceEnv?: string;
}

export type SettingName = keyof Settings;

export interface Setting<Value = unknown> {
  readonly read: read.Reader<Value>;
  readonly help: string;
  /** What a flag takes, where that is not any text. */
  readonly type?: 'boolean' | 'list' | 'path';
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

const path = { type: 'path', read: read.path } as const;
const boundObjectKinds = ['Secret', 'Pod', 'Node', 'none'] as const;
const caches = ['disk', 'keychain', 'none'] as const;

/** The table. Its order is the order in the help. Names are kubectl's where kubectl has the flag. */
export const table: { readonly [Name in SettingName]-?: Setting<NonNullable<Settings[Name]>> } = {
  server: {
    ...token,
    read: read.server,
    help: 'Address of the TokenRequest endpoint up to "/api", e.g. https://HOST/kubernetes',
  },
  namespace: { ...token, read: read.namespace, alias: 'n', help: 'Namespace of the ServiceAccount' },
  serviceAccount: { ...token, read: read.account, help: 'Name of the ServiceAccount' },
  audience: {
    ...token,
    type: 'list',
    read: read.list,
    help: "Audience of the issued token (repeatable; default: the API server's own)",
  },
  duration: {
    ...token,
    read: read.lifetime,
    help: 'Life asked for the issued token, e.g. 1h or 3600 (at least 10m; the server may grant less)',
  },
  boundObjectKind: {
    ...token,
    choices: boundObjectKinds,
    read: read.oneOf(boundObjectKinds),
    help: "Kind of the object whose deletion revokes the issued token (default: the source token's own Secret)",
  },
  boundObjectName: { ...token, read: read.text, help: 'Name of the bound object' },
  boundObjectUid: { ...token, read: read.text, help: 'UID of the bound object' },
  certificateAuthority: {
    ...token,
    ...path,
    help: 'File with the CA certificates of the server (PEM)',
  },
  certificateAuthorityData: { ...token, read: read.base64, help: 'The same as base64 of PEM' },
  tlsServerName: { ...token, read: read.text, help: "Name to check in the server's certificate" },
  insecureSkipTlsVerify: {
    ...token,
    type: 'boolean',
    read: read.boolean,
    help: 'Do not check the certificate: whoever answers gets the source token',
  },
  clientCertificate: { ...token, ...path, help: 'File with a client certificate (PEM)' },
  clientKey: { ...token, ...path, help: 'File with its key (PEM)' },
  proxyUrl: {
    ...call,
    read: read.proxy,
    help: 'HTTP proxy towards the server (default: HTTPS_PROXY, NO_PROXY)',
  },
  timeout: {
    ...call,
    read: read.timeout,
    help: `Limit for one exchange, retries included (default: ${defaultTimeout}s)`,
  },
  cache: {
    ...call,
    choices: caches,
    read: read.oneOf(caches),
    help: 'Where issued tokens are kept until they expire (default: disk)',
  },
  sourceFile: {
    ...token,
    ...path,
    help: 'Read the source token from this file instead of the keychain',
  },
  sourceCommand: {
    ...token,
    read: read.command,
    help: 'Read the source token from the output of this shell command',
  },
  sourceEnv: {
    ...token,
    read: read.variable,
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

/**
 * Reads one value.
 *
 * @param raw - text from a flag or variable, or what YAML or JSON gave
 * @throws SaTokenError `bad-value`, naming the place
 */
export function parseValue<Name extends SettingName>(
  name: Name,
  raw: unknown,
  place: read.Place,
): NonNullable<Settings[Name]> {
  // The table ties each name to what its reader gives; TypeScript cannot follow that through the look-up.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return table[name].read(raw, place) as NonNullable<Settings[Name]>;
}
