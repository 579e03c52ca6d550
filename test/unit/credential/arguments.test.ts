import test from 'ava';
import fc from 'fast-check';
import { readCall, readHookCall, type Call } from '../../../src/credential/arguments.ts';
import { describe, SaTokenError } from '../../../src/errors/error.ts';
import { commands } from '../../../src/cli/command-list.ts';
import { flagOf, settingNames, table } from '../../../src/settings/table.ts';
import { fails } from '../../support/failure.ts';
import { callByYargs } from '../../support/yargs-call.ts';
import { createHost, type TestHost } from '../../support/host.ts';

/** What yargs makes of the words: a call, or the line that refuses them. */
async function throughYargs(host: TestHost, words: readonly string[]): Promise<Call | string> {
  try {
    return (await callByYargs(host, words)) ?? 'help';
  } catch (error) {
    if (!(error instanceof SaTokenError)) throw error;
    return describe(error);
  }
}

const plain: Call = { profile: undefined, flags: {}, output: 'exec-credential', forceRefresh: false };

/** Words after `get-token`; what they ask for, or how they are refused. The strict reader takes the first kind alone. */
const same: [string[], Partial<Call>][] = [
  [[], {}],
  [['prod'], { profile: 'prod' }],
  [['007'], { profile: '007' }],
  [['prod', '-v'], { profile: 'prod' }],
  [['--verbose', 'prod', '-v'], { profile: 'prod' }],
  [['prod', '-o', 'token'], { profile: 'prod', output: 'token' }],
  [['--output', 'header', 'prod'], { profile: 'prod', output: 'header' }],
  [['--output=json', 'prod'], { profile: 'prod', output: 'json' }],
  [['prod', '--force-refresh'], { profile: 'prod', forceRefresh: true }],
  [['--force-refresh', '--force-refresh', 'prod'], { profile: 'prod', forceRefresh: true }],
  [['--force-refresh', 'prod'], { profile: 'prod', forceRefresh: true }],
];

const leftToYargs: [string[], Partial<Call>][] = [
  [['prod', '-n', 'team-a'], { profile: 'prod', flags: { namespace: 'team-a' } }],
  [['--namespace', 'team-a'], { flags: { namespace: 'team-a' } }],
  [['--namespace=team-a'], { flags: { namespace: 'team-a' } }],
  [['--namespace=a=b'], { flags: { namespace: 'a=b' } }],
  [['--duration', '3600'], { flags: { duration: '3600' } }],
  [['--duration', '1e3'], { flags: { duration: '1e3' } }],
  [['--bound-object-uid', '0x10'], { flags: { boundObjectUid: '0x10' } }],
  [['--audience', 'one'], { flags: { audience: ['one'] } }],
  [['--audience', 'one', 'prod'], { profile: 'prod', flags: { audience: ['one'] } }],
  [['--audience', 'one', '--audience=two'], { flags: { audience: ['one', 'two'] } }],
  [['--audience', 'one,two'], { flags: { audience: ['one,two'] } }],
  [['--insecure-skip-tls-verify'], { flags: { insecureSkipTlsVerify: true } }],
  [['--insecure-skip-tls-verify', 'prod'], { profile: 'prod', flags: { insecureSkipTlsVerify: true } }],
  [['--insecure-skip-tls-verify=true'], { flags: { insecureSkipTlsVerify: true } }],
  [['--insecure-skip-tls-verify=false'], { flags: { insecureSkipTlsVerify: false } }],
  [['--source-command', 'pass show robot'], { flags: { sourceCommand: 'pass show robot' } }],
  [
    ['--server', 'https://h', '--proxy-url=http://u:p@p'],
    { flags: { server: 'https://h', proxyUrl: 'http://u:p@p' } },
  ],
  [['--cache', 'none', '--timeout', '5s'], { flags: { cache: 'none', timeout: '5s' } }],
  [['-n=team-a'], { flags: { namespace: 'team-a' } }],
  [['--namespace=-x'], { flags: { namespace: '-x' } }],
  [['--force-refresh=true', 'prod'], { profile: 'prod', forceRefresh: true }],
  [['--force-refresh', 'false', 'prod'], { profile: 'prod' }],
  [
    ['--insecure-skip-tls-verify', 'true', 'prod'],
    { profile: 'prod', flags: { insecureSkipTlsVerify: true } },
  ],
  [
    ['prod', '--insecure-skip-tls-verify', 'false'],
    { profile: 'prod', flags: { insecureSkipTlsVerify: false } },
  ],
  [['--insecure-skip-tls-verify', 'false'], { flags: { insecureSkipTlsVerify: false } }],
  [
    ['--insecure-skip-tls-verify', '--insecure-skip-tls-verify=false'],
    { flags: { insecureSkipTlsVerify: false } },
  ],
  [['--verbose', 'true', 'prod'], { profile: 'prod' }],
  [['-v', 'false', 'prod'], { profile: 'prod' }],
  [[''], { profile: '' }],
];

const see = '; see "kubectl sa-token get-token --help"';
const refused: [string[], string][] = [
  [['a', 'b'], `unknown argument: b${see}`],
  [['--nope'], `unknown argument: nope${see}`],
  [['prod', '-x'], `unknown argument: x${see}`],
  [['--namespace'], `not enough arguments following: namespace${see}`],
  [['-n'], `not enough arguments following: n${see}`],
  [['--namespace', '--force-refresh'], `not enough arguments following: namespace${see}`],
  [['-o'], `not enough arguments following: o${see}`],
  [['-o', 'yaml'], `-o yaml is not one of exec-credential, token, header, json${see}`],
  [['-o', ''], `-o needs a value${see}`],
  [['-o', 'token', '--output=json'], `--output is given more than once${see}`],
  [['-n', 'a', '--namespace', 'b'], `--namespace is given more than once${see}`],
  [['--server', 'https://a', '--server', 'https://a'], `--server is given more than once${see}`],
  [['--Namespace', 'a'], `unknown argument: Namespace${see}`],
  [['--serviceAccount', 'a'], `unknown argument: serviceAccount${see}`],
  [['--no-force-refresh'], `unknown argument: no-force-refresh${see}`],
];

for (const [words, call] of same)
  test(`both readers take: get-token ${words.join(' ')}`, async (t) => {
    t.deepEqual(readCall(words), { ...plain, ...call });
    t.deepEqual(await throughYargs(createHost(t), words), { ...plain, ...call });
  });

for (const [words, call] of leftToYargs)
  test(`the strict reader leaves to yargs: get-token ${JSON.stringify(words)}`, async (t) => {
    t.is(readCall(words), undefined);
    t.deepEqual(await throughYargs(createHost(t), words), { ...plain, ...call });
  });

for (const [words, line] of refused)
  test(`both readers refuse: get-token ${JSON.stringify(words)}`, async (t) => {
    t.is(readCall(words), undefined);
    t.is(await throughYargs(createHost(t), words), line);
  });

test('help is left to yargs', async (t) => {
  for (const words of [['--help'], ['-h'], ['prod', '--help']]) {
    t.is(readCall(words), undefined);
    t.is(await throughYargs(createHost(t), words), 'help');
  }
});

test('what stands behind -- is no word of ours', async (t) => {
  t.is(readCall(['--', 'prod']), undefined);
  t.deepEqual(await throughYargs(createHost(t), ['--', '--nope']), plain);
});

test('whatever the strict reader takes, yargs takes for the same', async (t) => {
  const host = createHost(t);
  const words = [
    'prod a true false 1 - -- x=y -v --verbose --force-refresh -n -o token json --output --output=header --namespace',
    '--namespace=b --audience --audience=c --insecure-skip-tls-verify --insecure-skip-tls-verify=false',
    '--insecure-skip-tls-verify=x -nb',
  ];
  const word = fc.constantFrom('', ...words.flatMap((line) => line.split(' ')));
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (given) => {
      const strict = readCall(given);
      if (strict === undefined) return;
      taken += 1;
      t.deepEqual(await throughYargs(host, given), strict, given.join(' '));
    }),
    { numRuns: 400 },
  );
  t.true(taken > 50);
});

/** Words of a hook, and the profile in them. */
const hooks: [string[], string | undefined][] = [
  [['get-token'], undefined],
  [['get-token', 'prod'], 'prod'],
  [['get-token', '-v'], undefined],
  [['get-token', 'prod', '-v'], 'prod'],
  [['get-token', '--verbose', 'prod', '-v'], 'prod'],
  // No name for a profile: the next step says so.
  [['get-token', 'Prod/x'], 'Prod/x'],
];

for (const [words, profile] of hooks)
  test(`a hook may say: ${words.join(' ')}`, (t) => {
    t.deepEqual(readHookCall(words), { ...plain, profile });
  });

const flags = settingNames.flatMap((name) => [
  [`--${flagOf(name)}`, 'secret'],
  [`--${flagOf(name)}=secret`],
  ...(table[name].alias === undefined ? [] : [[`-${table[name].alias}`, 'secret']]),
]);
const others = commands
  .map(({ usage }) => usage.split(' ')[0] ?? '')
  .filter((command) => command !== 'get-token');

/** Words of a hook, and the first that is refused. */
const refusedHooks: [string[], string][] = [
  ...flags.flatMap(([flag = '', ...value]): [string[], string][] => [
    [['get-token', 'prod', flag, ...value], flag.replace(/=.*/, '')],
    [['get-token', flag, ...value, 'prod'], flag.replace(/=.*/, '')],
  ]),
  ...others.map((command): [string[], string] => [[command, 'prod'], command]),
  [['get-token', 'prod', 'dev'], 'dev'],
  [['get-token', 'prod', '-o', 'token'], '-o'],
  [['get-token', 'prod', '--output=token'], '--output'],
  [['get-token', 'prod', '--force-refresh'], '--force-refresh'],
  [['get-token', '--help'], '--help'],
  [['get-token', 'prod', '--'], '--'],
  [['get-token', '--', 'prod'], '--'],
  [['get-token', ''], ''],
  [['get-token', 'prod', ''], ''],
  [['get-token', 'prod', '--verbose=true'], '--verbose'],
  [['-v', 'get-token', 'prod'], '-v'],
  [['sa-token', 'get-token', 'prod'], 'sa-token'],
  [['__complete', 'get-token', ''], '__complete'],
  [['Get-Token', 'prod'], 'Get-Token'],
];

const refusedHook = (what: string) => ({
  code: 'hook-refused',
  exitCode: 2 as const,
  line: `a kubeconfig may only name the profile ("get-token PROFILE"), so ${what} is refused (KUBERNETES_EXEC_INFO is set); set it in the profile: kubectl sa-token login --help`,
});

for (const [words, named] of refusedHooks)
  test(`a hook may not say: ${JSON.stringify(words)}`, async (t) => {
    await fails(t, () => readHookCall(words), refusedHook(JSON.stringify(named)));
  });

test('a hook without words is refused', async (t) => {
  await fails(t, () => readHookCall([]), refusedHook('a call without a command'));
});

test('whatever a hook says, it names a profile at most, or is refused', (t) => {
  const word = fc.oneof(
    fc.constantFrom('get-token', 'prod', '-v', '--verbose', '--', '--server', '-n', 'login'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (words) => {
      try {
        const { profile, ...rest } = readHookCall(words);
        t.deepEqual({ ...rest, profile: undefined }, plain);
        t.is(words[0], 'get-token');
        const named = words.slice(1).filter((each) => each !== '-v' && each !== '--verbose');
        t.deepEqual(named, profile === undefined ? [] : [profile]);
      } catch (error) {
        if (!(error instanceof SaTokenError)) throw error;
        t.is(error.code, 'hook-refused');
      }
    }),
    { numRuns: 1000 },
  );
});
