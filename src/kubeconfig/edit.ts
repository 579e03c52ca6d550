/** Edits one user of a kubeconfig: comments, order and the file's mode stay, and all else reads as before. */
import { statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import {
  Document,
  isMap,
  isSeq,
  parse,
  parseDocument,
  visit,
  YAMLSeq,
  type Node,
  type ToStringOptions,
} from 'yaml';
import { badKubeconfig, otherUser, unknownStyle, unwritableFile } from '../errors/usage.ts';
import { replaceFile } from '../base/config-file.ts';
import type { Host } from '../base/host.ts';
import { isObject, listAt, objectAt, parseJson, textAt, type JsonObject } from '../base/json.ts';
import { withLock } from '../base/lock.ts';
import { shortPath } from '../settings/paths.ts';
import { empty, fileFor, isPlugin, parseKubeconfig, readKubeconfig, reading, usersNamed } from './files.ts';

export interface UserChange {
  /** The file to change; undefined: where kubectl would look. */
  readonly file: string | undefined;
  readonly user: string;
  readonly value: object;
  /** Replace a user that is not an exec hook of ours. */
  readonly force: boolean;
}

export interface Changed {
  readonly file: string;
  readonly outcome: 'added' | 'changed' | 'unchanged';
  readonly backup?: string | undefined;
  /** How the user logged in before, where that was replaced: the backup still has it. */
  readonly replaced?: string | undefined;
}

/** The `user` part of an exec hook (client-go tools/clientcmd/api/v1: v1 needs interactiveMode). */
export function execUser(command: string, args: readonly string[], provideClusterInfo: boolean): object {
  return {
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command,
      args,
      interactiveMode: 'Never',
      ...(provideClusterInfo ? { provideClusterInfo } : {}),
      installHint: 'kubectl-sa_token is needed to log in; install it with: kubectl krew install sa-token',
    },
  };
}

/**
 * Sets one user. The lock is kubectl's own (`FILE.lock`, clientcmd/config.go), so that neither undoes the other.
 *
 * @throws SaTokenError `bad-kubeconfig`, `other-user`, `unreadable-file` or `unwritable-file`; the file is then as it was
 */
export async function setUser(host: Host, change: UserChange): Promise<Changed> {
  const file = fileFor(host, change.file, change.user);
  // A folder, say, has a lock nowhere.
  readKubeconfig(file);
  return withLock(host, `${file}.lock`, async () => edit(file, change));
}

/**
 * The user that `setUser` would write, and the name of the file: the user holds no secret, and the rest of the file may.
 *
 * @throws SaTokenError `bad-kubeconfig`, `other-user`, `unreadable-file`
 */
export function dryRun(host: Host, change: UserChange): string {
  const file = fileFor(host, change.file, change.user);
  const { user } = open(file, readKubeconfig(file), change);
  const document = new Document({});
  put(document, { ...user, index: -1 });
  return `# ${shortPath(file, host.home)}\n${document.toString(style)}`;
}

interface NamedUser {
  readonly name: string;
  readonly value: object;
  /** Which of the users it is; -1: one more. */
  readonly index: number;
}

interface Opened extends Pick<Changed, 'outcome' | 'replaced'> {
  readonly file: string;
  readonly text: string;
  readonly content: JsonObject;
  readonly user: NamedUser;
}

function edit(file: string, change: UserChange): Changed {
  const found = readKubeconfig(file);
  const opened = open(file, found, change);
  const { outcome, replaced } = opened;
  if (outcome === 'unchanged') return { file, outcome };
  const result = textWith(opened);
  const backup = found === undefined ? undefined : `${file}.sa-token-backup`;
  try {
    if (found !== undefined && backup !== undefined) replaceFile(backup, found, statSync(file).mode & 0o777);
    replaceFile(file, result);
  } catch (error) {
    throw unwritableFile(file, error);
  }
  return { file, outcome, backup, replaced };
}

/** Reads the file, and looks what would become of the user. */
function open(file: string, found: string | undefined, { user: name, value, force }: UserChange): Opened {
  const text = found === undefined || found.trim() === '' ? empty : found;
  const content = parseKubeconfig(file, text);
  const user = { name, value, index: indexOf(file, content, name) };
  return { file, text, content, user, ...outcomeOf(file, content, user, force) };
}

/**
 * The text with the user in it. Comments and order stay, and what kubectl wrote comes back byte for byte but for the user;
 * blanks in a file that a person laid out may be set otherwise.
 *
 * @throws SaTokenError `bad-kubeconfig` for a file that would not read the same but for the user
 */
function textWith({ file, text, content, user }: Opened): string {
  try {
    const result = asJson(text, user) ?? asYaml(text, user);
    if (isDeepStrictEqual(parse(result, reading), withUser(content, user))) return result;
  } catch {
    // An alias that would lose its anchor, or a value that is not where one could be put.
  }
  throw unknownStyle(file, user.name);
}

function asYaml(text: string, user: NamedUser): string {
  // Merge keys stay what they are; with `merge` a name `<<` would lose its quotes.
  const document = parseDocument(text, { logLevel: 'error', intAsBigInt: true });
  put(document, user);
  return document.toString(style);
}

/** A file that is JSON stays JSON, in one line or in many as it was. */
function asJson(text: string, user: NamedUser): string | undefined {
  const content = parseJson(text);
  if (!isObject(content)) return undefined;
  const indent = /^\{[^\S\n]*\n(\s+)/.exec(text)?.[1];
  return `${JSON.stringify(withUser(content, user), undefined, indent)}${text.endsWith('\n') ? '\n' : ''}`;
}

function put(document: Document, { name, value, index }: NamedUser): void {
  const users: unknown = document.get('users', true);
  const list = isSeq(users) ? users : new YAMLSeq();
  if (list !== users) document.set('users', list);
  const root = isMap(document.contents) && document.contents.flow === true;
  // A new list is written in lines, unless the whole file is one line, as JSON is.
  if (list.items.length === 0) list.flow = root;
  const item: unknown = list.items[index];
  if (isMap(item)) item.set('user', nodeOf(value, item.flow === true));
  else list.add(nodeOf({ name, user: value }, list.flow === true));
}

/** What every reader of YAML takes for a text as it is; the rest has quotes. */
const plain = /^(?!(?:y|n|yes|no|on|off|true|false|null|e\d+)$)[a-z/][\w./-]*$/i;

function nodeOf(value: object, flow: boolean): Node {
  const node = new Document().createNode(value, { flow });
  visit(node, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && !plain.test(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return node;
}

/** kubectl's own: long lines stay whole, and the dashes of a list are level with its key. */
const style: ToStringOptions = { lineWidth: 0, indentSeq: false };

/** Which of the users it is; -1: none yet. */
function indexOf(file: string, content: JsonObject, user: string): number {
  if (!Array.isArray(content['users'] ?? [])) throw badKubeconfig(file, '"users" is not a list');
  const [index = -1, ...more] = usersNamed(content, user);
  if (more.length > 0) throw badKubeconfig(file, `user "${user}" is there twice`);
  return index;
}

function outcomeOf(
  file: string,
  content: JsonObject,
  user: NamedUser,
  force: boolean,
): Pick<Changed, 'outcome' | 'replaced'> {
  if (user.index < 0) return { outcome: 'added', replaced: undefined };
  const before = objectAt(listAt(content, 'users')[user.index], 'user');
  const replaced = otherMeans(before);
  if (replaced !== undefined && !force) throw otherUser(file, user.name, replaced);
  const same = JSON.stringify(before) === JSON.stringify(user.value);
  return { outcome: same ? 'unchanged' : 'changed', replaced };
}

function withUser(before: JsonObject, { name, value, index }: NamedUser): JsonObject {
  const users = [...listAt(before, 'users')];
  const item = users[index];
  if (isObject(item)) users[index] = { ...item, user: value };
  else users.push({ name, user: value });
  return { ...before, users };
}

/** How a user logs in, when not by an exec hook of ours; a static token there would override the hook. */
function otherMeans(user: unknown): string | undefined {
  const keys = Object.keys(isObject(user) ? user : {});
  if (keys.length === 0) return undefined;
  if (keys.length > 1 || keys[0] !== 'exec') return keys.filter((key) => key !== 'exec').join(', ');
  const command = textAt(objectAt(user, 'exec'), 'command') ?? '';
  return isPlugin(command) ? undefined : `exec of ${command}`;
}
