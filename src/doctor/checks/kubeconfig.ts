/**
 * Checks of the kubeconfig: the users whose hook is this plugin, as client-go will read them (src/CONTRACTS.md 1.2,
 * 1.4).
 */
import { spawnSync } from 'node:child_process';
import { findOnPath, pluginName } from '../../base/find-program.ts';
import type { Host } from '../../base/host.ts';
import { unloadable } from '../../errors/api-server.ts';
import { kubeconfigFlag, shellWord } from '../../errors/usage.ts';
import { isPlugin } from '../../kubeconfig/files.ts';
import { hookUsers, type HookUser, profileOf } from '../../kubeconfig/hooks.ts';
import { shortPath } from '../../settings/paths.ts';
import { fail, ok, warn, type Finding } from '../check.ts';
import type { Facts } from '../facts.ts';
import { commandProblem, doubtIn, otherProblem, versionProblem, wordsProblem } from './hook-problems.ts';
import { remedyForPath } from './machine.ts';

export function kubeconfig(facts: Facts): Finding {
  const { host } = facts;
  const users = hooksFor(facts);
  loadByKubectl(facts);
  const findings = users.map((user) => judge(facts, user));
  const bad =
    findings.find(({ state }) => state === 'fail') ?? findings.find(({ state }) => state === 'warn');
  if (bad !== undefined) return bad;
  if (users.length === 0)
    return warn('no user of the kubeconfig runs it', `where kubectl is to use it: ${writing(facts)}`);
  return ok(users.map((user) => shown(host, user)).join('; '));
}

/** kubectl's own reading has more rules (types that do not bend, names that may be there once), and is asked where kubectl is. */
function loadByKubectl({ host, question }: Facts): void {
  const program = findOnPath(host, 'kubectl');
  if (program === undefined) return;
  const named = question.kubeconfig === undefined ? [] : [`--kubeconfig=${question.kubeconfig}`];
  const { status, stderr } = spawnSync(program, ['config', 'view', ...named], {
    cwd: host.cwd,
    // kuberc has a check of its own.
    env: { ...host.env, HOME: host.home, KUBERC: 'off' },
    timeout: 10_000,
    encoding: 'utf8',
  });
  if (status !== 0) throw unloadable(stderr.replace(/^error: /, ''));
}

/** The users whose hook is for the profile that was asked about. */
export function hooksFor({ host, question, given }: Facts): HookUser[] {
  const { profile } = given();
  return hookUsers(host, question.kubeconfig).filter(
    (user) => profile === undefined || (profileOf(user) ?? profile) === profile,
  );
}

function nameOf(host: Host, { file, name }: HookUser): string {
  return `user "${name}" in ${shortPath(file, host.home)}`;
}

function shown(host: Host, user: HookUser): string {
  return `${nameOf(host, user)}, context ${user.contexts.map((each) => each.name).join(', ')}`;
}

/** The command that writes the hook; it takes over what logs in by other means only with --force. */
function writing({ given, question }: Facts, user?: HookUser): string {
  const other = user !== undefined && (user.others.length > 0 || !isPlugin(user.command));
  const name = user === undefined ? '' : ` --user ${shellWord(user.name)}`;
  const command = `kubectl sa-token kubeconfig ${given().profile ?? 'PROFILE'}${name}`;
  return `${command}${kubeconfigFlag(question.kubeconfig)}${other ? ' --force' : ''}`;
}

function judge(facts: Facts, user: HookUser): Finding {
  const { host } = facts;
  const who = nameOf(host, user);
  const rewrite = `write it again: ${writing(facts, user)}`;
  const problem = versionProblem(user) ?? wordsProblem(user) ?? otherProblem(user);
  if (problem !== undefined) return fail(`${who}: ${problem}`, rewrite);
  const command = commandProblem(host, user);
  // What would be written is the plain name, which has to be found first.
  if (command !== undefined)
    return fail(`${who}: ${command}`, findOnPath(host, pluginName) === undefined ? remedyForPath : rewrite);
  const doubt = doubtIn(user, facts.question.kubeconfig);
  return doubt === undefined ? ok(who) : warn(`${who}: ${doubt[0]}`, doubt[1] ?? rewrite);
}
