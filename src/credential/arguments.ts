/** What one `get-token` call asks for, and the strict reader that knows its plain command lines without yargs. */
import { hookRefused } from '../errors/usage.ts';
import { outputs, type Output } from '../exec/credential.ts';
import type { Flags } from '../settings/overrides.ts';
import { flagOf, settingNames, table, type SettingName } from '../settings/table.ts';

export interface Call {
  readonly profile: string | undefined;
  readonly flags: Flags;
  readonly output: Output;
  /** Exchange even when a fresh entry is there. */
  readonly forceRefresh: boolean;
}

const aliases = new Map<string, SettingName>(
  settingNames.flatMap((name) => [
    [`--${flagOf(name)}`, name] as const,
    ...(table[name].alias === undefined ? [] : [[`-${table[name].alias}`, name] as const]),
  ]),
);

/**
 * Reads the arguments after `get-token`.
 *
 * @returns undefined for anything out of the plain (unknown or repeated flags, help, a missing value): yargs then reads it and words what is wrong
 */
export function readCall(words: readonly string[]): Call | undefined {
  const flags: Partial<Record<SettingName, unknown>> = {};
  let profile: string | undefined;
  let output: Output | undefined;
  let forceRefresh = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const [flag, inline] = splitFlag(word);
    const name = aliases.get(flag);
    // yargs takes the word behind a boolean flag for its value.
    if (isSwitch(word) && /^(?:true|false)$/.test(words[at + 1] ?? '')) return undefined;
    if (word === '--force-refresh') forceRefresh = true;
    else if (word === '-v' || word === '--verbose') continue;
    else if (name !== undefined && table[name].type === 'boolean') {
      if (flags[name] !== undefined || (inline !== undefined && inline !== 'true' && inline !== 'false'))
        return undefined;
      flags[name] = inline !== 'false';
    } else if (name !== undefined || flag === '-o' || flag === '--output') {
      const value = inline ?? words[(at += 1)];
      if (value === undefined || value === '' || value.startsWith('-')) return undefined;
      if (name === undefined) {
        if (output !== undefined) return undefined;
        output = outputs.find((known) => known === value);
        if (output === undefined) return undefined;
      } else if (!keep(flags, name, value)) return undefined;
    } else if (word.startsWith('-') || word === '' || profile !== undefined) return undefined;
    else profile = word;
  }
  return { profile, flags, output: output ?? 'exec-credential', forceRefresh };
}

/**
 * Reads the words of an exec hook: `get-token [PROFILE]`, and `-v`.
 *
 * @throws SaTokenError `hook-refused` for any other command, flag or word
 */
export function readHookCall([command, ...words]: readonly string[]): Call {
  if (command !== 'get-token')
    throw hookRefused(command === undefined ? 'a call without a command' : shown(command));
  const [profile, ...others] = words.filter((word) => word !== '-v' && word !== '--verbose');
  // The first of them: what stands behind a flag is its value.
  const refused = profile === '' || profile?.startsWith('-') ? profile : others[0];
  if (refused !== undefined) throw hookRefused(shown(refused));
  return { profile, flags: {}, output: 'exec-credential', forceRefresh: false };
}

/** A word without what follows "=": a value could be a secret. */
function shown(word: string): string {
  return JSON.stringify(word.replace(/=.*$/s, '').slice(0, 40));
}

function isSwitch(word: string): boolean {
  const name = aliases.get(word);
  return (
    (name !== undefined && table[name].type === 'boolean') ||
    ['--force-refresh', '-v', '--verbose'].includes(word)
  );
}

/** False for a second value of a flag that takes one. */
function keep(flags: Partial<Record<SettingName, unknown>>, name: SettingName, value: string): boolean {
  const before = flags[name];
  if (table[name].type === 'list')
    flags[name] = [...(Array.isArray(before) ? (before as unknown[]) : []), value];
  else if (before === undefined) flags[name] = value;
  else return false;
  return true;
}

/** `--flag=value` as two; a word without `=` alone. */
function splitFlag(word: string): [string, string | undefined] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}
