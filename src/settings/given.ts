/** What one call was given beside the profile file: flags and variables. */
import { nodeCrypto, type Host } from '../host.ts';
import { hookRefused, severalSources } from '../failures/usage.ts';
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
import { parseValue } from './values.ts';

/** Raw flags by setting name, as the command line gave them. */
export type Flags = Readonly<Partial<Record<SettingName, unknown>>>;

export interface Given {
  readonly profile: string | undefined;
  /** Flags over variables. */
  readonly settings: Settings;
  /** The source token, where the call itself names the variable it is in: another token is another entry. */
  readonly sourceToken?: string;
}

/**
 * Reads everything but the profile file.
 *
 * @throws SaTokenError `bad-value` or `bad-profile-name`, naming where the value was written
 */
export function readGiven(host: Host, profile: string | undefined, flags: Flags): Given {
  const named = profile ?? (host.env['KUBECTL_SA_TOKEN_PROFILE'] || undefined);
  for (const strange of strangeVariables(host)) host.trace(`settings: ${strange}`);
  const hidden = hiddenSources(host, flags);
  const settings: Record<string, unknown> = {};
  for (const name of settingNames) {
    const where = hidden.includes(name) ? undefined : placeOf(host, name, flags);
    if (where === undefined) continue;
    const raw = flags[name] ?? listed(name, host.env[where]);
    settings[name] = parseValue(name, raw, { where, folder: host.cwd, home: host.home });
  }
  const variable = settings['source-env'];
  const sourceToken = typeof variable === 'string' ? host.env[variable] : undefined;
  return {
    profile: named === undefined ? undefined : checkProfileName(named),
    settings,
    ...(sourceToken === undefined ? {} : { sourceToken }),
  };
}

/**
 * Reads what an exec hook may be given, which is the name of a profile and nothing else.
 *
 * @param profile - named by the hook's arguments
 * @param extended - named by the cluster's extension
 * @throws SaTokenError `hook-refused` for a variable that sets more, `bad-profile-name`
 */
export function readHook(host: Host, profile: string | undefined, extended: string | undefined): Given {
  const variable = settingNames.map(variableOf).find((name) => host.env[name]);
  if (variable !== undefined) throw hookRefused(`the variable ${variable}`);
  const named = profile ?? (host.env['KUBECTL_SA_TOKEN_PROFILE'] || extended);
  return { profile: named === undefined ? undefined : checkProfileName(named), settings: {} };
}

/** The flag or variable that gives a setting; undefined where none does. */
export function placeOf(host: Host, name: SettingName, flags: Flags): string | undefined {
  if (flags[name] !== undefined) return `--${name}`;
  return host.env[variableOf(name)] ? variableOf(name) : undefined;
}

function listed(name: SettingName, text: string | undefined): unknown {
  return table[name].type === 'list' ? text?.split(/[\s,]+/).filter(Boolean) : text;
}

/**
 * The name of the entry for a call, without reading the profile file: the profile's name where nothing else was
 * given, else with a digest of all else, so that a warm call needs no YAML.
 */
export function entryName(given: Given): string {
  const parts = Object.entries(given.settings)
    .filter(([key]) => isSettingName(key) && table[key].changesToken)
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
