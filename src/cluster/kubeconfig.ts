/** Edits one user of a kubeconfig; everything else stays as it is: each byte, and the file's mode. */
import { statSync } from 'node:fs';
import { badKubeconfig, otherUser, unknownStyle, unwritableFile } from '../failures/usage.ts';
import { replaceFile } from '../files.ts';
import type { Host } from '../host.ts';
import { isObject, listAt, objectAt, textAt, type JsonObject } from '../json.ts';
import { withLock } from '../lock.ts';
import { readsAs, readsUser, userFor11 } from './kubeconfig-check.ts';
import {
  fileFor,
  isPlugin,
  openKubeconfig,
  readKubeconfig,
  startText,
  usersNamed,
} from './kubeconfig-file.ts';
import { masked } from './kubeconfig-masked.ts';
import { spliceUser, type SplicedUser } from './kubeconfig-splice.ts';

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
  // A folder, say, has a lock nowhere.
  readKubeconfig(file);
  return withLock(host, `${file}.lock`, () => edit(file, change));
}

interface Opened {
  readonly file: string;
  readonly text: string;
  readonly content: JsonObject;
}

function edit(file: string, change: UserChange): Changed {
  const found = readKubeconfig(file);
  const opened = open(file, startText(found));
  const user = { name: change.user, value: change.value, index: indexOf(opened, change.user) };
  const outcome = outcomeOf(opened, user, change.force);
  const result = outcome === 'unchanged' ? opened.text : textWith(opened, user);
  if (change.dryRun) return { file, outcome, backup: undefined, result: masked(result) };
  if (outcome === 'unchanged') return { file, outcome, backup: undefined, result: undefined };
  const backup = found === undefined ? undefined : `${file}.sa-token-backup`;
  try {
    if (found !== undefined && backup !== undefined) replaceFile(backup, found, statSync(file).mode & 0o777);
    replaceFile(file, result);
  } catch (error) {
    throw unwritableFile(file, error);
  }
  return { file, outcome, backup, result: undefined };
}

function open(file: string, text: string): Opened {
  const content: unknown = openKubeconfig(file, text).toJS();
  return { file, text, content: isObject(content) ? content : {} };
}

/** The text with the user in it, and all else as it was. */
function textWith({ file, text, content }: Opened, user: SplicedUser): string {
  const result = spliceUser(text, user);
  if (result !== undefined && readsAs(result, content, user)) return result;
  throw unknownStyle(file, user.name, setCredentials(file, user));
}

/** Which of the users it is; -1: none yet. */
function indexOf({ file, text, content }: Opened, user: string): number {
  if (!Array.isArray(content['users'] ?? [])) throw badKubeconfig(file, '"users" is not a list');
  const [index = -1, ...more] = usersNamed(content, user);
  if (more.length > 0) throw badKubeconfig(file, `user "${user}" is there twice`);
  if (index >= 0 && userFor11(text, index)['name'] !== user)
    throw badKubeconfig(file, `the name of user "${user}" needs quotes: kubectl does not take it for text`);
  return index;
}

function outcomeOf({ file, text, content }: Opened, user: SplicedUser, force: boolean): Changed['outcome'] {
  if (user.index < 0) return 'added';
  const before = objectAt(listAt(content, 'users')[user.index], 'user');
  const means = otherMeans(before);
  if (means !== undefined && !force) throw otherUser(file, user.name, means);
  const same = JSON.stringify(before) === JSON.stringify(user.value);
  return same && readsUser(text, user) ? 'unchanged' : 'changed';
}

/** What has kubectl write the user: it knows every way to write YAML, and keeps none. */
function setCredentials(file: string, { name, value }: SplicedUser): string[] {
  const exec = objectAt(value, 'exec');
  const start = ['kubectl', 'config', 'set-credentials', name, `--kubeconfig=${file}`];
  return start.concat(
    `--exec-api-version=${textAt(exec, 'apiVersion') ?? ''}`,
    `--exec-command=${textAt(exec, 'command') ?? ''}`,
    listAt(exec, 'args').map((arg) => `--exec-arg=${String(arg)}`),
    `--exec-interactive-mode=${textAt(exec, 'interactiveMode') ?? ''}`,
    exec['provideClusterInfo'] === true ? '--exec-provide-cluster-info' : [],
  );
}

/** How a user logs in, when not by an exec hook of ours; a static token there would override the hook. */
function otherMeans(user: unknown): string | undefined {
  const keys = Object.keys(isObject(user) ? user : {});
  if (keys.length === 0) return undefined;
  if (keys.length > 1 || keys[0] !== 'exec') return keys.filter((key) => key !== 'exec').join(', ');
  const command = textAt(objectAt(user, 'exec'), 'command') ?? '';
  return isPlugin(command) ? undefined : `exec of ${command}`;
}
