/** Whether a kubeconfig that was edited as text says what it should. */
import { isNode, isSeq, parseDocument } from 'yaml';
import { isObject, listAt, type JsonObject } from '../json.ts';
import { reading } from './kubeconfig-file.ts';
import type { SplicedUser } from './kubeconfig-splice.ts';

/** All that was there, and the user. */
export function readsAs(text: string, before: JsonObject, user: SplicedUser): boolean {
  try {
    const read = parseDocument(text, reading);
    if (read.errors.length > 0) return false;
    const meant = withUser(before, user);
    return JSON.stringify(read.toJS()) === JSON.stringify(meant) && readsUser(text, user);
  } catch {
    // An alias without its anchor.
    return false;
  }
}

export function readsUser(text: string, { name, value, index }: SplicedUser): boolean {
  const read = userFor11(text, index);
  return read['name'] === name && JSON.stringify(read['user']) === JSON.stringify(value);
}

/** A user as kubectl's YAML has it, which is 1.1: a plain `on`, say, is no text there. */
export function userFor11(text: string, index: number): JsonObject {
  const document = parseDocument(text, { ...reading, version: '1.1' });
  const users: unknown = document.get('users');
  const item = isSeq(users) ? users.items.at(index) : undefined;
  const read: unknown = isNode(item) ? item.toJS(document) : undefined;
  return isObject(read) ? read : {};
}

function withUser(before: JsonObject, { name, value, index }: SplicedUser): JsonObject {
  const users = [...listAt(before, 'users')];
  const item = users[index];
  if (isObject(item)) users[index] = { ...item, user: value };
  else users.push({ name, user: value });
  return { ...before, users };
}
