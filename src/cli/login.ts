/** `login`: a source token into the keychain, after one exchange has proved it. */
import { logIn, type Login } from '../credential/log-in.ts';
import { oneLine } from '../errors.ts';
import { badUsage, unreadableFile } from '../failures/usage.ts';
import { readTextFile } from '../files.ts';
import type { Host } from '../host.ts';
import { checkProfileName } from '../settings/name.ts';
import { resolvePath } from '../settings/paths.ts';
import { label } from '../settings/target.ts';
import type { Arguments, Command } from './command.ts';
import { accessOf, flagsOf, patienceOf, settingOptions, textOf } from './options.ts';
import { askHidden, readInput, shortTime, tell } from './terminal.ts';

const inputs = ['token-stdin', 'token-file', 'from-secret'] as const;

export const loginCommand: Command = {
  usage: 'login <PROFILE>',
  summary: 'Store a source token in the keychain, after proving it with one exchange',
  options: {
    'token-stdin': { type: 'boolean', describe: 'Read the token from standard input' },
    'token-file': { type: 'string', requiresArg: true, describe: 'Read the token from this file' },
    'from-secret': {
      type: 'string',
      requiresArg: true,
      describe: 'Read the token from the Secret NAMESPACE/NAME through the current kubeconfig',
    },
    kubeconfig: { type: 'string', requiresArg: true, describe: 'Kubeconfig for --from-secret' },
    context: { type: 'string', requiresArg: true, describe: 'Context for --from-secret' },
    'no-verify': { type: 'boolean', describe: 'Store the token without an exchange' },
    ...settingOptions(),
  },
  examples: [
    ['$0 login prod --server https://HOST/kubernetes', 'asks for the token, unseen'],
    ['$0 login prod --server https://HOST/kubernetes --from-secret team-a/robot-token', 'from the cluster'],
    ['pass show robot | $0 login prod --server https://HOST/kubernetes --token-stdin', 'from a pipe'],
  ],
  run: async (host, argv) => {
    const profile = checkProfileName(argv['PROFILE']);
    const done = await logIn(host, {
      profile,
      flags: flagsOf(argv),
      verify: argv['no-verify'] !== true,
      readToken: () => readToken(host, argv, profile),
      hasInput: inputs.some((name) => argv[name] !== undefined && argv[name] !== false),
    });
    report(host, profile, done);
  },
};

/** From the one place that was named, else from the person at the terminal. */
async function readToken(host: Host, argv: Arguments, profile: string): Promise<string> {
  const named = inputs.filter((name) => argv[name] !== undefined && argv[name] !== false);
  if (named.length > 1) throw badUsage(`--${named.join(' and --')} exclude each other`, 'login');
  if (argv['token-stdin'] === true) return readInput(host);
  const file = textOf(argv, 'token-file');
  if (file !== undefined) return readTokenFile(host, file);
  const secret = textOf(argv, 'from-secret');
  if (secret === undefined)
    return askHidden(host, `Token of the ServiceAccount for "${profile}" (not shown): `);
  const { readSecretToken } = await import('../cluster/secret.ts');
  return readSecretToken(host, secret, accessOf(argv), patienceOf(host, argv));
}

function readTokenFile(host: Host, file: string): string {
  const text = readTextFile('--token-file', resolvePath(file, host.cwd, host.home), file);
  if (text === undefined) throw unreadableFile('--token-file', file, new Error('there is no such file'));
  return text;
}

function report(host: Host, profile: string, done: Login): void {
  for (const warning of done.warnings) tell(host, oneLine(`warning: ${warning}`));
  if (done.left !== undefined) tell(host, oneLine(done.left));
  const life = done.life === undefined ? 'not verified' : `tokens live ${shortTime(done.life)}`;
  host.out(
    `logged in to "${profile}" as ${oneLine(label(done.target))} (source token in ${done.place}; ${life})\n`,
  );
  host.out(`next: kubectl sa-token kubeconfig ${profile}\n`);
}
