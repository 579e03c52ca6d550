/** `login`: a source token into the keychain, after one exchange has proved it. */
import { readTextFile } from '../../base/config-file.ts';
import type { Host } from '../../base/host.ts';
import { oneLine } from '../../errors/error.ts';
import { interrupted, proposalUnseen, unreadableFile } from '../../errors/usage.ts';
import { logIn, type Login } from '../../login/log-in.ts';
import { checkProfileName } from '../../settings/names.ts';
import { resolvePath } from '../../settings/paths.ts';
import { flagOf, settingNames, type Settings } from '../../settings/table.ts';
import { label } from '../../settings/target.ts';
import type { Arguments, Command } from '../command.ts';
import { accessOf, flagsOf, patienceOf, settingOptions, textOption, textOf } from '../options.ts';
import { fieldLines, askHidden, confirm, readInput, tell } from '../terminal.ts';
import { shortTime } from '../../base/duration.ts';

const inputs = ['token-stdin', 'token-file', 'from-secret'] as const;

export const loginCommand: Command = {
  usage: 'login <PROFILE>',
  summary: 'Store a source token in the keychain, after proving it with one exchange',
  options: {
    'token-stdin': {
      type: 'boolean',
      describe: 'Read the token from standard input',
      conflicts: ['token-file', 'from-secret', 'from-profile'],
    },
    'token-file': {
      ...textOption('Read the token from this file'),
      conflicts: ['from-secret', 'from-profile'],
    },
    'from-secret': {
      ...textOption('Read the token from the Secret NAMESPACE/NAME through the current kubeconfig'),
      conflicts: 'from-profile',
    },
    'from-profile': textOption('Take the token that is stored for this profile'),
    'from-context': textOption(
      'Take server, CA, account and audience from the cluster of this context, after showing them',
    ),
    kubeconfig: textOption('Kubeconfig for --from-secret and --from-context'),
    context: textOption('Context for --from-secret'),
    force: { type: 'boolean', describe: 'Replace a login of another server or account' },
    yes: { type: 'boolean', describe: 'Take what --from-context shows, without a question' },
    'no-verify': { type: 'boolean', describe: 'Store the token without an exchange' },
    ...settingOptions(),
  },
  examples: [
    ['$0 login prod --server https://HOST/kubernetes', 'asks for the token, unseen'],
    ['$0 login prod --server https://HOST/kubernetes --from-secret team-a/robot-token', 'from the cluster'],
    [
      '$0 login prod --from-context prod',
      'server, CA and account as the cluster of that context proposes them',
    ],
    ['$0 login rok --from-profile prod --audience AUDIENCE', 'another profile with the token that is stored'],
    ['pass show robot | $0 login prod --server https://HOST/kubernetes --token-stdin', 'from a pipe'],
  ],
  run: async (host, argv) => {
    const profile = checkProfileName(argv['PROFILE']);
    const fromProfile = textOf(argv, 'from-profile');
    const done = await logIn(host, {
      profile,
      flags: flagsOf(argv),
      proposed: await proposal(host, argv, profile),
      verify: argv['no-verify'] !== true,
      force: argv['force'] === true,
      handedIn: inputs.some((name) => argv[name] !== undefined) ? () => readToken(host, argv) : undefined,
      fromProfile: fromProfile === undefined ? undefined : checkProfileName(fromProfile),
      askToken: () => askHidden(host, `Token of the ServiceAccount for "${profile}" (not shown): `),
      confirm: (question) => confirm(host, oneLine(question, 1500)),
    });
    report(host, profile, done);
  },
};

/** What the cluster of a context proposes, once the person has seen it and agreed. */
async function proposal(host: Host, argv: Arguments, profile: string): Promise<Settings> {
  const context = textOf(argv, 'from-context');
  if (context === undefined) return {};
  const { proposedBy } = await import('../../kubeconfig/proposal.ts');
  const proposed = proposedBy(host, { kubeconfig: textOf(argv, 'kubeconfig'), context });
  tell(host, `context "${oneLine(context)}" proposes for profile "${profile}":`);
  tell(
    host,
    fieldLines(
      settingNames
        .filter((name) => proposed[name] !== undefined)
        .map((name) => [flagOf(name), String(proposed[name])]),
      '  ',
    ).trimEnd(),
  );
  if (argv['yes'] === true) return proposed;
  const agreed = await confirm(host, 'Is the source token to be sent there?');
  if (agreed === undefined) throw proposalUnseen(context);
  if (!agreed) throw interrupted();
  return proposed;
}

/** From the one place that was named. */
async function readToken(host: Host, argv: Arguments): Promise<string> {
  if (argv['token-stdin'] === true) return readInput(host);
  const file = textOf(argv, 'token-file');
  if (file !== undefined) return readTokenFile(host, file);
  const secret = textOf(argv, 'from-secret') ?? '';
  const { readSecretToken } = await import('../../api/secret.ts');
  return readSecretToken(host, secret, accessOf(argv), patienceOf(host, argv));
}

function readTokenFile(host: Host, file: string): string {
  const text = readTextFile('--token-file', resolvePath(file, host.cwd, host.home), file);
  if (text === undefined) throw unreadableFile('--token-file', file, new Error('there is no such file'));
  return text;
}

function report(host: Host, profile: string, done: Login): void {
  for (const warning of done.warnings) tell(host, oneLine(`warning: ${warning}`));
  const life = done.life === undefined ? 'not verified' : `tokens live ${shortTime(done.life)}`;
  host.out(
    `logged in to "${profile}" as ${oneLine(label(done.target))} (source token in ${done.place}; ${life})\n`,
  );
  host.out(`next: kubectl sa-token kubeconfig ${profile}\n`);
}
