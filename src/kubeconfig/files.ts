/** Kubeconfig files: which one kubectl means, read as a YAML document. */
import { statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isMap, isScalar, parseDocument, type Document } from 'yaml';
import { messageOf, type SaTokenError } from '../errors/error.ts';
import { badKubeconfig } from '../errors/usage.ts';
import { readTextFile } from '../base/config-file.ts';
import type { Host } from '../base/host.ts';
import { listAt, textAt } from '../base/json.ts';
import { resolvePath } from '../settings/paths.ts';

const empty = 'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n';

/** Merge keys (`<<`) are resolved, as kubectl does; and nothing is said on stderr. */
export const reading = { merge: true, logLevel: 'error' } as const;

/** The files that kubectl reads, whether they are there or not: the one named, KUBECONFIG (a list), ~/.kube/config. */
export function kubeconfigFiles(host: Host, named: string | undefined): string[] {
  const list = named === undefined ? (host.env['KUBECONFIG'] ?? '').split(delimiter) : [named];
  const files = list.filter((file) => file !== '').map((file) => resolvePath(file, host.cwd, host.home));
  return files.length > 0 ? files : [join(host.home, '.kube', 'config')];
}

/**
 * The file that a user is written to: the one named; else of the KUBECONFIG list the file that has the user, the
 * first that exists, the first; else `~/.kube/config`.
 */
export function fileFor(host: Host, file: string | undefined, user: string): string {
  const files = kubeconfigFiles(host, file);
  const [first = '', ...more] = files;
  if (more.length === 0) return first;
  const existing = files.filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
  return existing.find((path) => hasUser(path, user)) ?? existing[0] ?? first;
}

/** The text, or undefined where there is no file. Throws SaTokenError `unreadable-file`, `unsafe-file`. */
export function readKubeconfig(file: string): string | undefined {
  return readTextFile('kubeconfig', file);
}

/** The document; a new kubeconfig for no text. Throws SaTokenError `bad-kubeconfig`. */
export function openKubeconfig(file: string, text: string | undefined): Document {
  const document = parseDocument(text ?? empty, reading);
  const [broken] = document.errors;
  if (broken !== undefined) throw notYaml(file, broken);
  if (isEmpty(document)) return openKubeconfig(file, undefined);
  if (!isMap(document.contents)) throw badKubeconfig(file, 'is not a kubeconfig');
  try {
    // Aliases are looked at here, and not before.
    document.toJS();
  } catch (error) {
    throw notYaml(file, error);
  }
  return document;
}

/** The text to put a user into: that of a new kubeconfig where there is none, behind the comments if that is all there is. */
export function startText(text = ''): string {
  if (!isEmpty(parseDocument(text))) return text;
  const comments = text === '' || text.endsWith('\n') ? text : `${text}${lineEnd(text)}`;
  return comments + empty.replaceAll('\n', lineEnd(text));
}

function isEmpty({ contents }: Document): boolean {
  return contents === null || (isScalar(contents) && contents.value === null && contents.source === '');
}

function notYaml(file: string, error: unknown): SaTokenError {
  return badKubeconfig(file, `is not YAML (${messageOf(error).split('\n')[0] ?? ''})`, error);
}

function hasUser(file: string, user: string): boolean {
  const content: unknown = openKubeconfig(file, readKubeconfig(file)).toJS();
  return usersNamed(content, user).length > 0;
}

/** Which of the users have this name. */
export function usersNamed(content: unknown, name: string): number[] {
  return listAt(content, 'users').flatMap((item, index) => (textAt(item, 'name') === name ? [index] : []));
}

/** The plugin in either spelling, in any folder. */
export function isPlugin(command: unknown): boolean {
  return typeof command === 'string' && /(?:^|[\\/])kubectl-sa[_-]token(?:\.exe)?$/.test(command);
}

/** What ends the lines of a text. */
export function lineEnd(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** Names of contexts or users in the kubeconfigs that kubectl would read, for completion. */
export function namesIn(host: Host, list: 'contexts' | 'users'): string[] {
  const names = kubeconfigFiles(host, undefined).flatMap((file) => {
    const text = readKubeconfig(file);
    const content: unknown = text === undefined ? undefined : openKubeconfig(file, text).toJS();
    return listAt(content, list).flatMap((item) => textAt(item, 'name') ?? []);
  });
  return [...new Set(names)];
}
