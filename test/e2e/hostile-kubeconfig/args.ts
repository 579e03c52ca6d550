/** Hostile arguments: every command but `get-token`, and all that `get-token` takes from a person. */
import { HARMFUL, harmful, type Case } from './case.ts';

/** @param naming - the word that the line has to name */
function refused(args: string[], naming: string, everyBuild?: true): Case {
  return {
    title: args.length === 0 ? 'no word' : args.join(' '),
    user: { args },
    outcome: { refused: [naming] },
    ...(everyBuild ? { everyBuild } : {}),
  };
}

const toAttacker = ['--server', '{attackerUrl}', '--certificate-authority', '{attackerCaFile}'];
const junk = ['--token-file', '{junkFile}', '--no-verify'];

const commands: Case[] = [
  refused(['login', 'prod', ...toAttacker, ...junk], 'login'),
  refused(['login', 'prod', ...junk], 'login'),
  refused(['login', 'mallory', ...toAttacker, '--source-command', HARMFUL.sourceCommand], 'login'),
  refused(['login', 'mallory', ...toAttacker, '--from-profile', 'prod', '--yes'], 'login'),
  refused(['login', 'mallory', '--from-context', 'test', '--yes'], 'login'),
  refused(['logout', 'prod'], 'logout'),
  refused(['logout', '--all', '--forget'], 'logout', true),
  refused(['list', '-o', 'json'], 'list'),
  refused(['status'], 'status'),
  refused(['kubeconfig', 'staging', '--user', 'test', '--force'], 'kubeconfig'),
  refused(['inspect', 'prod', '-o', 'json'], 'inspect'),
  refused(['review', 'prod', '--source', '--kubeconfig', '{attackerKubeconfig}'], 'review', true),
  refused(['whoami', 'prod'], 'whoami'),
  refused(['doctor', 'prod'], 'doctor'),
  refused(['manifest', 'account', '--namespace', 'team-a', '--service-account', 'robot'], 'manifest'),
  refused(['completion', 'bash'], 'completion'),
  refused(['completion', 'install'], 'completion'),
  refused(['version'], 'version'),
  refused(['--version'], '--version'),
  refused(['help'], 'help'),
  refused(['--help'], '--help'),
  refused(['__complete', 'get-token', ''], '__complete'),
  refused(['frobnicate'], 'frobnicate'),
  refused([], 'get-token'),
];

const switches = new Set(['insecure-skip-tls-verify']);

/** As two words, and as one. */
const settings: Case[] = harmful.flatMap(([name, value]) => [
  ...(switches.has(name) ? [] : [refused(['get-token', 'prod', `--${name}=${value}`], `--${name}`)]),
  refused(['get-token', 'prod', `--${name}`, ...(switches.has(name) ? [] : [value])], `--${name}`),
]);

const words: Case[] = [
  refused(['get-token', 'prod', ...toAttacker], '--server', true),
  refused(['get-token', 'from-file', ...toAttacker], '--server'),
  refused(['get-token', 'from-command', ...toAttacker], '--server'),
  refused(['get-token', 'from-env', ...toAttacker], '--server'),
  refused(['get-token', '--source-file', '{home}/source-token', ...toAttacker], '--source-file'),
  refused(['get-token', ...toAttacker, 'prod'], '--server'),
  refused(['get-token', 'prod', '-n', 'kube-system'], '-n'),
  refused(['get-token', 'prod', '-o', 'token'], '-o'),
  refused(['get-token', 'prod', '-ojson'], '-ojson'),
  refused(['get-token', 'prod', '--output', 'header'], '--output'),
  refused(['get-token', 'prod', '--output=token'], '--output'),
  refused(['get-token', 'prod', '--force-refresh'], '--force-refresh'),
  refused(['get-token', '--force-refresh'], '--force-refresh'),
  refused(['get-token', 'prod', '--verbose=true'], '--verbose'),
  refused(['get-token', 'prod', '--help'], '--help'),
  refused(['get-token', '-h'], '-h'),
  refused(['get-token', '--', 'prod'], '--'),
  refused(['get-token', 'prod', '--'], '--'),
  refused(['get-token', 'prod', '--', '--server', '{attackerUrl}'], '--'),
  refused(['get-token', 'prod', '--frobnicate'], '--frobnicate'),
  refused(['get-token', 'prod', 'prod'], '"prod"'),
  refused(['get-token', 'prod', 'staging'], '"staging"'),
  refused(['get-token', 'get-token', 'prod'], '"prod"'),
  refused(['get-token', 'prod', ''], '""'),
  refused(['--server', '{attackerUrl}', 'get-token', 'prod'], '--server'),
];

export const args: readonly Case[] = [...commands, ...settings, ...words];
