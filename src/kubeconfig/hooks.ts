/** Users of kubeconfigs whose exec hook is this plugin, and the contexts that use them. Nothing is changed. */
import { dirname } from 'node:path';
import type { Host } from '../base/host.ts';
import { listAt, objectAt, textAt, textsAt, type JsonObject, isObject } from '../base/json.ts';
import { readHookCall, type Call } from '../credential/arguments.ts';
import { noKubeconfig } from '../errors/api-server.ts';
import { SaTokenError } from '../errors/error.ts';
import { shortPath } from '../settings/paths.ts';
import { isPlugin, kubeconfigFiles, parseKubeconfig, readKubeconfig } from './files.ts';

export interface HookUser {
  readonly file: string;
  /** What a relative command starts from. */
  readonly folder: string;
  readonly name: string;
  readonly exec: JsonObject;
  readonly command: string;
  readonly args: readonly string[];
  /** Other means beside the hook, by which client-go then logs in (src/CONTRACTS.md 1.2). */
  readonly others: readonly string[];
  readonly contexts: readonly HookContext[];
}

export interface HookContext {
  readonly name: string;
  readonly server: string | undefined;
  readonly isCurrent: boolean;
}

/**
 * In kubectl's order, the first of a name alone, as clientcmd merges.
 *
 * @throws SaTokenError `no-kubeconfig`, `bad-kubeconfig`, `unreadable-file`
 */
export function hookUsers(host: Host, kubeconfig: string | undefined): HookUser[] {
  const files = kubeconfigContents(host, kubeconfig);
  const contents = files.map(({ content }) => content);
  const [contexts, clusters] = [
    named(contents, 'contexts', 'context'),
    named(contents, 'clusters', 'cluster'),
  ];
  const current = contents
    .map((content) => textAt(content, 'current-context'))
    .find((name) => name !== undefined);
  const known = new Set<string>();
  return files.flatMap(({ file, content }) =>
    [...named([content], 'users', 'user')].flatMap(([name, user]) => {
      if (known.has(name)) return [];
      known.add(name);
      const exec = objectAt(user, 'exec');
      const [command, args] = [textAt(exec, 'command') ?? '', textsAt(exec, 'args')];
      if (!isOurs(command, args)) return [];
      const using = [...contexts].filter(([, context]) => textAt(context, 'user') === name);
      return {
        file,
        folder: dirname(file),
        name,
        exec,
        command,
        args,
        others: Object.keys(user).filter((key) => key !== 'exec'),
        contexts: using.map(([context, { cluster }]) => ({
          name: context,
          server: textAt(clusters.get(String(cluster)), 'server'),
          isCurrent: context === current,
        })),
      };
    }),
  );
}

export interface KubeconfigContent {
  readonly file: string;
  readonly folder: string;
  readonly content: JsonObject;
}

/**
 * The kubeconfigs that are there, in kubectl's order.
 *
 * @throws SaTokenError `no-kubeconfig`, `bad-kubeconfig`, `unreadable-file`
 */
export function kubeconfigContents(host: Host, kubeconfig: string | undefined): KubeconfigContent[] {
  return kubeconfigFiles(host, kubeconfig).flatMap((file) => {
    const text = readKubeconfig(file);
    // kubectl bears with files of a list that are missing, and not with the one that was named.
    if (text === undefined && kubeconfig !== undefined) throw noKubeconfig(shortPath(file, host.home));
    return text === undefined
      ? []
      : [{ file, folder: dirname(file), content: parseKubeconfig(shortPath(file, host.home), text) }];
  });
}

/** `kubectl-sa_token …` in either spelling and any folder, or `kubectl sa-token …`. */
function isOurs(command: string, args: readonly string[]): boolean {
  return isPlugin(command) || (isKubectl(command) && args[0] === 'sa-token');
}

export function isKubectl(command: string): boolean {
  return /(?:^|[\\/])kubectl(?:\.exe)?$/.test(command);
}

/** A list of named things as a map; the first of a name wins. */
export function named(contents: readonly unknown[], list: string, key: string): Map<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  for (const content of contents) {
    for (const item of listAt(content, list)) {
      const name = textAt(item, 'name');
      if (name !== undefined && !found.has(name)) found.set(name, objectAt(item, key));
    }
  }
  return found;
}

/** The profile that the hook names; undefined where it takes it from a variable around it, or from the cluster. */
export function profileOf(user: HookUser): string | undefined {
  // As in Go, the last of a name counts.
  const variable = variablesOf(user).findLast((pair) => pair['name'] === 'KUBECTL_SA_TOKEN_PROFILE');
  return callOf(user)?.profile ?? textAt(variable, 'value');
}

export function variablesOf({ exec }: HookUser): JsonObject[] {
  return listAt(exec, 'env').filter((pair) => isObject(pair));
}

/** The same; none where the kubeconfig cannot be read, which the kubeconfig's own commands say. */
export function hooksOf(host: Host, kubeconfig?: string): HookUser[] {
  try {
    return hookUsers(host, kubeconfig);
  } catch (error) {
    if (error instanceof SaTokenError) return [];
    throw error;
  }
}

/** The words as the hook reads them; undefined where it refuses them. */
export function callOf({ command, args }: HookUser): Call | undefined {
  try {
    return readHookCall(isKubectl(command) ? args.slice(1) : args);
  } catch {
    return undefined;
  }
}
