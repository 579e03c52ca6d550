/** The profile file as a YAML document that knows its lines, and keeps the comments and the order that people gave it. */
import { isMap, isNode, isScalar, LineCounter, parseDocument, YAMLMap, type Document, type Node } from 'yaml';
import { messageOf } from '../errors/error.ts';
import { badProfileFile } from '../errors/usage.ts';
import { identityOf } from '../base/file-identity.ts';
import { readTextAndStatus, refuseForeignWriters } from '../base/config-file.ts';
import type { Host } from '../base/host.ts';
import { profileFile, shownProfileFile } from './paths.ts';
import { flagOf, settingNames, type Settings } from './table.ts';

const heading = ` Profiles of kubectl-sa-token. No secrets here: source tokens are in the keychain.
 Keys are the long flags of "kubectl sa-token get-token --help".`;

export interface ProfileDocument {
  readonly file: string;
  readonly shown: string;
  readonly document: Document;
  readonly lines: LineCounter;
  /** Of the very file that was read; undefined where there is none. */
  readonly identity: string | undefined;
}

/**
 * The file, or an empty one with a heading where there is none.
 *
 * @throws SaTokenError `bad-profile-file`, `unsafe-file`, `unreadable-file`
 */
export function openDocument(host: Host): ProfileDocument {
  const file = profileFile(host);
  const shown = shownProfileFile(host);
  const lines = new LineCounter();
  const read = readTextAndStatus('profile file', file, shown);
  const text = read?.text;
  if (text !== undefined)
    refuseForeignWriters(host, file, 'set HOME or KUBECTL_SA_TOKEN_CONFIG to a file of your own');
  const document = parseDocument(text ?? '', { lineCounter: lines, logLevel: 'error' });
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
  return { file, shown, document, lines, identity: read && identityOf(read.status) };
}

/** Throws SaTokenError where an alias (`*x`) would be left without its anchor. */
export function textOf({ document, shown }: ProfileDocument): string {
  try {
    return document.toString({ lineWidth: 0 });
  } catch (error) {
    throw badProfileFile(shown, messageOf(error), undefined, error);
  }
}

/** Key, value and `FILE:LINE` of each pair of a map. */
export function* pairs(
  node: unknown,
  opened: ProfileDocument,
  what: string,
  where: string,
): Generator<[string, Node | null, string]> {
  if (!isMap(node)) throw badProfileFile(where, `${what} must be a map of keys and values`);
  const known = new Set<string>();
  for (const { key, value } of node.items) {
    const line = isScalar(key) && key.range ? opened.lines.linePos(key.range[0]).line : 1;
    const [text, at] = [keyText(key), `${opened.shown}:${line}`];
    // `7` and `"7"` are two keys of YAML.
    if (known.has(text)) throw badProfileFile(at, `key "${text}" is there twice`);
    known.add(text);
    yield [text, isNode(value) ? value : null, at];
  }
}

/** A value in JavaScript's own. Throws SaTokenError for an alias of nothing. */
export function plain(value: Node | null, { document }: ProfileDocument, where: string): unknown {
  try {
    return value?.toJS(document) ?? null;
  } catch (error) {
    throw badProfileFile(where, messageOf(error), undefined, error);
  }
}

/** As it is written: `1.0`, `010` and `true` are names here. */
function keyText(key: unknown): string {
  if (!isScalar(key)) return '';
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

/** Nothing, where a value could stand. */
export function isNothing(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

/** Keys that stay keep their place and their comments; values that stay, the way they were written (`1h`, `~/token`). */
export function changeProfile(
  document: Document,
  profileName: string,
  before: Settings,
  settings: Settings | undefined,
): void {
  if (isNothing(document.contents)) document.contents = filled(document.contents);
  const profiles = mapAt(document, 'profiles');
  keepKeys(profiles);
  const found = profiles.items.find(({ key }) => keyText(key) === profileName);
  if (settings === undefined) {
    profiles.items = profiles.items.filter((pair) => pair !== found);
    return;
  }
  const profile = found !== undefined && isMap(found.value) ? found.value : filled(found?.value);
  if (found === undefined) profiles.set(profileName, profile);
  else found.value = profile;
  for (const name of settingNames) change(document, profile, flagOf(name), before[name], settings[name]);
}

function change(document: Document, profile: YAMLMap, key: string, before: unknown, value: unknown): void {
  if (value === undefined) profile.delete(key);
  else if (JSON.stringify(value) !== JSON.stringify(before)) {
    const node: unknown = profile.get(key, true);
    const { comment = null, commentBefore = null }: Partial<Node> = isNode(node) ? node : {};
    profile.set(key, Object.assign(document.createNode(value), { comment, commentBefore }));
  }
}

/** `010` would be written as 10; as a text it gets quotes. */
function keepKeys({ items }: YAMLMap): void {
  for (const { key } of items)
    if (isScalar(key) && String(key.value) !== keyText(key)) key.value = keyText(key);
}

function mapAt(document: Document, key: string): YAMLMap {
  const node: unknown = document.get(key, true);
  if (isMap(node)) return node;
  const map = filled(node);
  document.set(key, map);
  return map;
}

/** A map in the place of nothing, whose comment stays. */
function filled(nothing: unknown): YAMLMap {
  const { comment = null, commentBefore = null }: Partial<Node> = isNode(nothing) ? nothing : {};
  const comments = [commentBefore, comment].filter((each) => each !== null);
  return Object.assign(new YAMLMap(), { commentBefore: comments.length > 0 ? comments.join('\n') : null });
}
