/** Completion: what may come next on a command line. Reads files only; contacts no server and opens no keychain. */
import type { Options } from 'yargs';
import type { Host } from '../base/host.ts';
import { readKubeconfigs } from '../kubeconfig/files.ts';
import { seenAudiences } from '../login/summary.ts';
import { readProfiles } from '../settings/profiles.ts';
import { settingOf, table } from '../settings/table.ts';
import { findCommand, type Command } from './command.ts';

export interface Choice {
  readonly word: string;
  readonly help: string;
}

export interface Completion {
  readonly choices: readonly Choice[];
  /** True where a file may come too (Cobra's directive 0, else 4). */
  readonly files: boolean;
}

/** Flags that take a path, beside those of the settings table. */
const paths: ReadonlySet<string> = new Set(['kubeconfig', 'token-file']);

const nothing: Completion = { choices: [], files: false };
const fileNames: Completion = { choices: [], files: true };

/**
 * @param words - the words after the plugin's name; the last one is being typed and may be empty
 */
export function complete(host: Host, commands: readonly Command[], words: readonly string[]): Completion {
  const current = words.at(-1) ?? '';
  if (words.length <= 1)
    return matching(
      current,
      commands.map(({ usage, summary }) => ({ word: nameOf(usage), help: summary })),
    );
  const command = findCommand(commands, words[0]);
  if (command === undefined) return nothing;
  const [, flag, typed] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (flag !== undefined) return valuesOf(host, command, flag, typed ?? '', `${flag}=`);
  const before = words.at(-2) ?? '';
  if (words.length > 2 && takesValue(command, before)) return valuesOf(host, command, before, current, '');
  if (current.startsWith('-')) return matching(current, flagsOf(command));
  return matching(current, positionals(host, command, words.slice(1, -1)));
}

function nameOf(usage: string): string {
  return usage.split(' ')[0] ?? '';
}

function flagsOf(command: Command): Choice[] {
  return Object.entries(command.options).map(([name, { describe }]) => ({
    word: `--${name}`,
    help: describe ?? '',
  }));
}

/** The option behind `--name` or `-n`. */
function optionOf(command: Command, flag: string): [string, Options] | undefined {
  const name = flag.replace(/^--?/, '');
  return Object.entries(command.options).find(([each, { alias }]) =>
    flag.startsWith('--') ? each === name : alias === name,
  );
}

function takesValue(command: Command, flag: string): boolean {
  return flag.startsWith('-') && optionOf(command, flag)?.[1].type === 'string';
}

function valuesOf(host: Host, command: Command, flag: string, typed: string, prefix: string): Completion {
  const [name = '', { choices } = {}] = optionOf(command, flag) ?? [];
  const setting = settingOf(name);
  const known = choices ?? dynamicValues(host, name) ?? (setting && table[setting].choices);
  if (known !== undefined) {
    const found = matching(
      typed,
      known.map((word) => ({ word: String(word), help: '' })),
    );
    return { ...found, choices: found.choices.map((choice) => ({ ...choice, word: prefix + choice.word })) };
  }
  const isPath = setting === undefined ? paths.has(name) : table[setting].type === 'path';
  return isPath ? fileNames : nothing;
}

function dynamicValues(host: Host, name: string): readonly string[] | undefined {
  if (name === 'context') return [...readKubeconfigs(host, undefined).contexts.keys()];
  if (name === 'user') return [...readKubeconfigs(host, undefined).users.keys()];
  return name === 'audience' ? seenAudiences(host) : undefined;
}

/** A profile where the command takes one and none is there yet; else the command's own words. */
function positionals(host: Host, command: Command, before: readonly string[]): Choice[] {
  const given = before.filter(
    (word, at) => !word.startsWith('-') && !takesValue(command, before[at - 1] ?? ''),
  );
  if (!/[<[]PROFILE[\]>]/.test(command.usage))
    return given.length > 0 ? [] : (command.words ?? []).map((word) => ({ word, help: '' }));
  if (given.length > 0) return [];
  return readProfiles(host)
    .usable()
    .map(([word, { server }]) => ({ word, help: server ?? '' }));
}

function matching(typed: string, choices: readonly Choice[]): Completion {
  return { choices: choices.filter(({ word }) => word.startsWith(typed)), files: false };
}

/**
 * The hidden `__complete`: answers a shell for the words after the plugin's name. One choice a line, its help after a
 * TAB, Cobra's directive last. A failure is no choices, never a message: it would land in the line being typed.
 */
export async function completeWords(host: Host, typed: readonly string[]): Promise<void> {
  const { commands } = await import('./command-list.ts');
  try {
    const { choices, files } = complete(host, commands, typed);
    const lines = choices.map(({ word, help }) => (help === '' ? word : `${word}\t${help}`));
    host.out([...lines, files ? ':0' : ':4'].map((line) => `${line}\n`).join(''));
  } catch {
    host.out(':4\n');
  }
}
