/**
 * A profile's source token in the keychain, and its way. An item belongs to one profile: it is found by the profile's name,
 * whatever the profile says now, and no other profile reads or replaces it.
 */
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, SaTokenError } from '../errors/error.ts';
import { badKeychainItem, tokenOfOtherWay, unwritableFile } from '../errors/usage.ts';
import { readTextFile, replaceFile } from '../base/config-file.ts';
import type { Host } from '../base/host.ts';
import { isObject, parseJson, textAt } from '../base/json.ts';
import { isDefaultProfileFile, profileFile, shortPath } from '../settings/paths.ts';
import { eachProfile, readProfiles, withProfilesLocked } from '../settings/profiles.ts';
import type { Settings } from '../settings/table.ts';
import { label } from '../settings/target.ts';
import { difference, parseWay, wayOf, type Way } from '../settings/way.ts';
import { keychainAccounts, keychainItem } from './keychain.ts';
import { cleanToken, sourceKind, type Source, type SourceToken } from './source.ts';

export interface StoredToken {
  readonly way: Way;
  readonly token: SourceToken;
}

/** An item of a newer version is left alone. */
const version = 1;

/** Profiles of another file than the default one (`KUBECTL_SA_TOKEN_CONFIG`) have items of their own. */
export function accountOf(host: Host, profile: string): string {
  return isDefaultProfileFile(host) ? profile : `${profile} in ${resolve(host.cwd, profileFile(host))}`;
}

/** The stored token of a profile as a source: it is given out for its own way only. */
export function storedSource(
  host: Host,
  profile: string,
  settings: Settings & { readonly server: string },
): Source {
  return {
    place: 'keychain',
    read: async () => {
      const stored = (await readStored(host, profile)) ?? (await takeOldItem(host, profile));
      if (stored === undefined) return undefined;
      const differs = difference(stored.way, wayOf(settings));
      if (differs !== undefined) throw tokenOfOtherWay(profile, differs);
      return stored.token;
    },
  };
}

/**
 * The stored token of a profile; undefined where there is none.
 *
 * @throws SaTokenError `keychain-unavailable`, `bad-keychain-item` for an item that is not ours, garbled, or of a newer version
 */
export async function readStored(host: Host, profile: string): Promise<StoredToken | undefined> {
  const text = await keychainItem(host, accountOf(host, profile)).read();
  return text === undefined ? undefined : parseStored(profile, text);
}

/**
 * Stores a token for its way, and reads it back. Call it under the profiles' lock.
 *
 * @throws SaTokenError `keychain-unavailable`, `keychain-too-small`, `keychain-write-lost`
 */
export async function writeStored(host: Host, profile: string, { way, token }: StoredToken): Promise<void> {
  // Noted first: an item that no note tells of would not be listed.
  note(host, [...notedProfiles(host), profile]);
  await keychainItem(host, accountOf(host, profile)).write(JSON.stringify({ version, way, token }));
}

/**
 * Removes the item of a profile. Call it under the profiles' lock.
 *
 * @returns false where there was none
 * @throws SaTokenError `keychain-unavailable`
 */
export async function removeStored(host: Host, profile: string): Promise<boolean> {
  const removed = await keychainItem(host, accountOf(host, profile)).remove();
  const noted = notedProfiles(host);
  if (noted.includes(profile))
    note(
      host,
      noted.filter((name) => name !== profile),
    );
  return removed;
}

/** Profiles whose tokens were stored, as a file beside the profiles notes them: a keychain is not asked. */
export function notedProfiles(host: Host): string[] {
  return (readTextFile('file', notesFile(host)) ?? '').split('\n').filter((line) => /^[a-z0-9]/.test(line));
}

function note(host: Host, profiles: readonly string[]): void {
  const lines = [...new Set(profiles)].sort().map((profile) => `${profile}\n`);
  try {
    if (lines.length === 0) return rmSync(notesFile(host), { force: true });
    replaceFile(
      notesFile(host),
      `# Profiles whose source token kubectl-sa-token has stored in the keychain. Written by it.\n${lines.join('')}`,
    );
  } catch (error) {
    throw unwritableFile(shortPath(notesFile(host), host.home), error);
  }
}

function notesFile(host: Host): string {
  return `${profileFile(host)}.stored`;
}

/**
 * Profiles that have an item, by the keychain itself.
 *
 * @throws SaTokenError `keychain-unavailable`
 */
export async function storedProfiles(host: Host): Promise<string[]> {
  return (await keychainAccounts(host)).flatMap((account) => profileIn(host, account) ?? []);
}

/** The profile of this profile file that an account is of. */
function profileIn(host: Host, account: string): string | undefined {
  const [, name] = /^([a-z0-9][a-z0-9._-]*)(?: in .+)?$/s.exec(account) ?? [];
  return name !== undefined && accountOf(host, name) === account ? name : undefined;
}

function parseStored(profile: string, text: string): StoredToken {
  const item = parseJson(text);
  const way = parseWay(isObject(item) ? item['way'] : undefined);
  const token = textAt(item, 'token');
  const found = isObject(item) ? item['version'] : undefined;
  if (typeof found === 'number' && found > version)
    throw badKeychainItem(profile, 'was stored by a newer version of this plugin', 'upgrade it');
  if (found !== version || way === undefined || token === undefined) throw notOurs(profile);
  return { way, token: usable(profile, token) };
}

/** @throws SaTokenError `bad-keychain-item` for a text that is no token */
function usable(profile: string, text: string): SourceToken {
  try {
    const token = cleanToken(text, 'the keychain item');
    if (token !== undefined) return token;
  } catch {
    // What is wrong with it helps nobody: it is to be replaced.
  }
  throw notOurs(profile);
}

/**
 * Up to version 0.1.0 an item was named `NAMESPACE/SERVICEACCOUNT@SERVER`, and profiles of one account shared it. Such an
 * item is stored again for each profile that it belongs to, for the way that the profile has now, and removed.
 */
export async function takeOldItem(host: Host, profile: string): Promise<StoredToken | undefined> {
  const mine = readProfiles(host).get(profile)?.();
  const name = mine && oldAccount(mine);
  if (mine?.server === undefined || name === undefined) return undefined;
  const old = keychainItem(host, name);
  const text = await old.read();
  if (text === undefined) return undefined;
  const token = usable(profile, text);
  try {
    await withProfilesLocked(host, async () => {
      for (const [each, found] of eachProfile(host)) {
        if (found instanceof SaTokenError || found.server === undefined || oldAccount(found) !== name)
          continue;
        if ((await readStored(host, each)) !== undefined) continue;
        await writeStored(host, each, { way: wayOf({ ...found, server: found.server }), token });
      }
      await old.remove();
    });
  } catch (error) {
    host.trace(`source token: the keychain item keeps its old name: ${messageOf(error)}`);
    return { way: wayOf({ ...mine, server: mine.server }), token };
  }
  // Another process may have stored another one meanwhile.
  return readStored(host, profile);
}

/**
 * Removes items of the old naming that no profile has taken over.
 *
 * @returns how many there were
 * @throws SaTokenError `keychain-unavailable`
 */
export async function removeOldItems(host: Host): Promise<number> {
  const old = (await keychainAccounts(host)).filter((account) =>
    /^[^\s/]+\/[^\s@]+@https?:\/\//.test(account),
  );
  for (const account of old) await keychainItem(host, account).remove();
  return old.length;
}

const notOurs = (profile: string): SaTokenError =>
  badKeychainItem(
    profile,
    'is not what this plugin stored',
    `replace it: kubectl sa-token login ${profile} --force`,
  );

function oldAccount(settings: Settings): string | undefined {
  const { server, namespace, serviceAccount } = settings;
  if (sourceKind(settings) !== 'keychain') return undefined;
  if (server === undefined || namespace === undefined || serviceAccount === undefined) return undefined;
  return label({ server, namespace, serviceAccount });
}
