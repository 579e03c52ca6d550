/** Under what name an entry is kept, and what it is held against: who asks whom, for what, with which source. */
import { nodeCrypto } from '../base/host.ts';
import type { Given } from '../settings/overrides.ts';
import { table, settingNames, type SettingName, type Settings } from '../settings/table.ts';

/**
 * The name of the entry for a call, without reading the profile file: the profile's name where nothing else was
 * given, else with a digest of all else, so that a warm call needs no YAML.
 */
export function entryName(given: Given): string {
  const parts: unknown[] = settingNames
    .filter((name) => table[name].changesToken && given.settings[name] !== undefined)
    .map((name) => [name, given.settings[name]]);
  if (given.sourceToken !== undefined) parts.push(['sourceToken', given.sourceToken]);
  if (parts.length === 0 && given.profile !== undefined) return given.profile;
  const digest = nodeCrypto().createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 20);
  return `${given.profile ?? ''}@${digest}`;
}

/**
 * Digest of every setting that changes the issued token, and of the source token.
 *
 * @param at - the target's label
 * @returns 64 hexadecimal digits
 */
export function digestOf(settings: Settings, at: string, sourceToken: string): string {
  // Server and account are in the label, whoever named them: the settings, or the token's claims at a login.
  const inLabel = new Set<SettingName>(['server', 'namespace', 'serviceAccount']);
  const parts = settingNames
    .filter((name) => table[name].changesToken && !inLabel.has(name))
    .map((name) => [name, settings[name] ?? null]);
  // The version comes first, so that a change of what is hashed can never meet an old digest.
  return nodeCrypto()
    .createHash('sha256')
    .update(JSON.stringify(['v1', at, parts, sourceToken]))
    .digest('hex');
}
