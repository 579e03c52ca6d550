/** Options that commands share, those of the settings table first, and what was given for them. */
import type { Options } from 'yargs';
import type { Access } from '../api/context.ts';
import type { Host } from '../base/host.ts';
import { badUsage, badToken } from '../errors/usage.ts';
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
    ...(alias === undefined ? {} : { alias }),
  };
}

/**
 * The settings among parsed arguments.
 *
 * @throws SaTokenError `bad-usage` for a flag that was given twice and takes one value
 */
export function flagsOf(argv: Arguments): Flags {
  const flags: Partial<Record<SettingName, unknown>> = {};
  for (const name of settingNames) {
    const value = argv[flagOf(name)];
    if (value === undefined) continue;
    const list = table[name].type === 'list';
    if (Array.isArray(value) && !list) throw badUsage(`--${flagOf(name)} is given more than once`);
    flags[name] = list ? [value].flat() : value;
  }
  return flags;
}

/** Text of an option that takes one value. */
export function textOf(argv: Arguments, name: string): string | undefined {
  const value = argv[name];
  if (Array.isArray(value)) throw badUsage(`--${name} is given more than once`);
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw badUsage(`--${name} needs a value`);
  return value;
}

/** The value of an option that takes one of some words. */
export function choiceOf<Word extends string>(
  argv: Arguments,
  name: string,
  words: readonly Word[],
  command: string,
): Word | undefined {
  const asked = textOf(argv, name);
  const known = words.find((word) => word === asked);
  if (asked === undefined || known !== undefined) return known;
  throw badUsage(
    `${name === 'output' ? '-o' : `--${name}`} ${asked} is not one of ${words.join(', ')}`,
    command,
  );
}

export const structured = ['json', 'yaml'] as const;

/** `-o` of commands that print for people unless told otherwise. */
export const outputOption: Record<string, Options> = {
  output: { alias: 'o', type: 'string', requiresArg: true, describe: `Format: ${structured.join(', ')}` },
};

/** The format asked for; undefined: for people. */
export function formatOf(argv: Arguments, command: string): (typeof structured)[number] | undefined {
  return choiceOf(argv, 'output', structured, command);
}

/** Which kubeconfig, for commands that ask an API server. */
export const accessOptions: Record<string, Options> = {
  kubeconfig: {
    type: 'string',
    requiresArg: true,
    describe: 'Kubeconfig (default: KUBECONFIG, ~/.kube/config)',
  },
  context: {
    type: 'string',
    requiresArg: true,
    describe: 'Context of the kubeconfig (default: the current one)',
  },
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
  return typeof argv['PROFILE'] === 'string' ? argv['PROFILE'] : undefined;
}

export const tokenStdinOption: Record<string, Options> = {
  'token-stdin': { type: 'boolean', describe: 'Look at a token from standard input instead' },
};

/**
 * @returns undefined when it was not asked for
 * @throws SaTokenError `bad-usage` beside a profile, `bad-token`
 */
export async function readHandedIn(
  host: Host,
  argv: Arguments,
  command: string,
): Promise<string | undefined> {
  if (argv['token-stdin'] !== true) return undefined;
  if (argv['PROFILE'] !== undefined) throw badUsage('--token-stdin takes no profile', command);
  const token = cleanToken(await readInput(host), 'standard input');
  if (token === undefined) throw badToken('standard input', 'is empty');
  return token;
}
