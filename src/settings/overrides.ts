/** What one call was given beside the profile file: flags and variables. */
import type { Host } from '../base/host.ts';
import { badUsage, hookRefused } from '../errors/usage.ts';
import { checkProfileName } from './names.ts';
import {
  flagOf,
  parseValue,
  settingNames,
  sourceNames,
  table,
  variableOf,
  type SettingName,
  type Settings,
} from './table.ts';

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
  const variable = settings['sourceEnv'];
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
  if (flags[name] !== undefined) return `--${flagOf(name)}`;
  return host.env[variableOf(name)] ? variableOf(name) : undefined;
}

function listed(name: SettingName, text: string | undefined): unknown {
  return table[name].type === 'list' ? text?.split(/[\s,]+/).filter(Boolean) : text;
}

/** A flag for one source hides the variables for others; of two at one level nobody knows which is meant. */
function hiddenSources(host: Host, flags: Flags): readonly SettingName[] {
  const byFlag = sourceNames.filter((name) => flags[name] !== undefined);
  const byVariable = sourceNames.filter((name) => host.env[variableOf(name)]);
  const [named, shown] =
    byFlag.length > 0
      ? [byFlag, byFlag.map((name) => `--${flagOf(name)}`)]
      : [byVariable, byVariable.map(variableOf)];
  if (named.length > 1) throw badUsage(`${shown.join(' and ')} exclude each other`);
  return named.length === 0 ? [] : sourceNames.filter((name) => name !== named[0]);
}

/** A sentence for each variable that has our prefix and is no setting. Values are not read. */
export function strangeVariables({ env }: Host): string[] {
  const known = new Set([
    ...settingNames.map(variableOf),
    'KUBECTL_SA_TOKEN_PROFILE',
    'KUBECTL_SA_TOKEN_CONFIG',
  ]);
  return Object.keys(env)
    .filter((name) => name.startsWith('KUBECTL_SA_TOKEN_') && !known.has(name))
    .map((name) => `the variable ${name} is no setting`);
}
