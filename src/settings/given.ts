/** What one call was given beside the profile: flags, variables, and the cluster's part of the kubeconfig. */
import { nodeCrypto, type Host } from '../host.ts';
import { badValue, severalSources } from '../failures/usage.ts';
import { clusterTexts, type ClusterInfo } from './exec-info.ts';
import { checkProfileName } from './name.ts';
import { strangeVariables } from './near.ts';
import {
  isSettingName,
  settingNames,
  sourceNames,
  table,
  variableOf,
  type SettingName,
  type Settings,
} from './table.ts';
import type { Place } from './text.ts';
import { parseValue } from './values.ts';

/** Raw flags by setting name, as the command line gave them. */
export type Flags = Readonly<Partial<Record<SettingName, unknown>>>;

export interface Given {
  readonly profile: string | undefined;
  /** Flags over variables over the cluster's extension. */
  readonly settings: Settings;
  /** The cluster's own address and TLS fields; they count only where the exchange goes to that same address. */
  readonly cluster: Settings;
  /** The source token, where the call itself names the variable it is in: another token is another entry. */
  readonly sourceToken?: string;
}

const ourConfig = 'sa-token.kubectl/v1';

/**
 * Reads everything but the profile file.
 *
 * @throws SaTokenError `bad-value` or `bad-profile-name`, naming where the value was written
 */
export function readGiven(
  host: Host,
  profile: string | undefined,
  flags: Flags,
  cluster: ClusterInfo | undefined,
): Given {
  const extension = ownExtension(cluster);
  const named = profile ?? (host.env['KUBECTL_SA_TOKEN_PROFILE'] || extension['profile']);
  for (const strange of strangeVariables(host)) host.trace(`settings: ${strange}`);
  const hidden = hiddenSources(host, flags);
  const settings: Record<string, unknown> = {};
  for (const name of settingNames) {
    if (hidden.includes(name)) continue;
    const value = firstGiven(host, name, flags, extension);
    if (value !== undefined) settings[name] = value;
  }
  const variable = settings['source-env'];
  const sourceToken = typeof variable === 'string' ? host.env[variable] : undefined;
  return {
    profile: named === undefined ? undefined : checkProfileName(named),
    settings,
    cluster: cluster === undefined ? {} : readCluster(host, cluster),
    ...(sourceToken === undefined ? {} : { sourceToken }),
  };
}

/**
 * The name of the entry for a call, without reading the profile file: the profile's name where nothing else was
 * given, else with a digest of all else, so that a warm call needs no YAML.
 */
export function entryName(given: Given): string {
  const parts = Object.entries({ ...prefixed('cluster.', given.cluster), ...prefixed('', given.settings) })
    .filter(([key]) => !isSettingName(key) || table[key].changesToken)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (given.sourceToken !== undefined) parts.push(['sourceToken', given.sourceToken]);
  if (parts.length === 0 && given.profile !== undefined) return given.profile;
  const digest = nodeCrypto().createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 20);
  return `${given.profile ?? ''}@${digest}`;
}

/** A flag for one source hides the variables for others; of two at one level nobody knows which is meant. */
function hiddenSources(host: Host, flags: Flags): readonly SettingName[] {
  const byFlag = sourceNames.filter((name) => flags[name] !== undefined);
  const byVariable = sourceNames.filter((name) => host.env[variableOf(name)]);
  const [named, shown] =
    byFlag.length > 0
      ? [byFlag, byFlag.map((name) => `--${name}`)]
      : [byVariable, byVariable.map((name) => variableOf(name))];
  if (named.length > 1) throw severalSources(shown);
  return named.length === 0 ? [] : sourceNames.filter((name) => name !== named[0]);
}

function firstGiven(
  host: Host,
  name: SettingName,
  flags: Flags,
  extension: Record<string, unknown>,
): unknown {
  const place = (where: string): Place => ({ where, folder: host.cwd, home: host.home });
  if (flags[name] !== undefined) return parseValue(name, flags[name], place(`--${name}`));
  const variable = variableOf(name);
  const text = host.env[variable];
  if (text !== undefined && text !== '') {
    return parseValue(
      name,
      table[name].type === 'list' ? text.split(/[\s,]+/).filter(Boolean) : text,
      place(variable),
    );
  }
  if (extension[name] === undefined || !table[name].fromCluster) return undefined;
  return parseValue(name, extension[name], place(`cluster extension: ${name}`));
}

/** Ours unless it says that it is another plugin's: every plugin of a cluster is given the same extension. */
function ownExtension(cluster: ClusterInfo | undefined): Record<string, unknown> {
  const { apiVersion, ...extension } = { ...cluster?.config };
  if (apiVersion !== undefined && apiVersion !== ourConfig) return {};
  for (const key of Object.keys(extension)) {
    if (key === 'profile' || key === 'kind') continue;
    if (!isSettingName(key)) throw badValue(`cluster extension: ${key}`, 'is not a setting of sa-token');
    if (!table[key].fromCluster) {
      throw badValue(`cluster extension: ${key}`, 'may not be set by a kubeconfig', 'set it in the profile');
    }
  }
  return extension;
}

/**
 * `insecure-skip-tls-verify` is left out on purpose: a cluster entry risks a short token with it,
 * here the source token would be at risk.
 */
function readCluster(host: Host, cluster: ClusterInfo): Settings {
  const read: Record<string, unknown> = {};
  for (const name of clusterTexts) {
    const raw = cluster[name];
    if (raw === undefined) continue;
    read[name] = parseValue(name, raw, { where: `cluster info: ${name}`, folder: host.cwd, home: host.home });
  }
  return read;
}

function prefixed(prefix: string, settings: Settings): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${prefix}${key}`, value]));
}
