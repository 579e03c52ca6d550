/** What one `get-token` call asks for, and the strict readers that know its plain command lines without yargs. */
import { hookRefused } from '../errors/usage.ts';
import { outputs, type Output } from '../exec/credential.ts';
import type { Flags } from '../settings/overrides.ts';

export interface Call {
  readonly profile: string | undefined;
  readonly flags: Flags;
  readonly output: Output;
  /** Exchange even when a fresh entry is there. */
  readonly forceRefresh: boolean;
}

/**
 * Reads the arguments after `get-token`: `[PROFILE] [-o OUTPUT] [--force-refresh]`, and `-v`.
 *
 * @returns undefined for anything else (settings, help, what is wrong): yargs then reads it and words what is wrong
 */
export function readCall(words: readonly string[]): Call | undefined {
  const rest = [...words];
  let [profile, output, forceRefresh]: [string?, Output?, boolean?] = [];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (isVerbose(word)) continue;
    if (word === '--force-refresh') forceRefresh = true;
    else if (/^(?:-o$|--output(?:=|$))/.test(word)) {
      const value = word.includes('=') ? word.replace(/^.*?=/, '') : rest.shift();
      const found = outputs.find((known) => known === value);
      if (output !== undefined || found === undefined) return undefined;
      output = found;
    } else if (profile !== undefined || /^(?:-.*|true|false|)$/s.test(word)) return undefined;
    else profile = word;
  }
  return { profile, flags: {}, output: output ?? 'exec-credential', forceRefresh: forceRefresh === true };
}

/**
 * Reads the words of an exec hook: `get-token [PROFILE]`, and `-v`.
 *
 * @throws SaTokenError `hook-refused` for any other command, flag or word
 */
export function readHookCall([command, ...words]: readonly string[]): Call {
  if (command !== 'get-token')
    throw hookRefused(command === undefined ? 'a call without a command' : shown(command));
  const [profile, ...others] = words.filter((word) => !isVerbose(word));
  // The first of them: what stands behind a flag is its value.
  const refused = profile === '' || profile?.startsWith('-') ? profile : others[0];
  if (refused !== undefined) throw hookRefused(shown(refused));
  return { profile, flags: {}, output: 'exec-credential', forceRefresh: false };
}

function isVerbose(word: string): boolean {
  return word === '-v' || word === '--verbose';
}

/** A word without what follows "=": a value could be a secret. */
function shown(word: string): string {
  return JSON.stringify(word.replace(/=.*$/s, '').slice(0, 40));
}
