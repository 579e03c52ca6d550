/** Users of kubeconfigs whose exec hook is this plugin, and the contexts that use them. Nothing is changed. */
import type { Host } from '../base/host.ts';
import { listAt, objectAt, textAt, textsAt, type JsonObject, isObject } from '../base/json.ts';
import { readHookCall, type Call } from '../credential/arguments.ts';
import { ours } from '../errors/error.ts';
import { isPlugin, readKubeconfigs } from './files.ts';

export interface HookUser {
  readonly file: string;
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
  const { users, contexts, clusters, current } = readKubeconfigs(host, kubeconfig);
  return [...users].flatMap(([name, { file, value: user }]) => {
    const exec = objectAt(user, 'exec');
    const [command, args] = [textAt(exec, 'command') ?? '', textsAt(exec, 'args')];
    if (!isOurs(command, args)) return [];
    const using = [...contexts].filter(([, { value }]) => textAt(value, 'user') === name);
    return {
      file,
      name,
      exec,
      command,
      args,
      others: Object.keys(user).filter((key) => key !== 'exec'),
      contexts: using.map(([context, { value }]) => ({
        name: context,
        server: textAt(clusters.get(textAt(value, 'cluster') ?? '')?.value, 'server'),
        isCurrent: context === current,
      })),
    };
  });
}

/** `kubectl-sa_token …` in either spelling and any folder, or `kubectl sa-token …`. */
function isOurs(command: string, args: readonly string[]): boolean {
  return isPlugin(command) || (isKubectl(command) && args[0] === 'sa-token');
}

export function isKubectl(command: string): boolean {
  return /(?:^|[\\/])kubectl(?:\.exe)?$/.test(command);
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
    ours(error);
    return [];
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
