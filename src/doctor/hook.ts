/** Checks of the kubeconfig: the users whose hook is this plugin, as client-go will read them (contracts 1.2, 1.4). */
import { isAbsolute, join } from 'node:path';
import { isKubectl, hookUsers, type HookUser } from '../cluster/exec-users.ts';
import type { Host } from '../host.ts';
import { textAt } from '../json.ts';
import { findOnPath, isExecutable } from '../path-search.ts';
import { apiVersions } from '../settings/exec-info.ts';
import { shortPath } from '../settings/paths.ts';
import { fail, ok, warn, type Finding } from './check.ts';
import type { Facts } from './facts.ts';

const modes = ['Never', 'IfAvailable', 'Always'];

export function hook(facts: Facts): Finding {
  const { host, question } = facts;
  const { profile } = facts.given();
  const users = hookUsers(host, question.kubeconfig).filter((user) => isFor(user, profile));
  const write = `kubectl sa-token kubeconfig ${profile ?? 'PROFILE'}`;
  if (users.length === 0)
    return warn('no user of the kubeconfig runs it', `where kubectl is to use it: ${write}`);
  const findings = users.map((user) => judge(host, user, `${write} --user ${user.name}`));
  return (
    findings.find(({ state }) => state === 'fail') ??
    findings.find(({ state }) => state === 'warn') ??
    ok(users.map((user) => shown(host, user)).join('; '))
  );
}

/** A hook that names no profile takes it from a variable or from the cluster, so it may be this one's. */
function isFor({ args }: HookUser, profile: string | undefined): boolean {
  const words = args.filter((word) => !word.startsWith('-') && word !== 'sa-token' && word !== 'get-token');
  return profile === undefined || words.length === 0 || words.includes(profile);
}

function shown(host: Host, { file, name, contexts }: HookUser): string {
  return `user "${name}" in ${shortPath(file, host.home)}, context ${contexts.map((each) => each.name).join(', ')}`;
}

function judge(host: Host, user: HookUser, write: string): Finding {
  const who = `user "${user.name}" in ${shortPath(user.file, host.home)}`;
  const problem = versionProblem(user) ?? commandProblem(host, user) ?? otherProblem(user);
  if (problem !== undefined) return fail(`${who}: ${problem}`, `write it anew: ${write}`);
  const doubt = doubtIn(user);
  return doubt === undefined ? ok(who) : warn(`${who}: ${doubt[0]}`, doubt[1] ?? `write it anew: ${write}`);
}

function versionProblem({ exec }: HookUser): string | undefined {
  const [version, mode] = [textAt(exec, 'apiVersion'), textAt(exec, 'interactiveMode')];
  if (version === undefined) return 'it has no apiVersion';
  if (apiVersions.every((known) => known !== version))
    return `its apiVersion ${version} is not known to kubectl any more`;
  if (mode === undefined && version === apiVersions[0])
    return 'it has no interactiveMode, which kubectl refuses with apiVersion v1';
  if (mode !== undefined && !modes.includes(mode))
    return `its interactiveMode "${mode}" is none of ${modes.join(', ')}`;
  return undefined;
}

/** A bare name is looked up on PATH, a relative path from the kubeconfig's folder; `~` is expanded by nobody. */
function commandProblem(host: Host, { command, folder }: HookUser): string | undefined {
  if (!/[\\/]/.test(command))
    return findOnPath(host, command) === undefined ? `its command ${command} is not on PATH` : undefined;
  const path = isAbsolute(command) ? command : join(folder, command);
  if (isExecutable(path)) return undefined;
  const tilde = command.startsWith('~') ? ' ("~" is not expanded there)' : '';
  return `its command ${path} is not there, or not executable${tilde}`;
}

function otherProblem({ others, contexts }: HookUser): string | undefined {
  if (others.length > 0) return `it logs in by ${others.join(', ')} too, so that the hook is never run`;
  const plain = contexts.find(({ server }) => server !== undefined && !server.startsWith('https://'));
  return plain && `context "${plain.name}" leads to ${plain.server}: without https:// no hook is run`;
}

function doubtIn({ exec, command, name, contexts }: HookUser): [string, string?] | undefined {
  if (contexts.length === 0)
    return ['no context uses it', `kubectl config set-context ${name} --cluster=CLUSTER --user=${name}`];
  if (textAt(exec, 'interactiveMode') === 'Always')
    return ['its interactiveMode is Always, so that it fails wherever there is no terminal'];
  if (isKubectl(command))
    return ['its command is kubectl itself, which an allow-list of plugins would have to allow for all'];
  return undefined;
}
