/** Puts a user into the text of a kubeconfig, so that every byte outside that user stays as people wrote it. */
import { isMap, isSeq, parseDocument, stringify, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import {
  column,
  contentEnd,
  lineEnd,
  lineStart,
  nextLine,
  pairOf,
  pastComments,
  rangeOf,
  trimmed,
} from './yaml-text.ts';

/** What stands between two positions of a text, replaced. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

/**
 * The text with the user's `user` replaced, or with the user behind the others.
 *
 * @returns undefined for a text that is written in a way that this does not know
 */
export function spliceUser(text: string, name: string, value: object): string | undefined {
  const root: unknown = parseDocument(text).contents;
  if (!isMap(root)) return undefined;
  const users = pairOf(root, 'users');
  const edit =
    users === undefined ? appendList(text, root, name, value) : editList(text, root, users, name, value);
  return edit === undefined ? undefined : text.slice(0, edit.from) + edit.by + text.slice(edit.to);
}

function editList(text: string, root: YAMLMap, users: Pair, name: string, value: object): Edit | undefined {
  const list = users.value;
  if (!isSeq(list)) return fillList(text, root, users, name, value);
  const item = list.items.filter(isMap).find((each) => each.get('name') === name);
  if (item !== undefined) return replaceUser(text, root, list, item, value);
  if (list.items.length === 0) return fillList(text, root, users, name, value);
  return list.flow === true ? addFlow(list, name, value) : addBlock(text, root, list, name, value);
}

/** `user: …` of one item. */
function replaceUser(
  text: string,
  root: YAMLMap,
  list: YAMLSeq,
  item: YAMLMap,
  value: object,
): Edit | undefined {
  const user = pairOf(item, 'user');
  const key = rangeOf(user?.key);
  const old = rangeOf(user?.value);
  if (key === undefined || old === undefined) return undefined;
  if (item.flow === true || list.flow === true)
    return { from: old[0], to: old[1], by: JSON.stringify(value) };
  const by = `:${block(text, value, column(text, key[0]) + 2, indents(text, root, list))}`;
  return { from: key[1], to: trimmed(text, key[1], old[1]), by };
}

function addFlow(list: YAMLSeq, name: string, value: object): Edit | undefined {
  const last = rangeOf(list.items.at(-1));
  if (last === undefined) return undefined;
  return { from: last[1], to: last[1], by: `, ${JSON.stringify({ name, user: value })}` };
}

function addBlock(text: string, root: YAMLMap, list: YAMLSeq, name: string, value: object): Edit | undefined {
  const last = list.items.at(-1);
  const start = rangeOf(last)?.[0];
  const end = contentEnd(last);
  if (start === undefined || end === undefined) return undefined;
  // The dash before the item, on its line and with nothing before it.
  const line = text.slice(lineStart(text, start), start);
  const dash = /^( *)- +$/.exec(line)?.[1]?.length;
  if (dash === undefined) return undefined;
  const at = pastComments(text, nextLine(text, end), dash);
  return insertLines(text, at, itemLines(text, name, value, dash, indents(text, root, list)));
}

/** `users: []`, `users: null`, `users:`. */
function fillList(text: string, root: YAMLMap, users: Pair, name: string, value: object): Edit | undefined {
  const key = rangeOf(users.key);
  const old = rangeOf(users.value);
  if (key === undefined || old === undefined) return undefined;
  if (root.flow === true) return { from: old[0], to: old[1], by: JSON.stringify([{ name, user: value }]) };
  if (!/^\s*(?:\[\s*\]|null|~)?$/.test(text.slice(key[1] + 1, old[1]))) return undefined;
  const end = nextLine(text, old[1]);
  // What stands behind it on the line is a comment, and stays there.
  const rest = text.slice(old[1], end).replace(/\r?\n$/, '');
  const lines = itemLines(text, name, value, column(text, key[0]), false);
  return { from: key[1], to: end, by: `:${rest}${lines}${lineEnd(text)}` };
}

function appendList(text: string, root: YAMLMap, name: string, value: object): Edit | undefined {
  const [first] = root.items;
  const key = rangeOf(first?.key);
  if (root.flow === true || key === undefined || /^(?:\.\.\.|---)/m.test(text.slice(key[0])))
    return undefined;
  const margin = ' '.repeat(column(text, key[0]));
  const lines = itemLines(text, name, value, margin.length, false);
  return insertLines(text, text.length, `${lineEnd(text)}${margin}users:${lines}`);
}

/** Lines that each begin with a line end. */
function itemLines(text: string, name: string, value: object, dash: number, indentSeq: boolean): string {
  const margin = ' '.repeat(dash);
  const head = `${margin}- ${stringify({ name }, { lineWidth: 0 }).trimEnd()}`;
  return `${lineEnd(text)}${head}${lineEnd(text)}${margin}  user:${block(text, value, dash + 4, indentSeq)}`;
}

function block(text: string, value: object, indent: number, indentSeq: boolean): string {
  const lines = stringify(value, { lineWidth: 0, indentSeq }).trimEnd().split('\n');
  return lines.map((line) => `${lineEnd(text)}${' '.repeat(indent)}${line}`).join('');
}

/** At the start of a line, or at the end of a text without a last line end. */
function insertLines(text: string, at: number, lines: string): Edit {
  const complete = at === 0 || text[at - 1] === '\n';
  const own = complete ? lines.slice(lineEnd(text).length) + lineEnd(text) : lines;
  return { from: at, to: at, by: own };
}

/** True where lists stand deeper than their keys, as in most hand-written YAML; kubectl writes them level. */
function indents(text: string, root: YAMLMap, list: YAMLSeq): boolean {
  const [start, key] = [rangeOf(list)?.[0], rangeOf(pairOf(root, 'users')?.key)?.[0]];
  return start !== undefined && key !== undefined && column(text, start) > column(text, key);
}
