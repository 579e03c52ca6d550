/** Kubeconfig files: which one kubectl means, read as a YAML document, shown without its secrets. */
import { statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isMap, isNode, isScalar, isSeq, parseDocument, visit, type Document } from 'yaml';
import { SaTokenError } from '../errors.ts';
import { badKubeconfig, unreadableFile } from '../failures/usage.ts';
import { readTextFile } from '../files.ts';
import type { Host } from '../host.ts';
import { resolvePath } from '../settings/paths.ts';

const empty = 'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n';
const secretKeys = new Set([
  'token',
  'password',
  'client-key-data',
  'refresh-token',
  'id-token',
  'access-token',
  'client-secret',
]);

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

/** The text, or undefined where there is no file. Throws SaTokenError `unreadable-file`. */
export function readKubeconfig(file: string): string | undefined {
  try {
    return readTextFile(file);
  } catch (error) {
    throw error instanceof SaTokenError ? error : unreadableFile('kubeconfig', file, error);
  }
}

/** The document; a new kubeconfig for no text. Throws SaTokenError `bad-kubeconfig`. */
export function openKubeconfig(file: string, text: string | undefined): Document {
  const document = parseDocument(text ?? empty);
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw badKubeconfig(file, `is not YAML (${broken.message.split('\n')[0] ?? ''})`, broken);
  }
  if (document.contents === null) return openKubeconfig(file, undefined);
  if (!isMap(document.contents)) throw badKubeconfig(file, 'is not a kubeconfig');
  return document;
}

/** A kubeconfig's text with every secret replaced. */
export function masked(text: string): string {
  const secrets: (readonly [number, number])[] = [];
  visit(parseDocument(text), {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !secretKeys.has(String(key.value))) return undefined;
      const range = isNode(value) ? value.range : undefined;
      if (range) secrets.push([range[0], range[1]]);
      return visit.SKIP;
    },
  });
  const shown = secrets.toReversed().reduce((rest, [from, to]) => {
    const end = rest.slice(from, to).endsWith('\n') ? '\n' : '';
    return from === to ? rest : `${rest.slice(0, from)}REDACTED${end}${rest.slice(to)}`;
  }, text);
  // In a comment, say, or in the environment of another hook.
  return shown.replaceAll(/eyJ[\w-]{8,}(?:\.[\w-]*){1,4}/g, 'REDACTED');
}

function hasUser(file: string, user: string): boolean {
  const users = openKubeconfig(file, readKubeconfig(file)).get('users');
  return isSeq(users) && users.items.some((item) => isMap(item) && item.get('name') === user);
}
