/** Edits one user of a kubeconfig; everything else stays as it is: each byte, and the file's mode. */
import { statSync } from 'node:fs';
import { isMap, isSeq, parseDocument, type Document, type YAMLSeq } from 'yaml';
import { badKubeconfig, otherUser, unwritableFile } from '../failures/usage.ts';
import { replaceFile } from '../files.ts';
import type { Host } from '../host.ts';
import { isObject, objectAt, textAt } from '../json.ts';
import { withLock } from '../lock.ts';
import { fileFor, masked, openKubeconfig, readKubeconfig } from './kubeconfig-file.ts';
import { spliceUser } from './kubeconfig-splice.ts';

export interface UserChange {
  /** The file to change; undefined: where kubectl would look. */
  readonly file: string | undefined;
  readonly user: string;
  readonly value: object;
  /** Replace a user that is not an exec hook of ours. */
  readonly force: boolean;
  readonly dryRun: boolean;
}

export interface Changed {
  readonly file: string;
  readonly outcome: 'added' | 'changed' | 'unchanged';
  readonly backup: string | undefined;
  /** With a dry run: the whole file as it would be, secrets replaced as `kubectl config view` does. */
  readonly result: string | undefined;
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
  if (change.dryRun) return edit(file, change);
  return withLock(host, `${file}.lock`, () => edit(file, change));
}

function edit(file: string, change: UserChange): Changed {
  const text = readKubeconfig(file);
  const document = openKubeconfig(file, text);
  const outcome = setIn(file, document, change);
  const result = outcome === 'unchanged' ? (text ?? '') : textWith(text, document, change);
  if (change.dryRun) return { file, outcome, backup: undefined, result: masked(result) };
  if (outcome === 'unchanged') return { file, outcome, backup: undefined, result: undefined };
  const backup = text === undefined ? undefined : `${file}.sa-token-backup`;
  try {
    if (text !== undefined && backup !== undefined) replaceFile(backup, text, statSync(file).mode & 0o777);
    replaceFile(file, result);
  } catch (error) {
    throw unwritableFile(file, error);
  }
  return { file, outcome, backup, result: undefined };
}

/** The old text with the user in it; where that cannot be, or would mean something else, the document written anew. */
function textWith(text: string | undefined, document: Document, { user, value }: UserChange): string {
  const spliced = text === undefined ? undefined : spliceUser(text, user, value);
  if (spliced !== undefined) {
    const read = parseDocument(spliced);
    if (read.errors.length === 0 && JSON.stringify(read.toJS()) === JSON.stringify(document.toJS()))
      return spliced;
  }
  return document.toString({ lineWidth: 0 });
}

function setIn(file: string, document: Document, { user, value, force }: UserChange): Changed['outcome'] {
  const users = usersOf(file, document);
  const found = users.items.filter(isMap).filter((item) => item.get('name') === user);
  if (found.length > 1) throw badKubeconfig(file, `user "${user}" is there twice`);
  const [item] = found;
  if (item === undefined) {
    users.flow = false;
    users.add(document.createNode({ name: user, user: value }));
    return 'added';
  }
  const before: unknown = objectAt(item.toJS(document), 'user');
  const means = otherMeans(before);
  if (means !== undefined && !force) throw otherUser(file, user, means);
  if (JSON.stringify(before) === JSON.stringify(value)) return 'unchanged';
  item.set('user', document.createNode(value));
  return 'changed';
}

/** The list of users, made where there is none. */
function usersOf(file: string, document: Document): YAMLSeq {
  const users = document.get('users');
  if (isSeq(users)) return users;
  if (users !== null && users !== undefined) throw badKubeconfig(file, '"users" is not a list');
  const made = document.createNode<unknown[]>([]);
  document.set('users', made);
  return made;
}

/** How a user logs in, when not by an exec hook of ours; a static token there would override the hook. */
function otherMeans(user: unknown): string | undefined {
  const keys = Object.keys(isObject(user) ? user : {});
  if (keys.length === 0) return undefined;
  if (keys.length > 1 || keys[0] !== 'exec') return keys.filter((key) => key !== 'exec').join(', ');
  const command = textAt(objectAt(user, 'exec'), 'command') ?? '';
  return /(?:^|[\\/])kubectl-sa[_-]token(?:\.exe)?$/.test(command) ? undefined : `exec of ${command}`;
}
