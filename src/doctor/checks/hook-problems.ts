/** What can be wrong with one exec hook, as sentences. */
import { dirname, isAbsolute, join } from 'node:path';
import { findOnPath, isExecutable } from '../../base/find-program.ts';
import type { Host } from '../../base/host.ts';
import { textAt } from '../../base/json.ts';
import { kubeconfigFlag, shellWord } from '../../errors/usage.ts';
import { apiVersions } from '../../exec/info.ts';
import { type HookUser, variablesOf, callOf } from '../../kubeconfig/hooks.ts';
import { settingNames, variableOf } from '../../settings/table.ts';

const modes = new Set(['Never', 'IfAvailable', 'Always']);

/** kubectl knows two versions, and wants a mode with v1. */
export function versionProblem({ exec }: HookUser): string | undefined {
  const [version, mode] = [textAt(exec, 'apiVersion'), textAt(exec, 'interactiveMode')];
  const isKnown = apiVersions.some((known) => known === version);
  if (isKnown && (mode === undefined ? version !== apiVersions[0] : modes.has(mode))) return undefined;
  return `kubectl runs no hook with apiVersion ${version ?? '(none)'} and interactiveMode ${mode ?? '(none)'}`;
}

/** A bare name is looked up on PATH, a relative path from the kubeconfig's folder; `~` is expanded by nobody. */
export function commandProblem(host: Host, { command, file }: HookUser): string | undefined {
  if (!/[\\/]/.test(command))
    return findOnPath(host, command) === undefined ? `its command ${command} is not on PATH` : undefined;
  const path = isAbsolute(command) ? command : join(dirname(file), command);
  if (isExecutable(path)) return undefined;
  const tilde = command.startsWith('~') ? ' ("~" is not expanded there)' : '';
  return `its command ${path} is not there, or not executable${tilde}`;
}

/** What the plugin refuses of a hook: every word but the profile, and every variable that sets more. */
export function wordsProblem(user: HookUser): string | undefined {
  if (!user.args.includes('get-token')) return 'its args do not ask for get-token';
  const variable = variablesOf(user)
    .map((pair) => textAt(pair, 'name') ?? '')
    .find((name) => settingNames.some((setting) => variableOf(setting) === name));
  if (variable !== undefined) return `its env sets ${variable}, which a kubeconfig may not decide`;
  return callOf(user) === undefined
    ? `its args are refused, since a kubeconfig may only name the profile: ${user.args.map(shellWord).join(' ')}`
    : undefined;
}

export function otherProblem({ others, contexts }: HookUser): string | undefined {
  if (others.length > 0) return `it logs in by ${others.join(', ')} too, so that the hook is never run`;
  const plain = contexts.find(({ server }) => server !== undefined && !server.startsWith('https://'));
  return plain && `context "${plain.name}" leads to ${plain.server}: without https:// no hook is run`;
}

export function doubtIn(user: HookUser, kubeconfig: string | undefined): [string, string?] | undefined {
  const { exec, name, contexts } = user;
  const [shown, file] = [shellWord(name), kubeconfigFlag(kubeconfig)];
  if (contexts.length === 0)
    return [
      'no context uses it',
      `kubectl config set-context ${shown} --cluster=CLUSTER --user=${shown}${file} (CLUSTER as in: kubectl config get-clusters)`,
    ];
  if (textAt(exec, 'interactiveMode') === 'Always')
    return ['its interactiveMode is Always, so that it fails wherever there is no terminal'];
  return undefined;
}
