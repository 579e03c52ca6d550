/** One table of states, run through the fast lane and the engine: the lane may hand over, but never answers otherwise. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  link,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ava, { type ExecutionContext } from 'ava';
import { recordOf } from '../../../src/base/file-identity.ts';
import { table, variableOf, settingNames } from '../../../src/settings/table.ts';
import { runIn } from '../../support/in-process.ts';
import { testWith } from '../../support/require.ts';
import { commandScene } from '../../support/command-scene.ts';
import { createSandbox, productCommand, repository, type Sandbox } from '../../support/runner.ts';

/** One after the other: side by side hundreds of processes would wait for each other. */
const test = ava.serial;

const v1 =
  '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}\n';
/** As `json.dumps` of Python writes it (kubernetes-client/python kubernetes/config/exec_provider.py). */
const python =
  '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "spec": {"interactive": false}}';
const credential =
  '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false},"status":{"expirationTimestamp":"2099-01-01T00:00:00Z","token":"lane-test"}}';

interface State {
  readonly box: Sandbox;
  readonly folder: string;
  readonly entry: string;
  readonly until: string;
  readonly profiles: string;
  readonly source: string;
}

interface Case {
  readonly title: string;
  /** True where the lane itself must answer; `nobody` where the engine must not serve the entry either. */
  readonly answers: boolean | 'nobody';
  readonly args?: string[];
  readonly env?: Record<string, string>;
  readonly change?: (state: State) => Promise<unknown>;
}

const root = process.getuid?.() === 0;

const cases: Case[] = [
  { title: 'a fresh entry', answers: true },
  { title: 'a fresh entry in an exec hook', answers: true, env: { KUBERNETES_EXEC_INFO: v1 } },
  {
    title: 'an interactive exec hook',
    answers: true,
    env: { KUBERNETES_EXEC_INFO: v1.replace('false', 'true') },
  },
  { title: 'no arguments', answers: false, args: [] },
  { title: 'a flag', answers: false, args: ['get-token', 'prod', '-o', 'token'] },
  { title: 'a profile that is none', answers: false, args: ['get-token', '../prod'] },
  { title: 'a profile with a star', answers: false, args: ['get-token', '*'] },
  { title: 'a profile in capitals', answers: false, args: ['get-token', 'PROD'] },
  {
    title: 'apiVersion v1beta1',
    answers: true,
    env: { KUBERNETES_EXEC_INFO: v1.replace('/v1', '/v1beta1') },
  },
  { title: 'kube-rs, without a newline', answers: true, env: { KUBERNETES_EXEC_INFO: v1.trimEnd() } },
  { title: 'the Python client', answers: true, env: { KUBERNETES_EXEC_INFO: python } },
  {
    title: 'the Python client with v1beta1',
    answers: true,
    env: { KUBERNETES_EXEC_INFO: python.replace('/v1', '/v1beta1') },
  },
  {
    title: 'a version that is neither, with v1beta1 behind it',
    answers: false,
    env: { KUBERNETES_EXEC_INFO: `${v1.trimEnd()}client.authentication.k8s.io/v1beta1` },
  },
  {
    title: 'apiVersion v1alpha1',
    answers: false,
    env: { KUBERNETES_EXEC_INFO: v1.replace('/v1', '/v1alpha1') },
  },
  {
    title: 'cluster info',
    answers: false,
    env: {
      KUBERNETES_EXEC_INFO: v1.replace('false}', 'false,"cluster":{"server":"https://h","config":null}}'),
    },
  },
  { title: 'exec info that is not JSON', answers: false, env: { KUBERNETES_EXEC_INFO: '{' } },
  { title: 'no HOME', answers: false, env: { HOME: '' } },
  {
    title: 'an entry past SERVE_UNTIL',
    answers: false,
    change: (state) => write(state, { serveUntil: -1, expires: 1000 }),
  },
  {
    title: 'an expired entry',
    answers: false,
    change: (state) => write(state, { serveUntil: -100, expires: -1 }),
  },
  {
    title: 'an entry half a minute before SERVE_UNTIL',
    answers: true,
    change: (state) => write(state, { serveUntil: 30, expires: 1000 }),
  },
  {
    title: 'an entry from the future (clock set back)',
    answers: false,
    change: ({ entry }) => touch(entry, 3600),
  },
  // An entry is of the very files that it was made from, and of nothing that happened to them since.
  { title: 'a newer profile file', answers: 'nobody', change: ({ profiles }) => touch(profiles, 10) },
  { title: 'a profile file of the same time', answers: 'nobody', change: sameTime },
  {
    title: 'a profile file moved into place, its content of long ago',
    answers: 'nobody',
    change: ({ box, profiles }) => movedIntoPlace(box, profiles),
  },
  { title: 'a profile file with an old time copied over its content', answers: 'nobody', change: copiedOver },
  {
    title: 'another file, and an older one, at the path of the profile file',
    answers: 'nobody',
    change: (state) =>
      rewrite(state, (text) => text.replace(/^\d+ (\d+\.\d+\.\d+\.\d+ \S+sa-token)/m, '7 $1')),
  },
  {
    title: 'a profile file of another size',
    answers: 'nobody',
    change: (state) => rewrite(state, (text) => text.replace(/^(\d+ \d+)\.\d+/m, '$1.7')),
  },
  { title: 'a profile file that is a link', answers: true, change: viaLink },
  {
    title: 'a profile file that is a link whose target was replaced by an older one',
    answers: 'nobody',
    change: async (state) => movedIntoPlace(state.box, await viaLink(state)),
  },
  {
    title: 'a profile file that is a link which leads to an older file now',
    answers: 'nobody',
    change: otherTarget,
  },
  { title: 'a folder above the profile file that is a link', answers: true, change: folderLink },
  {
    title: 'a folder above the profile file that is a link which leads to an older file now',
    answers: 'nobody',
    change: otherFolder,
  },
  {
    title: 'a profile file from the beginning of time',
    answers: true,
    change: async (state) => {
      await utimes(state.profiles, 1, 1);
      await write(state, usual);
    },
  },
  {
    title: 'an entry of another profile file',
    answers: 'nobody',
    change: (state) => rewrite(state, (text) => text.replace('/sa-token.yaml', '/other.yaml')),
  },
  {
    title: 'an entry that no file vouches for',
    answers: 'nobody',
    change: (state) => rewrite(state, (text) => text.replaceAll(/^\d.*$/gm, '')),
  },
  { title: 'no profile file', answers: 'nobody', change: ({ profiles }) => rm(profiles) },
  { title: 'a newer source file', answers: 'nobody', change: ({ source }) => touch(source, 10) },
  {
    title: 'a source file moved into place, its content of long ago',
    answers: 'nobody',
    change: ({ box, source }) => movedIntoPlace(box, source),
  },
  {
    title: 'a source file that is a link which leads to an older file now',
    answers: 'nobody',
    change: otherSource,
  },
  { title: 'no source file', answers: 'nobody', change: ({ source }) => rm(source) },
  {
    title: 'an entry without a source file',
    answers: true,
    change: (state) => rewrite(state, (text) => text.replace(/^\d.*source-token$/m, '')),
  },
  { title: 'no marker', answers: false, change: ({ until }) => rm(until) },
  { title: 'a group-readable entry', answers: false, change: ({ entry }) => chmod(entry, 0o640) },
  { title: 'an entry that others can write', answers: false, change: ({ entry }) => chmod(entry, 0o602) },
  { title: 'a folder that others can enter', answers: false, change: ({ folder }) => chmod(folder, 0o711) },
  { title: 'a symlink for an entry', answers: false, change: viaSymlink },
  {
    title: 'a hard link for an entry',
    answers: false,
    change: ({ entry, box }) => link(entry, join(box.home, 'other')),
  },
  { title: 'a folder behind a symlink', answers: false, change: folderViaSymlink },
  { title: 'a truncated entry', answers: false, change: ({ entry }) => truncate(entry, 150) },
  {
    title: 'an entry without its last newline',
    answers: false,
    change: (state) => rewrite(state, (text) => text.trimEnd()),
  },
  {
    title: 'an entry with a fifth line',
    answers: false,
    change: (state) => rewrite(state, (text) => `${text}x\n`),
  },
  {
    title: 'an entry of an older version',
    answers: 'nobody',
    change: (state) => rewrite(state, (text) => text.replace('v2 ', 'v1 ')),
  },
  {
    title: 'an entry of a newer version',
    answers: 'nobody',
    change: (state) => rewrite(state, (text) => text.replace('v2 ', 'v3 ')),
  },
  {
    title: 'an entry with a short digest',
    answers: false,
    change: (state) => rewrite(state, (text) => text.replace('aaaa', '')),
  },
  {
    title: 'an entry with a bad digest',
    answers: false,
    change: (state) => rewrite(state, (text) => text.replace('aaaa', 'zzzz')),
  },
  {
    title: 'an entry with words for numbers',
    answers: false,
    change: (state) => rewrite(state, (text) => text.replace(/^v2 \d+/, 'v2 soon')),
  },
  {
    title: 'an entry that holds no credential',
    answers: false,
    change: (state) => rewrite(state, (text) => text.replace('ExecCredential', 'Secret')),
  },
  { title: 'an empty entry', answers: false, change: ({ entry }) => truncate(entry, 0) },
  {
    title: 'a folder for an entry',
    answers: false,
    change: ({ entry }) => rm(entry).then(() => mkdir(entry)),
  },
  {
    title: 'a FIFO for an entry',
    answers: false,
    change: async ({ entry }) => {
      await rm(entry);
      execFileSync('mkfifo', [entry]);
    },
  },
  ...settingNames.map((name) => ({
    title: `the variable ${variableOf(name)}`,
    answers: false,
    env: { [variableOf(name)]: table[name].type === 'boolean' ? 'true' : 'x' },
  })),
  { title: 'an empty variable', answers: true, env: { KUBECTL_SA_TOKEN_SERVER: '' } },
];

const everyShell = shells();

for (const each of cases)
  test(`the fast lane, in every shell, and the engine agree on ${each.title}`, agree, everyShell, each);

if (root) {
  test('an entry of another user is left to the engine, which does not serve it', async (t) => {
    await agree(t, [['/bin/sh']], {
      title: '',
      answers: false,
      change: async ({ entry }) => execFileSync('chown', ['1', entry]),
    });
  });
}

/** Dates the marker that says from when on a client that comes back forces an exchange. */
async function retryFrom({ folder }: State, secondsFromNow: number): Promise<void> {
  const marker = join(folder, 'prod.retry');
  await writeFile(marker, '{}', { mode: 0o600 });
  await touch(marker, secondsFromNow);
}

/** A client that goes by a name of its own, since a shell is taken for the servant of one. */
async function nameClient({ home }: Sandbox): Promise<string> {
  const client = join(home, 'client');
  await rm(client, { force: true });
  await symlink('/bin/sh', client);
  return client;
}

test('the same client coming back is left to the engine, another is not', async (t) => {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  const lane = await install(box);
  await write(stateOf(box), usual);
  const twice = `"$0" get-token prod; "$0" get-token prod`;
  for (const env of [{ KUBERNETES_EXEC_INFO: v1 }, { KUBERNETES_EXEC_INFO: '' }]) {
    const client = await nameClient(box);
    const run = () => box.exec(client, ['-c', `${twice}; :`, lane], { env });
    for (const { stdout, stderr } of [await run(), await run()])
      t.deepEqual([stdout, stderr], [`${credential}\nENGINE [get-token] [prod]\n`, '']);
    await retryFrom(stateOf(box), -1);
    t.is((await run()).stdout, `${credential}\nENGINE [get-token] [prod]\n`, 'the marker has passed');
    await rm(join(stateOf(box).folder, 'prod.retry'));
  }
});

test('a shell that is the parent of a call without KUBERNETES_EXEC_INFO is left to the engine', async (t) => {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  const lane = await install(box);
  await write(stateOf(box), usual);
  const run = (env: Record<string, string>) =>
    box.exec('/bin/sh', ['-c', '"$0" get-token prod; :', lane], { env });
  t.is((await run({})).stdout, 'ENGINE [get-token] [prod]\n');
  t.is((await run({ KUBERNETES_EXEC_INFO: v1 })).stdout, `${credential}\n`);
});

test('until the next exchange may be forced, a client that comes back is answered, and that is noted once', async (t) => {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  const lane = await install(box);
  await write(stateOf(box), usual);
  await retryFrom(stateOf(box), 100);
  const client = await nameClient(box);
  const thrice = '"$0" get-token prod; "$0" get-token prod; "$0" get-token prod; :';
  for (const shell of everyShell) {
    for (const KUBERNETES_EXEC_INFO of [v1, '']) {
      const env = { KUBERNETES_EXEC_INFO };
      const program = shell[0] === '/bin/sh' ? client : shell[0];
      const ran = await box.exec(program ?? '', [...shell.slice(1), '-c', thrice, lane], { env });
      t.deepEqual([ran.stdout, ran.stderr], [`${credential}\n`.repeat(3), ''], shell.join(' '));
    }
  }
  const notes = await readFile(join(stateOf(box).folder, 'prod.clients'), 'utf8');
  t.is(notes.match(/\+/g)?.length, 1, notes);
});

test('many clients are remembered, but not ever more', async (t) => {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  const lane = await install(box);
  await write(stateOf(box), usual);
  const note = join(stateOf(box).folder, 'prod.clients');
  const run = async () => {
    await box.exec('/bin/sh', ['-c', '"$0" get-token prod; :', lane], { env: { KUBERNETES_EXEC_INFO: v1 } });
    return readFile(note, 'utf8');
  };
  for (let count = 1; count <= 12; count += 1)
    t.regex(await run(), new RegExp(`^( \\d+(?::\\d+)?){${count}}$`));
  const many = Array.from({ length: 60 }, (_, index) => `${4_000_000 + index}:1234567`).join(' ');
  for (const [before, after] of [
    [`+ ${many}`, /^ \+( \d+(?::\d+)?){3}$/],
    [many, /^( \d+(?::\d+)?){3}$/],
  ] as const) {
    await writeFile(note, before);
    for (const _ of [1, 2]) await run();
    t.regex(await run(), after);
  }
});

test('of many clients at once every one is noted', async (t) => {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  const lane = await install(box);
  await write(stateOf(box), usual);
  const env = { KUBERNETES_EXEC_INFO: v1 };
  const one = () => box.exec('/bin/sh', ['-c', '"$0" get-token prod; :', lane], { env });
  const all = await Promise.all(Array.from({ length: 40 }, one));
  for (const { stdout } of all) t.is(stdout, `${credential}\n`);
  t.regex(await readFile(join(stateOf(box).folder, 'prod.clients'), 'utf8'), /^( \d+(?::\d+)?){40}$/);
});

test('the engine is found through a chain of links, and a missing one is named', async (t) => {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  const lane = await install(box);
  const [one, two] = [join(box.home, 'one'), join(box.home, 'two')];
  await symlink(lane, one);
  await symlink('one', two);
  t.is((await box.exec(two, ['version'])).stdout, 'ENGINE [version]\n');
  t.is((await box.exec('/bin/sh', ['two', 'list', ''])).stdout, 'ENGINE [list] []\n');
  await rm(`${lane.slice(0, lane.lastIndexOf('/'))}/sa-token-engine`);
  const missing = await box.exec(two, ['version']);
  t.is(missing.code, 1);
  t.is(missing.stdout, '');
  t.regex(missing.stderr, /^kubectl-sa-token: .*sa-token-engine is missing; .*\n$/);
});

test('without coreutils on PATH the lane hands over without a word', async (t) => {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  const lane = await install(box);
  await write(stateOf(box), usual);
  const ran = await box.exec('/bin/sh', [lane, 'get-token', 'prod'], { env: { PATH: box.home } });
  t.deepEqual([ran.code, ran.stdout, ran.stderr], [0, 'ENGINE [get-token] [prod]\n', '']);
});

testWith('busybox').serial(
  'with the ls of BusyBox, which fills up with blanks, the lane answers',
  async (t) => {
    const box = await createSandbox();
    t.teardown(() => box.cleanup());
    const lane = await install(box);
    await write(stateOf(box), usual);
    const bin = join(box.home, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'ls'), '#!/bin/sh\nexec busybox ls "$@"\n', { mode: 0o755 });
    const env = { PATH: `${bin}:${box.env['PATH']}` };
    const ran = await box.exec('/bin/sh', [lane, 'get-token', 'prod'], { env });
    t.deepEqual([ran.stdout, ran.stderr], [`${credential}\n`, '']);
  },
);

test('tracing that is set for every shell shows no token', async (t) => {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  const lane = await install(box);
  await write(stateOf(box), usual);
  await retryFrom(stateOf(box), 100);
  for (const shell of everyShell) {
    const [program = '', ...words] = shell;
    const options = { env: { SHELLOPTS: 'xtrace' } };
    const ran = await box.exec(program, [...words, '-x', lane, 'get-token', 'prod'], options);
    t.is(ran.stdout, `${credential}\n`);
    t.false(ran.stderr.includes('ExecCredential'), `${shell.join(' ')}: ${ran.stderr}`);
  }
});

/** The note of a client is for the next call; each shell and the engine are asked about the same state. */
async function agree(t: ExecutionContext, all: string[][], each: Case): Promise<void> {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  const lane = await install(box);
  const { args = ['get-token', 'prod'], env = {}, answers } = each;
  await write(stateOf(box), usual);
  await each.change?.(stateOf(box));
  const forget = () => rm(join(stateOf(box).folder, 'prod.clients'), { force: true });
  const said: string[] = [];
  for (const [shell = '', ...words] of all) {
    const { code, stdout, stderr } = await box.exec(shell, [...words, lane, ...args], { env });
    t.deepEqual([code, stderr], [0, ''], shell);
    t.is(stdout.startsWith('ENGINE'), answers !== true, `${shell}: ${stdout}`);
    said.push(stdout);
    await forget();
  }
  if (answers === true) {
    const engine = await runIn(box)(args, { env });
    t.deepEqual([engine.code, engine.stderr], [0, '']);
    t.deepEqual(
      said,
      all.map(() => engine.stdout),
    );
    return;
  }
  t.deepEqual(
    said,
    all.map(() => `ENGINE${args.map((word) => ` [${word}]`).join('')}\n`),
  );
  if (answers === 'nobody') t.is((await runIn(box)(args, { env })).stdout, '');
}

/** Every shell that may be somebody's /bin/sh, of those that are here. */
function shells(): string[][] {
  const wanted = [
    ['/bin/sh'],
    ['dash'],
    ['bash', '--posix'],
    ['busybox', 'sh'],
    ['mksh'],
    ['yash'],
    ['zsh', '--emulate', 'sh'],
  ];
  return wanted.filter(([name = '']) => {
    try {
      execFileSync('/bin/sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

const sayWords = `printf 'ENGINE'\nfor word; do printf ' [%s]' "$word"; done\necho`;

/** The lane with an engine beside it, which by default says what it was given. */
async function install(box: Sandbox, engine = sayWords): Promise<string> {
  const folder = join(box.home, 'plug in ä');
  await mkdir(folder);
  const lane = join(folder, 'kubectl-sa_token');
  await copyFile(join(repository, 'cmd', 'kubectl-sa-token'), lane);
  await writeFile(join(folder, 'sa-token-engine'), `#!/bin/sh\n${engine}\n`, { mode: 0o755 });
  return lane;
}

function stateOf(box: Sandbox): State {
  const folder = join(box.home, '.kube', 'cache', 'sa-token');
  const entry = join(folder, 'prod.entry');
  return {
    box,
    folder,
    entry,
    until: join(folder, 'prod.until'),
    profiles: join(box.home, '.kube', 'sa-token.yaml'),
    source: join(box.home, 'source-token'),
  };
}

const usual = { serveUntil: 3000, expires: 3600 };

/** Files of ten seconds ago and an entry of now; times are seconds from now. */
async function write(
  { folder, entry, until, profiles, source }: State,
  life: { serveUntil: number; expires: number },
): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(profiles)) {
    // A miss ends there, without a server.
    await writeFile(source, '', { mode: 0o600 });
    await writeFile(
      profiles,
      `profiles:\n  prod:\n    server: https://127.0.0.1:1\n    source-file: ${source}\n`,
      { mode: 0o600 },
    );
    await Promise.all([touch(profiles, -10), touch(source, -10)]);
  }
  const lines = [
    `v2 ${now + life.serveUntil} ${now + life.expires} ${'a'.repeat(64)}`,
    ...[profiles, source].map((file) => `${recordOf(file)?.identity} ${file}`),
    credential,
  ];
  await writeFile(entry, `${lines.join('\n')}\n`, { mode: 0o600 });
  await touch(entry, -1);
  await writeFile(until, '', { mode: 0o600 });
  await utimes(until, now + life.serveUntil, now + life.serveUntil);
}

async function rewrite({ entry }: State, edit: (text: string) => string): Promise<void> {
  await writeFile(entry, edit(await readFile(entry, 'utf8')));
  await touch(entry, -1);
}

async function touch(file: string, secondsFromNow: number): Promise<void> {
  const time = Date.now() / 1000 + secondsFromNow;
  await utimes(file, time, time);
}

async function movedIntoPlace(box: Sandbox, file: string): Promise<void> {
  const other = join(box.home, 'other');
  await copyFile(file, other);
  await touch(other, -1000);
  await rename(other, file);
}

/** As `cp -p` does: the inode stays, and the time of the content is of long ago. The kernel dates by its own tick of some ms. */
async function copiedOver({ profiles }: State): Promise<void> {
  await sleep(20);
  await writeFile(profiles, await readFile(profiles));
  await touch(profiles, -1000);
}

/** Returns the file behind the link. */
async function viaLink(state: State): Promise<string> {
  const real = join(state.box.home, 'real.yaml');
  await rename(state.profiles, real);
  await symlink(real, state.profiles);
  await write(state, usual);
  return real;
}

/** A file that was there before the entry, under another name. */
async function older(box: Sandbox, file: string, name: string): Promise<string> {
  const other = join(box.home, name);
  await mkdir(dirname(other), { recursive: true });
  await copyFile(file, other);
  await touch(other, -1000);
  return other;
}

async function otherTarget(state: State): Promise<void> {
  const other = await older(state.box, state.profiles, 'older.yaml');
  await viaLink(state);
  await rm(state.profiles);
  await symlink(other, state.profiles);
}

async function otherSource(state: State): Promise<void> {
  const { box, source } = state;
  const [one, other] = [await older(box, source, 'one'), await older(box, source, 'other')];
  await rm(source);
  await symlink(one, source);
  await write(state, usual);
  await rm(source);
  await symlink(other, source);
}

/** `.kube` leads to a folder with the profile file and the cache in it. */
async function folderLink(state: State): Promise<void> {
  const kube = join(state.box.home, '.kube');
  await rename(kube, join(state.box.home, 'kube'));
  await symlink('kube', kube);
  await write(state, usual);
}

/** The cache is the same for both folders. */
async function otherFolder(state: State): Promise<void> {
  const kube = join(state.box.home, '.kube');
  await older(state.box, state.profiles, 'other/sa-token.yaml');
  await folderLink(state);
  await symlink(join(state.box.home, 'kube', 'cache'), join(state.box.home, 'other', 'cache'));
  await rm(kube);
  await symlink('other', kube);
}

async function sameTime({ entry, profiles }: State): Promise<void> {
  const time = Math.floor(Date.now() / 1000) - 5;
  await Promise.all([utimes(entry, time, time), utimes(profiles, time, time)]);
}

async function viaSymlink({ entry }: State): Promise<void> {
  await rename(entry, `${entry}.real`);
  await symlink(`${entry}.real`, entry);
}

async function folderViaSymlink({ folder }: State): Promise<void> {
  await rename(folder, `${folder}.real`);
  await symlink(`${folder}.real`, folder);
}

const inContainers = testWith('private-mounts').serial;

inContainers('process 1 of another container is another client', async (t) => {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  const lane = await install(box);
  await write(stateOf(box), usual);
  const calls = async (script: string) => {
    // The start of a process is counted in ticks of 10 ms.
    await sleep(20);
    return box.exec('unshare', ['--pid', '--fork', '--mount-proc', '/bin/sh', '-c', script, lane], {
      env: { KUBERNETES_EXEC_INFO: v1 },
    });
  };
  const once = '"$0" get-token prod; :';
  for (const _ of [1, 2]) t.is((await calls(once)).stdout, `${credential}\n`);
  // And the same one that comes back is known: the engine is asked.
  t.is((await calls(`"$0" get-token prod; ${once}`)).stdout, `${credential}\nENGINE [get-token] [prod]\n`);
  t.regex(await readFile(join(stateOf(box).folder, 'prod.clients'), 'utf8'), /^( 1:\d+){3}$/);
});

test('login, the hook from the cache, a new token when it is gone, and logout: programs as they are installed', async (t) => {
  const { server, sandbox, caFile } = await commandScene(t);
  const lane = await install(
    sandbox,
    `exec ${productCommand()
      .map((word) => `'${word}'`)
      .join(' ')} "$@"`,
  );
  const flags = ['--server', server.url, '--certificate-authority', caFile, '--source-file', 'token'];
  const plugin = (...words: string[]) => sandbox.exec(lane, words);
  t.like(await plugin('login', 'live', ...flags), { code: 0, stderr: '' });
  const hook = () =>
    sandbox.exec('/bin/sh', ['-c', '"$0" get-token live; exit $?', lane], {
      env: { KUBERNETES_EXEC_INFO: v1 },
    });
  const first = await hook();
  t.like(first, { code: 0, stderr: '' });
  t.true((await hook()).stdout === first.stdout);
  t.is(server.exchanges, 1, 'that of the login');
  t.like(await plugin('logout', 'live'), { code: 0, stderr: '' });
  t.false((await hook()).stdout === first.stdout);
  t.is(server.exchanges, 2);
  t.like(await plugin('logout', 'live', '--forget'), { code: 0, stderr: '' });
  t.like(await hook(), { code: 2, stdout: '' });
});
