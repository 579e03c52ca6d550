/** Options that commands share, those of the settings table first, and what was given for them. */
import type { Options } from 'yargs';
import type { Access } from '../api/context.ts';
import type { Host } from '../base/host.ts';
import { badToken } from '../errors/usage.ts';
import { readGiven, type Flags } from '../settings/overrides.ts';
import { flagOf, settingNames, table, timeoutMs, type SettingName } from '../settings/table.ts';
import { cleanToken } from '../source/source.ts';
import type { Arguments } from './command.ts';
import { readInput } from './terminal.ts';

const exchangeGroup = 'Settings (also variables KUBECTL_SA_TOKEN_…, and keys of the profile):';

/** One yargs option for each setting, but for those named. */
export function settingOptions(without: readonly SettingName[] = []): Record<string, Options> {
  return Object.fromEntries(
    settingNames.filter((name) => !without.includes(name)).map((name) => [flagOf(name), optionOf(name)]),
  );
}

function optionOf(name: SettingName): Options {
  const { type, help, choices, alias } = table[name];
  return {
    describe: choices === undefined ? help : `${help} [choices: ${choices.join(', ')}]`,
    group: exchangeGroup,
    ...(type === 'boolean' ? { type: 'boolean' } : { type: 'string', requiresArg: true }),
    ...(type === 'list' ? { array: true } : {}),
    ...(alias === undefined ? {} : { alias }),
  };
}

/** The settings among parsed arguments. */
export function flagsOf(argv: Arguments): Flags {
  return Object.fromEntries(
    settingNames.filter((name) => argv[flagOf(name)] !== undefined).map((name) => [name, argv[flagOf(name)]]),
  );
}

/** An option that takes a text. */
export function textOption(describe: string): Options {
  return { type: 'string', requiresArg: true, describe };
}

/** What was given for such an option. */
export function textOf(argv: Arguments, name: string): string | undefined {
  const value = argv[name];
  return typeof value === 'string' ? value : undefined;
}

/** `-o` with the formats that it takes. */
export function outputOption(formats: readonly string[] = ['json', 'yaml']): Record<string, Options> {
  return { output: { ...textOption('Format'), alias: 'o', choices: formats } };
}

/** Which kubeconfig, for commands that ask an API server. */
export const accessOptions = {
  kubeconfig: textOption('Kubeconfig (default: KUBECONFIG, ~/.kube/config)'),
  context: textOption('Context of the kubeconfig (default: the current one)'),
};

/** What was given for `accessOptions`. */
export function accessOf(argv: Arguments): Access {
  return { kubeconfig: textOf(argv, 'kubeconfig'), context: textOf(argv, 'context') };
}

/** Milliseconds that a call beside the exchange may take: --timeout, its variable, or the default. */
export function patienceOf(host: Host, argv: Arguments): number {
  return timeoutMs(readGiven(host, undefined, { timeout: argv['timeout'] }).settings);
}

/** The positional profile. */
export function profileOf(argv: Arguments): string | undefined {
  return textOf(argv, 'PROFILE');
}

/** @param other - another flag that names a token */
export function tokenStdinOption(other: string): Record<string, Options> {
  const describe = 'Look at a token from standard input instead';
  return { 'token-stdin': { type: 'boolean', describe, conflicts: ['PROFILE', other] } };
}

/**
 * @returns undefined when it was not asked for
 * @throws SaTokenError `bad-token`
 */
export async function readHandedIn(host: Host, argv: Arguments): Promise<string | undefined> {
  if (argv['token-stdin'] !== true) return undefined;
  const token = cleanToken(await readInput(host), 'standard input');
  if (token === undefined) throw badToken('standard input', 'is empty');
  return token;
}
