/** The profile file as a YAML document that knows its lines, and keeps the comments and the order that people gave it. */
import { isMap, isNode, isScalar, LineCounter, parseDocument, YAMLMap, type Document, type Node } from 'yaml';
import { messageOf, SaTokenError } from '../errors.ts';
import { badProfileFile, unreadableFile } from '../failures/usage.ts';
import { readTextFile, refuseForeignWriters } from '../files.ts';
import { profileFile, type Host } from '../host.ts';
import { shortPath } from './paths.ts';
import { settingNames, type Settings } from './table.ts';

const heading = ` Profiles of kubectl-sa-token. No secrets here: source tokens are in the keychain.
 Keys are the long flags of "kubectl sa-token get-token --help".`;

export interface ProfileDocument {
  readonly file: string;
  readonly shown: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/**
 * The file, or an empty one with a heading where there is none.
 *
 * @throws SaTokenError `bad-profile-file`, `unsafe-file`, `unreadable-file`
 */
export function openDocument(host: Host): ProfileDocument {
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
  for (const { key, value } of node.items) {
    const line = isScalar(key) && key.range ? opened.lines.linePos(key.range[0]).line : 1;
    yield [isScalar(key) ? String(key.value) : '', isNode(value) ? value : null, `${opened.shown}:${line}`];
  }
}

/** Keys that stay keep their place and their comments; values that stay, the way they were written (`1h`, `~/token`). */
export function changeProfile(
  document: Document,
  name: string,
  before: Settings,
  settings: Settings | undefined,
): void {
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
