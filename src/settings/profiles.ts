/** The profile file: YAML that people edit by hand, read strictly and changed without losing a comment. */
import { utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { isMap, isNode, isScalar, LineCounter, parseDocument, YAMLMap, type Document, type Node } from 'yaml';
import { messageOf, SaTokenError } from '../errors.ts';
import { badProfileFile, unreadableFile, unwritableFile } from '../failures/usage.ts';
import { readTextFile, refuseForeignWriters, replaceFile } from '../files.ts';
import { profileFile, type Host } from '../host.ts';
import { withLock } from '../lock.ts';
import { makeFolder } from '../small-files.ts';
import { checkProfileName } from './name.ts';
import { shortPath } from './paths.ts';
import { isSettingName, settingNames, type Settings } from './table.ts';
import { parseValue } from './values.ts';

const heading = ` Profiles of kubectl-sa-token. No secrets here: source tokens are in the keychain.
 Keys are the long flags of "kubectl sa-token get-token --help".`;

interface ProfileDocument {
  readonly file: string;
  readonly shown: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/**
 * All profiles by name, in the file's order; empty where there is no file.
 *
 * @throws SaTokenError `bad-profile-file` or `bad-value` with file, line and key; `unsafe-file`, `unreadable-file`
 */
export function readProfiles(host: Host): Map<string, Settings> {
  return readAll(host, open(host));
}

/**
 * Writes one profile, or removes it (undefined). Other profiles, comments and order stay.
 *
 * @throws SaTokenError as `readProfiles`, and `unwritable-file`
 */
export async function writeProfile(host: Host, name: string, settings: Settings | undefined): Promise<void> {
  const path = profileFile(host);
  const writing = (write: () => void): void => {
    try {
      write();
    } catch (error) {
      throw unwritableFile(shortPath(path, host.home), error);
    }
  };
  writing(() => makeFolder(dirname(path)));
  await withLock(host, `${path}.lock`, () => {
    const opened = open(host);
    const before = readAll(host, opened).get(name);
    change(opened.document, name, before ?? {}, settings);
    const text = textOf(opened);
    writing(() => replaceFile(path, text));
  });
}

/** Makes the file newer without a change, so that a token that was issued meanwhile is not kept. */
export function touchProfiles(host: Host): void {
  const now = host.now() / 1000;
  try {
    utimesSync(profileFile(host), now, now);
  } catch (error) {
    throw unwritableFile(shortPath(profileFile(host), host.home), error);
  }
}

function open(host: Host): ProfileDocument {
  const file = profileFile(host);
  const shown = shortPath(file, host.home);
  const lines = new LineCounter();
  let text: string | undefined;
  try {
    text = readTextFile(file);
  } catch (error) {
    throw error instanceof SaTokenError ? error : unreadableFile('profiles', shown, error);
  }
  if (text !== undefined) refuseForeignWriters(host, file);
  const document = parseDocument(text ?? '', { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw badProfileFile(
      `${shown}:${broken.linePos?.[0].line ?? 1}`,
      broken.message.split('\n')[0] ?? 'is not YAML',
      undefined,
      broken,
    );
  }
  if (text === undefined) document.commentBefore = heading;
  return { file, shown, document, lines };
}

/** Throws SaTokenError where an alias (`*x`) would be left without its anchor. */
function textOf({ document, shown }: ProfileDocument): string {
  try {
    return document.toString({ lineWidth: 0 });
  } catch (error) {
    throw badProfileFile(shown, messageOf(error), undefined, error);
  }
}

function readAll(host: Host, opened: ProfileDocument): Map<string, Settings> {
  const profiles = new Map<string, Settings>();
  const root = opened.document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return profiles;
  for (const [key, value, at] of pairs(root, opened, 'the file', `${opened.shown}:1`)) {
    if (key !== 'profiles')
      throw badProfileFile(at, `unknown key "${key}"`, 'the only key at the top is "profiles"');
    if (isScalar(value) && value.value === null) continue;
    for (const [name, profile, line] of pairs(value, opened, 'profiles', at)) {
      checkNameAt(name, line);
      profiles.set(name, readProfile(host, opened, { name, profile, line }));
    }
  }
  return profiles;
}

function readProfile(
  host: Host,
  opened: ProfileDocument,
  { name, profile, line }: { name: string; profile: Node | null; line: string },
): Settings {
  const settings: Record<string, unknown> = {};
  for (const [key, value, at] of pairs(profile, opened, `profile "${name}"`, line)) {
    if (!isSettingName(key))
      throw badProfileFile(
        at,
        `unknown key "${key}" in profile "${name}"`,
        `keys: ${settingNames.join(', ')}`,
      );
    const raw: unknown = value === null ? null : value.toJS(opened.document);
    settings[key] = parseValue(key, raw, {
      where: `${at}: ${key}`,
      folder: dirname(opened.file),
      home: host.home,
    });
  }
  return settings;
}

/** Key, value and `FILE:LINE` of each pair of a map. */
function* pairs(
  node: unknown,
  opened: ProfileDocument,
  what: string,
  where: string,
): Generator<[string, Node | null, string]> {
  if (!isMap(node)) throw badProfileFile(where, `${what} must be a map of keys and values`);
  for (const { key, value } of node.items) {
    const line = isScalar(key) && key.range ? opened.lines.linePos(key.range[0]).line : 1;
    yield [isScalar(key) ? String(key.value) : '', isNode(value) ? value : null, `${opened.shown}:${line}`];
  }
}

function checkNameAt(name: string, line: string): void {
  try {
    checkProfileName(name);
  } catch (error) {
    throw error instanceof SaTokenError ? badProfileFile(line, error.message, error.hint) : error;
  }
}

/** Keys that stay keep their place and their comments; values that stay, the way they were written (`1h`, `~/token`). */
function change(document: Document, name: string, before: Settings, settings: Settings | undefined): void {
  if (settings === undefined) {
    document.deleteIn(['profiles', name]);
    return;
  }
  if (!isMap(document.get('profiles'))) document.set('profiles', new YAMLMap());
  if (!isMap(document.getIn(['profiles', name]))) document.setIn(['profiles', name], new YAMLMap());
  for (const key of settingNames) {
    const value = settings[key];
    const at = ['profiles', name, key];
    if (value === undefined) document.deleteIn(at);
    else if (JSON.stringify(value) !== JSON.stringify(before[key])) {
      const { comment = null, commentBefore = null } = nodeAt(document, at);
      document.setIn(at, Object.assign(document.createNode(value), { comment, commentBefore }));
    }
  }
}

function nodeAt(document: Document, path: readonly string[]): Partial<Node> {
  const node = document.getIn(path, true);
  return isNode(node) ? node : {};
}
