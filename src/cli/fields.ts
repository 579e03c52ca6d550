/** Names and values one below the other, as `kubectl describe` shows them; and the choice of a format. */
import type { Options } from 'yargs';
import { oneLine } from '../errors.ts';
import { badUsage } from '../failures/usage.ts';
import type { Host } from '../host.ts';
import { readGiven } from '../settings/given.ts';
import { defaultTimeout } from '../settings/table.ts';
import type { Arguments } from './command.ts';
import { textOf } from './options.ts';

/** A list is a line for each item. What has no value, and an empty list, is left out. */
export type Fields = readonly (readonly [string, string | readonly string[] | undefined])[];

/**
 * Lines with aligned values. Names and values may be of a token that nobody verified, or of a server: each is made one
 * line that a terminal prints as it is, so that none can forge another.
 */
export function fieldLines(fields: Fields, indent = ''): string {
  const shown = fields
    .map(([name, value]) => ({
      name: oneLine(name),
      lines: [value ?? []].flat().map((line) => oneLine(line)),
    }))
    .filter(({ lines }) => lines.length > 0);
  const width = Math.max(...shown.map(({ name }) => name.length)) + 3;
  return shown
    .flatMap(({ name, lines }) => lines.map((line, at) => (at === 0 ? name : '').padEnd(width) + line))
    .map((line) => `${(indent + line).trimEnd()}\n`)
    .join('');
}

export const structured = ['json', 'yaml'] as const;

/** `-o` of commands that print for people unless told otherwise. */
export const outputOption: Record<string, Options> = {
  output: { alias: 'o', type: 'string', requiresArg: true, describe: `Format: ${structured.join(', ')}` },
};

/** The format asked for; undefined: for people. */
export function formatOf(argv: Arguments, command: string): (typeof structured)[number] | undefined {
  const asked = textOf(argv, 'output');
  const known = structured.find((format) => format === asked);
  if (asked !== undefined && known === undefined)
    throw badUsage(`-o ${asked} is not one of ${structured.join(', ')}`, command);
  return known;
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

/** Milliseconds that a call beside the exchange may take: --timeout, its variable, or the default. */
export function patienceOf(host: Host, argv: Arguments): number {
  const { timeout } = readGiven(host, undefined, { timeout: argv['timeout'] }, undefined).settings;
  return (timeout ?? defaultTimeout) * 1000;
}

/** The positional profile. */
export function profileOf(argv: Arguments): string | undefined {
  return typeof argv['PROFILE'] === 'string' ? argv['PROFILE'] : undefined;
}
