/** The flags of the settings table as yargs options, and the parsed words back as flags. */
import type { Options } from 'yargs';
import { badUsage } from '../failures/usage.ts';
import type { Flags } from '../settings/given.ts';
import { settingNames, table, type SettingName } from '../settings/table.ts';

const exchangeGroup = 'Settings (also variables KUBECTL_SA_TOKEN_…, and keys of the profile):';

/** One yargs option for each setting, but for those named. */
export function settingOptions(without: readonly SettingName[] = []): Record<string, Options> {
  return Object.fromEntries(
    settingNames.filter((name) => !without.includes(name)).map((name) => [name, optionOf(name)]),
  );
}

function optionOf(name: SettingName): Options {
  const { type, help, choices, alias } = table[name];
  return {
    describe: choices === undefined ? help : `${help} [choices: ${choices.join(', ')}]`,
    group: exchangeGroup,
    ...(type === 'boolean' ? { type: 'boolean' } : { type: 'string', requiresArg: true }),
    ...(alias === undefined ? {} : { alias }),
  };
}

/**
 * The settings among parsed arguments.
 *
 * @throws SaTokenError `bad-usage` for a flag that was given twice and takes one value
 */
export function flagsOf(argv: Readonly<Record<string, unknown>>): Flags {
  const flags: Partial<Record<SettingName, unknown>> = {};
  for (const name of settingNames) {
    const value = argv[name];
    if (value === undefined) continue;
    const list = table[name].type === 'list';
    if (Array.isArray(value) && !list) throw badUsage(`--${name} is given more than once`);
    flags[name] = list ? [value].flat() : value;
  }
  return flags;
}

/** Text of an option that takes one value. */
export function textOf(argv: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = argv[name];
  if (Array.isArray(value)) throw badUsage(`--${name} is given more than once`);
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw badUsage(`--${name} needs a value`);
  return value;
}
