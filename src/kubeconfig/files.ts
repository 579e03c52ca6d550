/** Kubeconfig files: which one kubectl means, and what it says. */
import { statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parse, type Tags } from 'yaml';
import { noKubeconfig } from '../errors/api-server.ts';
import { messageOf } from '../errors/error.ts';
import { badKubeconfig } from '../errors/usage.ts';
import { readTextFile } from '../base/config-file.ts';
import type { Host } from '../base/host.ts';
import { isObject, listAt, objectAt, textAt, type JsonObject } from '../base/json.ts';
import { resolvePath, shortPath } from '../settings/paths.ts';

/** A new kubeconfig. */
export const empty = 'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n';

/**
 * As kubectl reads: YAML 1.1, where a plain `on` is no text, but for dates and base 60 (go-yaml resolve.go). A key that is
 * there twice is for kubectl to refuse.
 */
export const reading = { version: '1.1', customTags: asGo, uniqueKeys: false, logLevel: 'error' } as const;

function asGo(tags: Tags): Tags {
  return tags.filter(
    (tag) =>
      typeof tag === 'string' ||
      (!('format' in tag && tag.format === 'TIME') && !tag.tag.endsWith(':timestamp')),
  );
}

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

/** What a kubeconfig says; nothing where it is empty. Throws SaTokenError `bad-kubeconfig`. */
export function parseKubeconfig(file: string, text: string): JsonObject {
  let content: unknown;
  try {
    content = parse(text, reading);
  } catch (error) {
    throw badKubeconfig(file, `is not YAML (${messageOf(error).split('\n')[0] ?? ''})`, error);
  }
  if (content === null || content === undefined) return {};
  if (isObject(content)) return content;
  throw badKubeconfig(file, 'is not a kubeconfig');
}

/** Something of a kubeconfig that has a name, and the file that it is in. */
export interface Named {
  readonly file: string;
  readonly value: JsonObject;
}

/** What kubeconfigs say together. */
export interface Merged {
  readonly users: ReadonlyMap<string, Named>;
  readonly contexts: ReadonlyMap<string, Named>;
  readonly clusters: ReadonlyMap<string, Named>;
  readonly current: string | undefined;
  /** The files that are there. */
  readonly files: readonly string[];
}

const lists = [
  ['users', 'user'],
  ['contexts', 'context'],
  ['clusters', 'cluster'],
] as const;

/**
 * The kubeconfigs that kubectl reads, merged as clientcmd does: the first of a name counts.
 *
 * @throws SaTokenError `no-kubeconfig` where the one that was named is not there, `bad-kubeconfig`, `unreadable-file`
 */
export function readKubeconfigs(host: Host, named: string | undefined): Merged {
  const merged = {
    users: new Map<string, Named>(),
    contexts: new Map<string, Named>(),
    clusters: new Map<string, Named>(),
  };
  const files: string[] = [];
  let current: string | undefined;
  for (const file of kubeconfigFiles(host, named)) {
    const text = readKubeconfig(file);
    // kubectl bears with files of a list that are missing, and not with the one that was named.
    if (text === undefined && named !== undefined) throw noKubeconfig(shortPath(file, host.home));
    if (text === undefined) continue;
    files.push(file);
    const content = parseKubeconfig(shortPath(file, host.home), text);
    current ??= textAt(content, 'current-context');
    for (const [list, key] of lists)
      for (const item of listAt(content, list)) {
        const name = textAt(item, 'name');
        if (name !== undefined && !merged[list].has(name))
          merged[list].set(name, { file, value: objectAt(item, key) });
      }
  }
  return { ...merged, current, files };
}

function hasUser(file: string, user: string): boolean {
  return usersNamed(parseKubeconfig(file, readKubeconfig(file) ?? ''), user).length > 0;
}

/** Which of the users have this name. */
export function usersNamed(content: unknown, name: string): number[] {
  return listAt(content, 'users').flatMap((item, index) => (textAt(item, 'name') === name ? [index] : []));
}

/** The plugin in either spelling, in any folder. */
export function isPlugin(command: unknown): boolean {
  return typeof command === 'string' && /(?:^|[\\/])kubectl-sa[_-]token(?:\.exe)?$/.test(command);
}
