/** The profile file: YAML that people edit by hand, read strictly and changed without losing a comment. */
import { utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Node } from 'yaml';
import { replaceFile } from '../base/config-file.ts';
import type { FileRecord } from '../base/file-identity.ts';
import type { Host } from '../base/host.ts';
import { acquire, type Lock } from '../base/lock.ts';
import { makeFolder } from '../base/private-file.ts';
import { ours, SaTokenError } from '../errors/error.ts';
import { badProfileFile, notLoggedOut, unknownProfile, unwritableFile } from '../errors/usage.ts';
import { checkProfileName } from './names.ts';
import { absoluteProfileFile, profileFile, shownProfileFile } from './paths.ts';
import {
  changeProfile,
  isNothing,
  openDocument,
  pairs,
  plain,
  textOf,
  type ProfileDocument,
} from './profile-yaml.ts';
import { flagOf, parseValue, settingNames, settingOf, sourceNames, type Settings } from './table.ts';

/**
 * Profiles by name, in the file's order. Each is parsed when its function is called, so that a mistake in one stops no other:
 * SaTokenError `bad-profile-file` or `bad-value`, with file, line and key.
 */
export type Profiles = ReadonlyMap<string, () => Settings>;

/** All profiles, with the mistake in the place of one that has one. Throws as `readProfiles`. */
export function* eachProfile(host: Host): Generator<[name: string, settings: Settings | SaTokenError]> {
  for (const [name, parse] of readProfiles(host)) {
    try {
      yield [name, parse()];
    } catch (error) {
      yield [name, ours(error)];
    }
  }
}

/**
 * Reads the profile file. Without a file the map is empty.
 *
 * @throws SaTokenError `bad-profile-file` with file and line for a mistake outside of any profile; `unsafe-file`,
 *   `unreadable-file`
 */
export function readProfiles(host: Host): Profiles {
  return profilesIn(host, openDocument(host));
}

/** One that has to be there, with the file that it was read from. Throws SaTokenError `unknown-profile`, and as `readProfiles`. */
export function readProfile(host: Host, name: string): { settings: Settings; file: FileRecord } {
  const opened = openDocument(host);
  const profiles = profilesIn(host, opened);
  const settings = profiles.get(name)?.();
  if (settings === undefined || opened.identity === undefined)
    throw unknownProfile(name, profileFile(host), [...profiles.keys()]);
  return { settings, file: { path: absoluteProfileFile(host), identity: opened.identity } };
}

/** A login may wait 60 s for the person to unlock the keychain, and then some for the keychain itself. */
const lockLimitMs = 120_000;

/**
 * Runs what changes profiles, and the keychain with them: two logins or logouts at once would each undo a half of the other.
 *
 * @throws SaTokenError `unwritable-file`, `locked`
 */
export async function withProfilesLocked<T>(host: Host, work: () => Promise<T>): Promise<T> {
  const path = profileFile(host);
  let lock: Lock;
  try {
    makeFolder(dirname(path));
    lock = await acquire(host, `${path}.lock`, { limitMs: lockLimitMs, strictly: true });
  } catch (error) {
    throw error instanceof SaTokenError ? error : unwritableFile(`${shownProfileFile(host)}.lock`, error);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/**
 * Writes one profile, or removes it (undefined). Other profiles, comments and order stay. Call it under the profiles' lock.
 *
 * @throws SaTokenError as `readProfiles`, and `unwritable-file`
 */
export function writeProfile(host: Host, name: string, settings: Settings | undefined): void {
  const opened = openDocument(host);
  const before = profilesIn(host, opened).get(name)?.();
  changeProfile(opened.document, name, before ?? {}, settings);
  const text = textOf(opened);
  try {
    replaceFile(profileFile(host), text);
  } catch (error) {
    throw unwritableFile(shownProfileFile(host), error);
  }
}

/** Makes the file another one without a change of its text, so that entries made from it are held against their digest. */
export function touchProfiles(host: Host): void {
  const now = host.now() / 1000;
  try {
    utimesSync(profileFile(host), now, now);
  } catch (error) {
    throw notLoggedOut(`cannot write ${shownProfileFile(host)}`, error);
  }
}

function profilesIn(host: Host, opened: ProfileDocument): Profiles {
  const parsers = new Map<string, () => Settings>();
  const root = opened.document.contents;
  if (isNothing(root)) return parsers;
  for (const [key, value, at] of pairs(root, opened, 'the file', `${opened.shown}:1`)) {
    if (key !== 'profiles')
      throw badProfileFile(at, `unknown key "${key}"`, 'put it below "profiles", the only key at the top');
    if (isNothing(value)) continue;
    for (const [name, profile, line] of pairs(value, opened, 'profiles', at))
      parsers.set(name, () => parseProfile(host, opened, { name, profile, line }));
  }
  return parsers;
}

function parseProfile(
  host: Host,
  opened: ProfileDocument,
  { name, profile, line }: { name: string; profile: Node | null; line: string },
): Settings {
  checkNameAt(name, line);
  const settings: Record<string, unknown> = {};
  if (isNothing(profile)) return settings;
  for (const [key, value, at] of pairs(profile, opened, `profile "${name}"`, line)) {
    const setting = settingOf(key);
    if (setting === undefined)
      throw badProfileFile(
        at,
        `unknown key "${key}" in profile "${name}"`,
        `use one of: ${settingNames.map(flagOf).join(', ')}`,
      );
    settings[setting] = parseValue(setting, plain(value, opened, at), {
      where: `${at}: ${key}`,
      folder: dirname(opened.file),
      home: host.home,
    });
  }
  const sources = sourceNames.filter((source) => settings[source] !== undefined);
  if (sources.length > 1)
    throw badProfileFile(
      line,
      `${sources.map(flagOf).join(' and ')} of profile "${name}" exclude each other`,
      'keep one of them',
    );
  return settings;
}

function checkNameAt(name: string, line: string): void {
  try {
    checkProfileName(name);
  } catch (error) {
    throw error instanceof SaTokenError ? badProfileFile(line, error.message, error.hint) : error;
  }
}
