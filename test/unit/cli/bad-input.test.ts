import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { runIn, type LineOptions, type Run } from '../../support/in-process.ts';
import { useKeychain, withKeychain } from '../../support/keychain-scene.ts';
import { createSandbox, type Sandbox } from '../../support/runner.ts';

interface Row extends LineOptions {
  args: string[];
  /** 2 unless it says otherwise. */
  code?: number;
  line: string | RegExp;
}

const profiles = `profiles:
  prod:
    server: https://h.example/kubernetes
    source-file: ~/token
`;

async function setUp(t: ExecutionContext): Promise<Sandbox> {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  mkdirSync(join(sandbox.home, '.kube'));
  for (const [file, text] of [
    ['.kube/sa-token.yaml', profiles],
    ['empty', '\n'],
    ['two', 'secret-a\nsecret-b\n'],
    ['broken.yaml', 'profiles:\n  prod:\n    servr: https://h\n'],
    ['list.yaml', '- a\n'],
    ['kubeconfig', 'apiVersion: v1\nkind: Config\nusers:\n- name: prod\n  user: {token: secret-a}\n'],
  ] as const)
    writeFileSync(join(sandbox.home, file), text, { mode: 0o600 });
  writeFileSync(join(sandbox.home, 'open.yaml'), profiles);
  chmodSync(join(sandbox.home, 'open.yaml'), 0o666);
  return sandbox;
}

/** Each ends with its exit code and one line that says what to do; nothing is printed, nothing written. */
async function check(
  t: ExecutionContext,
  sandbox: Sandbox,
  rows: readonly Row[],
  run: Run = runIn(sandbox),
): Promise<void> {
  const before = await snapshot(sandbox.home);
  for (const { args, code = 2, line, ...options } of rows) {
    const what = args.join(' ');
    const { stderr, ...rest } = await run(args, options);
    t.deepEqual(rest, { code, stdout: '' }, what);
    t.regex(stderr, /^kubectl-sa-token: [^\n]+\n$/, what);
    if (typeof line === 'string') t.is(stderr, `kubectl-sa-token: ${line}\n`, what);
    else t.regex(stderr, line, what);
    t.false(stderr.includes('secret-'), what);
  }
  t.deepEqual(await snapshot(sandbox.home), before);
}

async function snapshot(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  // But for the note that a failed exchange leaves for those who waited for it.
  const kept = found.filter((entry) => entry.isFile() && !entry.name.endsWith('.failed'));
  const files = kept.map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map(async (file) => `${file}\n${await readFile(file, 'utf8')}`))).sort();
}

const see = (command = '') => `see "kubectl sa-token ${command === '' ? '' : `${command} `}--help"`;
const knownProfiles =
  /: there is no profile "none" in \/\S+\/\.kube\/sa-token\.yaml; name one that is there: prod\n$/;
const usable =
  'is not usable; use lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 100';
const whole = 'give the whole token of a ServiceAccount, and nothing else';

test('the command line as a whole', async (t) => {
  const sandbox = await setUp(t);
  await check(t, sandbox, [
    { args: ['frobnicate'], line: `unknown argument: frobnicate; ${see()}` },
    { args: ['lst'], line: `did you mean list?; ${see()}` },
    { args: ['--nope'], line: /^kubectl-sa-token: .*; see "kubectl sa-token --help"\n$/ },
    {
      args: ['--token', 'secret-a'],
      line: /^kubectl-sa-token: --token: a token on the command line can be read/,
    },
    { args: ['version', 'x'], line: `unknown argument: x; ${see('version')}` },
    {
      args: ['version', '-o', 'xml'],
      line: /^kubectl-sa-token: .*xml.*; see "kubectl sa-token version --help"\n$/,
    },
  ]);
});

const stdin = (text: string) => ({ stdin: text });
const token = ['--token-stdin'];
/** Nothing listens there, and nothing is to be asked. */
const address = 'https://localhost:1';

const login = (args: string[], line: string | RegExp, more: Partial<Row> = {}): Row => ({
  args: ['login', 'new', '--server', address, ...args],
  line,
  ...more,
});

const addresses: Row[] = [
  { args: ['login'], line: `login needs the name of a profile; ${see('login')}` },
  { args: ['login', 'New'], line: `profile name "New" ${usable}` },
  { args: ['login', 'a/b'], line: `profile name "a/b" ${usable}` },
  { args: ['login', 'new', 'x'], line: `unknown argument: x; ${see('login')}` },
  {
    args: ['login', 'new'],
    line: 'profile "new" has no --server; add --server https://HOST/kubernetes (the address up to "/api")',
  },
  { args: ['login', 'new', '--server'], line: `not enough arguments following: server; ${see('login')}` },
  {
    args: ['login', 'new', '--server', 'h.example'],
    line: '--server: is not a whole URL; write it like https://HOST/kubernetes',
  },
  {
    args: ['login', 'new', '--server', 'http://h.example'],
    line: '--server: must begin with https://; a token is never sent in the clear',
  },
  login(
    [],
    'there is no terminal to ask for the token on; use --token-stdin, --token-file FILE or --from-secret NAMESPACE/NAME',
  ),
  login(['--nope'], `unknown argument: nope; ${see('login')}`),
  login(
    [...token, '-n', 'team/a'],
    '--namespace: "team/a" is not a namespace (lower-case letters, digits and "-")',
  ),
  login(
    [...token, '--service-account', 'ro/bot'],
    '--service-account: "ro/bot" is not the name of a ServiceAccount',
  ),
  login(
    [...token, '--duration', '599s'],
    '--duration: must be at least 600s (10m); ask for more: the API server refuses less',
  ),
  login(
    [...token, '--duration', 'soon'],
    '--duration: "soon" is not a duration; write it like 1h, 90m or 3600s',
  ),
  login([...token, '--server', address], `--server is given more than once; ${see('login')}`),
];

const tokens: Row[] = [
  login(token, `the token: is empty; ${whole}`),
  login(token, `the token: holds more than one word or line; ${whole}`, stdin('secret-a secret-b')),
  login(token, /: the token: has \d+ characters, which no server takes; /, stdin('x'.repeat(200_000))),
  login(
    token,
    /^kubectl-sa-token: the call has no --namespace; the source token does not say it either \(/,
    stdin('opaque'),
  ),
  login(
    ['--token-file', 'none'],
    '--token-file: cannot read none (there is no such file); check the path and its permissions',
  ),
  login(['--token-file', 'empty'], `the token: is empty; ${whole}`),
  login(['--token-file', 'two'], `the token: holds more than one word or line; ${whole}`),
  login(['--token-file', '.'], '--token-file . is a folder; name a file', { code: 7 }),
  login(
    [...token, '--token-file', 'two'],
    `--token-stdin and --token-file exclude each other; ${see('login')}`,
  ),
  login(['--token-file'], `not enough arguments following: token-file; ${see('login')}`),
  login(['--from-secret', 'robot-token'], `--from-secret takes NAMESPACE/NAME; ${see('login')}`),
  login(
    ['--source-env', 'X', ...token],
    `a token is given, and --source-env names another place for it; ${see('login')}`,
  ),
  login(['--source-env', 'X'], 'new: no source token in environment variable X; check what writes it', {
    code: 3,
  }),
  login(['--source-file', 'two'], `file ~/two: holds more than one word or line; ${whole}`),
];

for (const [title, rows] of [
  ['login: names, addresses and values', addresses],
  ['login: tokens and where they come from', tokens],
] as const)
  withKeychain(title, async (t) => {
    const sandbox = await setUp(t);
    await check(t, sandbox, rows, await useKeychain(t, sandbox));
  });

test('a token among the arguments is refused before anything else, and not repeated', async (t) => {
  const sandbox = await setUp(t);
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.secret-signature';
  const leaked =
    'a token on the command line can be read by every process on this machine; use the prompt, --token-stdin, --token-file or --from-secret; treat that token as leaked';
  await check(
    t,
    sandbox,
    [['--token', jwt], [`--token=${jwt}`], ['--token', 'secret-a']]
      .map((words): Row => ({ args: ['login', 'new', ...words], line: `--token: ${leaked}` }))
      .concat(
        [
          ['login', 'new', jwt],
          ['login', 'new', '--token-file', jwt],
          ['list', `--x=${jwt}`],
        ].map((args) => ({
          args,
          line: `an argument: ${leaked}`,
        })),
        { args: ['get-token', jwt], line: `profile name "[token]" ${usable}` },
        { args: ['get-token', 'prod', '--tokn', jwt], line: `an argument: ${leaked}` },
      ),
  );
});

const get = (args: string[], line: string | RegExp, more: Partial<Row> = {}): Row => ({
  args: ['get-token', ...args],
  line,
  ...more,
});

const target = ['--server', 'https://h', '-n', 'a', '--service-account', 'b'];

test('get-token', async (t) => {
  const sandbox = await setUp(t);
  await check(t, sandbox, [
    get(
      [],
      'no profile named, and the flags do not name server, namespace and service account; name one of ~/.kube/sa-token.yaml: prod',
    ),
    get(['none'], knownProfiles),
    get(['-o'], `not enough arguments following: o; ${see('get-token')}`),
    get(['-o', 'yaml'], `-o yaml is not one of exec-credential, token, header, json; ${see('get-token')}`),
    get(
      ['prod', '--duration', '1'],
      '--duration: must be at least 600s (10m); ask for more: the API server refuses less',
    ),
    get(['prod', '--timeout', '0'], '--timeout: must be at least 1s'),
    get(
      ['--server', 'https://h.example'],
      'no source token; give a PROFILE, or --source-env, --source-file or --source-command',
    ),
    get(['prod'], 'prod: no source token in file ~/token; check what writes it', { code: 3 }),
    ...['--source-env', '--source-command', '--source-file'].map((flag) =>
      get(
        ['prod', flag, 'two'],
        /^kubectl-sa-token: profile "prod" has (?:no source-\S+|source-file \S+\/token), and this call has /,
      ),
    ),
    get(
      [...target, '--source-env', 'NONE'],
      /^kubectl-sa-token: a\/b@https:\/\/h: no source token in environment variable NONE; check what writes it$/m,
      { code: 3 },
    ),
    get(
      [...target, '--source-command', 'exit 3'],
      /^kubectl-sa-token: source-command ended with exit code 3; /,
      {
        code: 3,
      },
    ),
    get([...target, '--source-file', 'two'], `file ~/two: holds more than one word or line; ${whole}`),
  ]);
});

test('get-token, by what is around it', async (t) => {
  const sandbox = await setUp(t);
  const config = (file: string) => ({ KUBECTL_SA_TOKEN_CONFIG: join(sandbox.home, file) });
  await check(t, sandbox, [
    get(['prod'], 'KUBECTL_SA_TOKEN_CACHE: "ram" is not one of disk, keychain, none', {
      env: { KUBECTL_SA_TOKEN_CACHE: 'ram' },
    }),
    get(['prod'], /^kubectl-sa-token: KUBERNETES_EXEC_INFO is not a JSON object; /, {
      env: { KUBERNETES_EXEC_INFO: '{' },
    }),
    get(
      ['prod'],
      /^kubectl-sa-token: ~\/broken\.yaml:3: unknown key "servr" in profile "prod"; use one of: /,
      {
        env: config('broken.yaml'),
      },
    ),
    get(['prod'], /^kubectl-sa-token: ~\/list\.yaml:1: the file must be a map of keys and values; /, {
      env: config('list.yaml'),
    }),
    get(['prod'], /open\.yaml can be written by other users; run: chmod go-w /, {
      env: config('open.yaml'),
      code: 7,
    }),
    get(target, 'no source token; give a PROFILE, or --source-env, --source-file or --source-command'),
  ]);
});

const kubeconfig = (...args: string[]) => ['kubeconfig', 'prod', '--kubeconfig', 'kubeconfig', ...args];

test('list, logout and kubeconfig', async (t) => {
  const sandbox = await setUp(t);
  const { home } = sandbox;
  const config = { env: { KUBECTL_SA_TOKEN_CONFIG: join(home, 'broken.yaml') } };
  const broken = /^kubectl-sa-token: ~\/broken\.yaml:3: unknown key "servr" in profile "prod"; /;
  await check(t, sandbox, [
    { args: ['list', '-o', 'xml'], line: `-o xml is not one of json, yaml, name, wide; ${see('list')}` },
    { args: ['list', '-o'], line: `not enough arguments following: o; ${see('list')}` },
    { args: ['list', 'prod'], line: `unknown argument: prod; ${see('list')}` },
    { args: ['logout'], line: `name one profile, or give --all; ${see('logout')}` },
    { args: ['logout', 'prod', '--all'], line: `name one profile, or give --all; ${see('logout')}` },
    { args: ['logout', 'none'], line: knownProfiles },
    { args: ['logout', 'None'], line: `profile name "None" ${usable}` },
    { args: ['logout', 'prod'], line: broken, ...config },
    { args: ['kubeconfig'], line: `kubeconfig needs the name of a profile; ${see('kubeconfig')}` },
    { args: ['kubeconfig', 'none'], line: knownProfiles },
    { args: kubeconfig('--user'), line: `not enough arguments following: user; ${see('kubeconfig')}` },
    { args: kubeconfig('--user', ''), line: `--user needs a value; ${see('kubeconfig')}` },
    {
      args: kubeconfig(),
      line: `${home}/kubeconfig: user "prod" logs in by token; give another name with --user, or --force to replace it (a backup is kept)`,
    },
    {
      args: kubeconfig('--absolute', '--user', 'new'),
      line: /^kubectl-sa-token: kubectl-sa_token is not on PATH; /,
      env: { PATH: home },
    },
    {
      args: ['kubeconfig', 'prod', '--kubeconfig', 'list.yaml'],
      line: `${home}/list.yaml: is not a kubeconfig; correct the file; nothing was changed`,
    },
    {
      args: ['kubeconfig', 'prod', '--kubeconfig', '.'],
      line: /is a folder; name a file/,
      code: 7,
    },
    {
      args: ['kubeconfig', 'prod', '--kubeconfig', 'two/x'],
      line: /^kubectl-sa-token: cannot write \S*two\/x \(/,
    },
  ]);
});
