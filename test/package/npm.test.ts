/** The npm package: packed, installed globally into a prefix of its own, and run from there. */
import test from 'ava';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, readFileSync, renameSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { cacheFolder, root, npm } from '../../cmd/release/packages.ts';
import type { RunOptions } from '../support/child.ts';
import { startKeychainSession } from '../support/keychain-session.ts';
import { onPath } from '../support/kubectl.ts';
import { lacking, testUnless } from '../support/require.ts';
import { createSandbox, type Sandbox } from '../support/runner.ts';
import { startServer } from '../support/token-request-server.ts';
import { version } from './release.ts';

const missing = process.platform === 'win32' ? 'npm links other files on Windows' : noNpm();

testUnless(missing).serial(
  'npm installs three programs, which run without anything but Node on PATH',
  async (t) => {
    const { box, prefix } = await installed();
    t.deepEqual((await readdir(join(prefix, 'bin'))).toSorted(), [
      'kubectl-sa-token',
      'kubectl-sa_token',
      'kubectl_complete-sa_token',
    ]);
    const env = { PATH: [join(prefix, 'bin'), box.env['PATH']].join(delimiter) };
    for (const program of ['kubectl-sa_token', 'kubectl-sa-token']) {
      const told = await box.exec(program, ['version'], { env });
      t.deepEqual([told.code, told.stdout, told.stderr], [0, `kubectl-sa-token v${version}\n`, '']);
    }
    const completed = await box.exec('kubectl_complete-sa_token', ['ver'], { env });
    t.regex(completed.stdout, /^version\t/);
  },
);

testUnless(missing).serial(
  'the npm package is JavaScript, the fast lane, licences and readme; one dependency, and nothing runs at install',
  async (t) => {
    const { prefix } = await installed();
    const folder = join(prefix, 'lib/node_modules/kubectl-sa-token');
    const files = (await readdir(folder)).filter((name) => name !== 'node_modules');
    t.deepEqual(files.toSorted(), ['LICENSE', 'README.md', 'dist', 'package.json']);
    const shipped = await readdir(join(folder, 'dist/npm'));
    t.deepEqual(
      shipped.filter((name) => !name.endsWith('.js')),
      ['THIRD_PARTY_LICENSES', 'kubectl-sa_token'],
    );
    const lane = await readFile(join(folder, 'dist/npm/kubectl-sa_token'), 'utf8');
    t.is(lane, await readFile(join(root, 'cmd/kubectl-sa-token'), 'utf8'));
    const licences = await readFile(join(folder, 'dist/npm/THIRD_PARTY_LICENSES'), 'utf8');
    for (const name of ['yargs', 'yaml', 'jose', '@kubernetes/client-node'])
      t.regex(licences, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+: `, 'm'));

    const manifests = globSync(['package.json', 'node_modules/**/package.json'], { cwd: folder });
    const packages = manifests.map((file): Manifest => JSON.parse(readFileSync(join(folder, file), 'utf8')));
    t.deepEqual(packages.map(({ name }) => name.replace(/(?<=keyring-).*/, 'PLATFORM')).toSorted(), [
      '@napi-rs/keyring',
      '@napi-rs/keyring-PLATFORM',
      'kubectl-sa-token',
    ]);
    for (const { name, scripts = {} } of packages)
      t.deepEqual(
        Object.keys(scripts).filter((script) => /^(?:pre|post)?install$/.test(script)),
        [],
        name,
      );
  },
);

testUnless(missing).serial('`npx kubectl-sa-token` runs it, installed or not', async (t) => {
  const { box, tarball } = await installed();
  const npx = ['exec', '--yes', '--cache', join(box.home, 'npx'), '--package', tarball];
  t.is(npm([...npx, 'kubectl-sa-token', 'version'], box.home), `kubectl-sa-token v${version}\n`);
});

testUnless(missing).serial(
  'where cores are allowed, completion starts the engine once more, as it was',
  async (t) => {
    const { box, prefix } = await installed();
    const script = 'ulimit -S -c unlimited 2>/dev/null; exec "$0" ver';
    const { stdout } = await box.exec('sh', ['-c', script, join(prefix, 'bin/kubectl_complete-sa_token')]);
    t.regex(stdout, /^version\t/);
  },
);

testUnless(missing ?? noOtherNodes()).serial('an older Node gets one line', async (t) => {
  const { box, prefix } = await installed();
  const env = { PATH: [nodeFolder(20), join(prefix, 'bin'), box.env['PATH']].join(delimiter) };
  for (const words of [['version'], ['get-token', 'prod']]) {
    const { code, stdout, stderr } = await box.exec('kubectl-sa_token', words, { env });
    t.deepEqual([code, stdout], [1, '']);
    t.regex(
      stderr,
      /^kubectl-sa-token: Node is v20\.20\.2 here, and the plugin needs 22\.21, or 24 or newer; .*\n$/,
    );
  }
});

for (const major of [22, 24, 26]) {
  const lacks = major === 26 ? undefined : noOtherNodes();
  testUnless(missing ?? lacks ?? lacking('secret-service')).serial(
    `on Node ${major}: login into the keychain, and a hook that is answered without Node while its entry is fresh`,
    async (t) => {
      const { box, prefix } = await installed();
      const profile = `node${major}`;
      const keychain = await startKeychainSession();
      t.teardown(() => keychain.close());
      const server = await startServer();
      t.teardown(() => server.close());
      const { token } = await server.cluster.createRobot({ namespace: 'team-a', name: 'robot' });
      await writeFile(join(box.home, 'ca.crt'), server.caPem);
      const node = major === 26 ? dirname(process.execPath) : nodeFolder(major);
      const env = { ...keychain.env, PATH: [node, join(prefix, 'bin'), '/usr/bin:/bin'].join(delimiter) };
      const run = async (file: string, words: string[], options: RunOptions = {}): Promise<string> => {
        const { code, stdout, stderr } = await box.exec(file, words, { env, ...options });
        t.deepEqual([code, stderr], [0, ''], words.join(' '));
        return stdout;
      };
      t.regex(
        JSON.parse(await run('kubectl-sa_token', ['version', '-o', 'json'])).node,
        new RegExp(`^v${major}\\.`),
      );
      const login = [
        'login',
        profile,
        '--server',
        server.url,
        '--certificate-authority',
        'ca.crt',
        '--token-stdin',
      ];
      await run('kubectl-sa_token', login, { stdin: `${token}\n` });
      const written = await run('kubectl-sa_token', ['kubeconfig', profile, '--dry-run']);
      const { exec }: User = parse(written).users[0].user;
      t.is(exec.command, join(prefix, 'lib/node_modules/kubectl-sa-token/dist/npm/kubectl-sa_token'));

      server.reset();
      const cold = await run(exec.command, [...exec.args, '--force-refresh']);
      t.is(server.granted, 1);
      const execInfo = {
        kind: 'ExecCredential',
        apiVersion: 'client.authentication.k8s.io/v1',
        spec: { interactive: false },
      };
      const withoutNode = { env: { PATH: '/usr/bin:/bin' }, execInfo };
      t.is(await run(exec.command, exec.args, withoutNode), cold);
      await run('kubectl-sa_token', ['logout', profile]);
    },
  );
}

interface Manifest {
  name: string;
  scripts?: Record<string, string>;
}

interface User {
  exec: { command: string; args: string[] };
}

/** Why there are no Nodes to try beside the one that runs this; undefined when there are. */
function noOtherNodes(): string | undefined {
  return process.platform === 'linux' && process.arch === 'x64'
    ? undefined
    : 'the other Nodes are those of linux/x64';
}

/** The folder with one of .ci/npm-nodes, fetched once and kept outside the tree. */
function nodeFolder(major: number): string {
  const pinned = join(root, '.ci/npm-nodes');
  const lock = readFileSync(join(pinned, 'package-lock.json'));
  const folder = join(cacheFolder, 'npm-nodes', createHash('sha256').update(lock).digest('hex').slice(0, 16));
  if (!existsSync(folder)) {
    const partial = `${folder}.partial`;
    cpSync(pinned, partial, { recursive: true });
    npm(['ci', '--ignore-scripts'], partial);
    renameSync(partial, folder);
  }
  return join(folder, `node_modules/node-${major}/bin`);
}

interface Installation {
  box: Sandbox;
  prefix: string;
  tarball: string;
}

let installation: Promise<Installation> | undefined;

test.after.always(async () => {
  const made = await installation?.catch(() => undefined);
  await made?.box.cleanup();
});

/** Once for all tests. */
function installed(): Promise<Installation> {
  return (installation ??= install());
}

async function install(): Promise<Installation> {
  const box = await createSandbox();
  const prefix = join(box.home, 'prefix with space');
  execFileSync(process.execPath, [join(root, 'cmd/release/npm.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  npm(['pack', '--ignore-scripts', '--pack-destination', box.home], root);
  const tarball = join(box.home, `kubectl-sa-token-${version}.tgz`);
  npm(['install', '--global', '--prefix', prefix, '--prefer-offline', '--ignore-scripts', tarball], box.home);
  return { box, prefix, tarball };
}

function noNpm(): string | undefined {
  return (process.env['npm_execpath'] ?? onPath('npm')) ? undefined : 'no npm on PATH';
}
