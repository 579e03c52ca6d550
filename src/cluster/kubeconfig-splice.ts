/** Puts a user into the text of a kubeconfig, so that every byte outside that user stays as people wrote it. */
import { isMap, isScalar, isSeq, parseDocument, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { block, itemLines, userLines } from './kubeconfig-lines.ts';
import {
  column,
  contentEnd,
  lastDash,
  lineEnd,
  lineStart,
  nextLine,
  pairOf,
  pastComments,
  rangeOf,
  trimmed,
} from './yaml-text.ts';

export interface SplicedUser {
  readonly name: string;
  readonly value: object;
  /** Which of the users it is; -1: one more. */
  readonly index: number;
}

/** What stands between two positions of a text, replaced. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

/**
 * The text with the user's `user` replaced, or with the user behind the others.
 *
 * @returns undefined for a text that is written in a way that this does not know; what it gives is to be read and compared
 */
export function spliceUser(text: string, user: SplicedUser): string | undefined {
  const root: unknown = parseDocument(text, { keepSourceTokens: true }).contents;
  if (!isMap(root)) return undefined;
  const users = pairOf(root, 'users');
  const edit = users === undefined ? appendList(text, root, user) : editList(text, root, users, user);
  return edit === undefined ? undefined : text.slice(0, edit.from) + edit.by + text.slice(edit.to);
}

function editList(text: string, root: YAMLMap, users: Pair, user: SplicedUser): Edit | undefined {
  const list = users.value;
  if (!isSeq(list)) return fillList(text, root, users, user);
  if (user.index >= 0) return replaceUser(text, root, list, user);
  if (list.items.length === 0) return fillList(text, root, users, user);
  return list.flow === true ? addFlow(list, user) : addBlock(text, root, list, user);
}

/** `user: …` of one item. */
function replaceUser(
  text: string,
  root: YAMLMap,
  list: YAMLSeq,
  { index, value }: SplicedUser,
): Edit | undefined {
  const item = list.items[index];
  if (!isMap(item)) return undefined;
  const user = pairOf(item, 'user');
  if (user === undefined) return addKey(text, item, value, indents(text, root, list));
  const key = rangeOf(user.key);
  const old = rangeOf(user.value);
  if (key === undefined || old === undefined) return undefined;
  if (item.flow === true || list.flow === true)
    return { from: old[0], to: old[1], by: JSON.stringify(value) };
  const by = `:${block(text, value, column(text, key[0]) + 2, indents(text, root, list))}`;
  return { from: key[1], to: trimmed(text, key[1], old[1]), by };
}

/** An item that has a name alone. */
function addKey(text: string, item: YAMLMap, value: object, indentSeq: boolean): Edit | undefined {
  if (item.flow === true) return addMember(item, `"user": ${JSON.stringify(value)}`);
  const key = rangeOf(item.items.at(-1)?.key);
  const end = contentEnd(item);
  if (key === undefined || end === undefined) return undefined;
  return insertLines(text, nextLine(text, end), userLines(text, value, column(text, key[0]), indentSeq));
}

/** In `{…}`, behind the others. */
function addMember(map: YAMLMap, member: string): Edit | undefined {
  const last = map.items.at(-1);
  if (last === undefined) return insert((rangeOf(map)?.[0] ?? 0) + 1, member);
  const end = (rangeOf(last.value) ?? rangeOf(last.key))?.[1];
  return end === undefined ? undefined : insert(end, `, ${member}`);
}

function addFlow(list: YAMLSeq, { name, value }: SplicedUser): Edit | undefined {
  const last = rangeOf(list.items.at(-1));
  return last === undefined ? undefined : insert(last[1], `, ${JSON.stringify({ name, user: value })}`);
}

function addBlock(
  text: string,
  root: YAMLMap,
  list: YAMLSeq,
  { name, value }: SplicedUser,
): Edit | undefined {
  const end = contentEnd(list.items.at(-1));
  const dash = lastDash(list);
  // With nothing before it on its line.
  if (dash === undefined || end === undefined || !/^ *$/.test(text.slice(lineStart(text, dash), dash)))
    return undefined;
  const margin = column(text, dash);
  const at = pastComments(text, nextLine(text, end), margin);
  return insertLines(text, at, itemLines(text, name, value, margin, indents(text, root, list)));
}

/** `users: []`, `users: null`, `users:`. */
function fillList(text: string, root: YAMLMap, users: Pair, { name, value }: SplicedUser): Edit | undefined {
  const key = rangeOf(users.key);
  const old = rangeOf(users.value);
  if (key === undefined || old === undefined) return undefined;
  if (root.flow === true) return { from: old[0], to: old[1], by: JSON.stringify([{ name, user: value }]) };
  // No value at all is found behind the comment.
  const last = isScalar(users.value) && users.value.source === '' ? key[1] + 1 : old[1];
  if (!/^:\s*(?:\[\s*\]|null|~)?$/i.test(text.slice(key[1], last))) return undefined;
  const end = nextLine(text, last);
  // What stands behind it on the line is a comment, and stays there.
  const rest = text.slice(last, end).replace(/\r?\n$/, '');
  const lines = itemLines(text, name, value, column(text, key[0]), false);
  return { from: key[1], to: end, by: `:${rest}${lines}${lineEnd(text)}` };
}

function appendList(text: string, root: YAMLMap, { name, value }: SplicedUser): Edit | undefined {
  if (root.flow === true) return addMember(root, `"users": ${JSON.stringify([{ name, user: value }])}`);
  const key = rangeOf(root.items[0]?.key);
  if (key === undefined) return undefined;
  // A `...` ends the document.
  const end = /^\.\.\.(?!\S)/m.exec(text.slice(key[0]))?.index;
  const margin = ' '.repeat(column(text, key[0]));
  const lines = itemLines(text, name, value, margin.length, false);
  const at = end === undefined ? text.length : key[0] + end;
  return insertLines(text, at, `${lineEnd(text)}${margin}users:${lines}`);
}

/** At the start of a line, or at the end of a text without a last line end. */
function insertLines(text: string, at: number, lines: string): Edit {
  const complete = at === 0 || text[at - 1] === '\n';
  const own = complete ? lines.slice(lineEnd(text).length) + lineEnd(text) : lines;
  return insert(at, own);
}

function insert(at: number, by: string): Edit {
  return { from: at, to: at, by };
}

/** True where lists stand deeper than their keys, as in most hand-written YAML; kubectl writes them level. */
function indents(text: string, root: YAMLMap, list: YAMLSeq): boolean {
  const [start, key] = [rangeOf(list)?.[0], rangeOf(pairOf(root, 'users')?.key)?.[0]];
  return start !== undefined && key !== undefined && column(text, start) > column(text, key);
}
