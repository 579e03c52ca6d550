/** Alpine: what the archives, krew and npm bring there ends with a working plugin, or with one line that says what does. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { unpackNode } from '../../cmd/release/engine/node.ts';
import { npm, root as repository } from '../../cmd/release/packages.ts';
import { findTarget } from '../../cmd/release/platforms.ts';
import { execute, merge, type Environment, type RunResult } from '../support/child.ts';
import { startKeychainSession } from '../support/keychain-session.ts';
import { lacking, testUnless } from '../support/require.ts';
import { startServer } from '../support/token-request-server.ts';
import { alpine, inAlpine, lacksAlpine } from './alpine.ts';
import { unpack, version } from './release.ts';

const musl = findTarget('linux-musl-amd64');
const missing =
  process.platform === 'linux' && process.arch === 'x64' ? lacksAlpine() : 'its Node is for linux/x64';

testUnless(missing ?? lacking('secret-service')).serial(
  'the archive for musl: login into the keychain, a cold and a warm answer, logout',
  async (t) => {
    const made = await scene(t);
    await unpack(musl, join(made.home, 'plugin'));
    await wholeCourse(t, made, 'plugin/kubectl-sa_token');
  },
);

testUnless(missing ?? lacking('secret-service')).serial(
  'the npm package on a Node for musl: the same',
  async (t) => {
    const made = await scene(t);
    const { home } = made;
    const { folder } = await unpackNode(musl, join(home, 'node'));
    execFileSync(process.execPath, [join(repository, 'cmd/release/npm.ts')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    npm(['pack', '--ignore-scripts', '--pack-destination', home], repository);
    const platform = ['--os', 'linux', '--cpu', 'x64', '--libc', 'musl', '--prefix', join(home, 'global')];
    npm(
      ['install', '--global', '--prefer-offline', ...platform, join(home, `kubectl-sa-token-${version}.tgz`)],
      home,
    );
    await chmod(join(folder, 'node'), 0o755);
    const PATH = `${folder.slice(alpine('amd64').length)}:/usr/bin:/bin:/usr/sbin:/sbin`;
    await wholeCourse(t, made, 'global/bin/kubectl-sa_token', { PATH });
  },
);

testUnless(missing).serial(
  'the archive for glibc, which krew installs: one line that names the other',
  async (t) => {
    const { home, run } = await scene(t);
    await unpack('linux-amd64', join(home, 'plugin'));
    const { code, stdout, stderr } = await run(['plugin/kubectl-sa_token', 'version']);
    t.deepEqual([code, stdout], [1, '']);
    t.regex(
      stderr,
      /^kubectl-sa-token: this system has musl, .* take the linux_musl archive, or run npm .*\n$/,
    );
  },
);

testUnless(missing).serial('the archive for musl where there is glibc: one line', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sa-token-musl-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await unpack(musl, folder);
  const { code, stdout, stderr } = await execute([join(folder, 'kubectl-sa_token'), 'version'], { env: {} });
  t.deepEqual([code, stdout], [1, '']);
  t.regex(stderr, /^kubectl-sa-token: this build needs musl, .*\n$/);
});

interface Scene {
  /** Outside of the root. */
  home: string;
  /** The first word is a path from there. */
  run: (words: string[], env?: Environment) => Promise<RunResult>;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const root = alpine('amd64');
  const home = await mkdtemp(join(root, 'tmp', 'sa-token-'));
  t.teardown(() => rm(home, { recursive: true, force: true }));
  await chmod(home, 0o700);
  const inside = home.slice(root.length);
  return {
    home,
    run: ([program = '', ...words], env) =>
      execute(inAlpine(root, [`${inside}/${program}`, ...words]), {
        env: merge({ PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: inside }, env),
        timeoutMs: 60_000,
      }),
  };
}

/** From the login to the logout, with a keychain outside of the root. */
async function wholeCourse(
  t: ExecutionContext,
  { home, run }: Scene,
  program: string,
  more: Environment = {},
): Promise<void> {
  const root = alpine('amd64');
  // Where the bus is reached from inside as well.
  process.env['TMPDIR'] = join(root, 'tmp');
  const keychain = await startKeychainSession().finally(() => delete process.env['TMPDIR']);
  t.teardown(() => keychain.close());
  const server = await startServer();
  t.teardown(() => server.close());
  const robot = await server.cluster.createRobot({ namespace: 'team-a', name: 'robot' });
  const inside = home.slice(root.length);
  await writeFile(join(home, 'ca.crt'), server.caPem);
  await writeFile(join(home, 'robot.token'), robot.token, { mode: 0o600 });
  const bus = keychain.env['DBUS_SESSION_BUS_ADDRESS']?.replace(root, '');
  const call = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run([program, ...words], {
      ...more,
      DBUS_SESSION_BUS_ADDRESS: bus,
    });
    t.deepEqual([code, stderr.includes('kubectl-sa-token:')], [0, false], `${words.join(' ')}: ${stderr}`);
    return stdout;
  };
  t.is(await call('version'), `kubectl-sa-token v${version}\n`);
  const files = ['--certificate-authority', `${inside}/ca.crt`, '--token-file', `${inside}/robot.token`];
  t.regex(await call('login', 'prod', '--server', server.url, ...files), /source token in keychain/);
  server.reset();
  const cold = await call('get-token', 'prod', '--force-refresh');
  t.regex(cold, /^\{"kind":"ExecCredential",.*\}\n$/);
  t.is(await call('get-token', 'prod'), cold);
  t.is(server.granted, 1);
  await call('logout', 'prod');
  t.regex(await call('list'), /^prod .* no$/m);
}
