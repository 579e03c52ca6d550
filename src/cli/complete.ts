/** Completion: what may come next on a command line. Reads files only; contacts no server and opens no keychain. */
import type { Options } from 'yargs';
import type { Host } from '../base/host.ts';
import { SaTokenError } from '../errors/error.ts';
import { readKubeconfigs } from '../kubeconfig/files.ts';
import { eachProfile } from '../settings/profiles.ts';
import { settingOf, table } from '../settings/table.ts';
import { findCommand, type Command } from './command.ts';

interface Choice {
  readonly word: string;
  readonly help?: string | undefined;
}

/** Flags that take a path, beside those of the settings table. */
const paths: ReadonlySet<string> = new Set(['kubeconfig', 'token-file']);

/**
 * @param words - the words after the plugin's name; the last one is being typed and may be empty
 * @returns what may come next; undefined where a file may
 */
function complete(
  host: Host,
  commands: readonly Command[],
  words: readonly string[],
): readonly Choice[] | undefined {
  const [before, current] = [words.at(-2) ?? '', words.at(-1) ?? ''];
  if (words.length <= 1)
    return commands.map(({ usage, summary }) => ({ word: nameOf(usage), help: summary }));
  const command = findCommand(commands, words[0]);
  if (command === undefined) return [];
  const [, flag] = /^(--[^=]+)=/.exec(current) ?? [];
  if (flag !== undefined)
    return valuesOf(host, command, flag)?.map(({ word }) => ({ word: `${flag}=${word}` }));
  if (words.length > 2 && takesValue(command, before)) return valuesOf(host, command, before);
  return current.startsWith('-') ? flagsOf(command) : positionals(host, command, words.slice(1, -1));
}

function nameOf(usage: string): string {
  return usage.split(' ')[0] ?? '';
}

function flagsOf(command: Command): Choice[] {
  return Object.entries(command.options).map(([name, { describe }]) => ({
    word: `--${name}`,
    help: describe,
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

function valuesOf(host: Host, command: Command, flag: string): Choice[] | undefined {
  const [name = '', { choices } = {}] = optionOf(command, flag) ?? [];
  const setting = settingOf(name);
  const known = choices ?? dynamicValues(host, name) ?? (setting && table[setting].choices);
  if (known !== undefined) return known.map((word) => ({ word: String(word) }));
  return (setting === undefined ? paths.has(name) : table[setting].type === 'path') ? undefined : [];
}

function dynamicValues(host: Host, name: string): readonly string[] | undefined {
  if (name === 'context') return [...readKubeconfigs(host, undefined).contexts.keys()];
  return name === 'user' ? [...readKubeconfigs(host, undefined).users.keys()] : undefined;
}

/** A profile where the command takes one and none is there yet; else the command's own words. */
function positionals(host: Host, command: Command, before: readonly string[]): Choice[] {
  const given = before.filter(
    (word, at) => !word.startsWith('-') && !takesValue(command, before[at - 1] ?? ''),
  );
  if (given.length > 0) return [];
  if (!/[<[]PROFILE[\]>]/.test(command.usage)) return (command.words ?? []).map((word) => ({ word }));
  return [...eachProfile(host)].map(([word, found]) => ({
    word,
    help: found instanceof SaTokenError ? undefined : found.server,
  }));
}

/**
 * The hidden `__complete`: answers a shell for the words after the plugin's name. One choice a line, its help after a
 * TAB, Cobra's directive last (0: a file may come too, else 4). A failure is no choices, never a message: it would land in
 * the line being typed.
 */
export async function completeWords(host: Host, typed: readonly string[]): Promise<void> {
  const { commands } = await import('./command-list.ts');
  try {
    const choices = complete(host, commands, typed);
    const lines = (choices ?? [])
      .filter(({ word }) => word.startsWith(typed.at(-1) ?? ''))
      .map(({ word, help = '' }) => (help === '' ? word : `${word}\t${help}`));
    host.out([...lines, choices === undefined ? ':0' : ':4'].map((line) => `${line}\n`).join(''));
  } catch {
    host.out(':4\n');
  }
}
