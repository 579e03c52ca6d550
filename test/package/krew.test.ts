/** krew as people use it: install, work, upgrade, uninstall; and the manifest as krew-index checks it. */
import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { execute, type RunResult } from '../support/child.ts';
import { startKeychainSession } from '../support/keychain-session.ts';
import { findKubectls, oldestAndNewest } from '../support/kubectl.ts';
import { lacking, testUnless } from '../support/require.ts';
import { createSandbox, type Sandbox } from '../support/runner.ts';
import { startServer, type TestServer } from '../support/token-request-server.ts';
import { krewPrograms, lacksKrew, ownIndex } from './krew.ts';
import { archivePath, hostTarget, released, targets, version } from './release.ts';

interface Manifest {
  metadata: { name: string };
  spec: {
    version: string;
    shortDescription: string;
    description: string;
    platforms: { sha256: string; bin: string }[];
  };
}

const account = { namespace: 'team-a', name: 'robot' };
const noHost = hostTarget() === undefined ? 'no archive is for this platform' : undefined;

testUnless(undefined).serial('the manifest is what reviewers of krew-index ask for', (t) => {
  const { metadata, spec }: Manifest = parse(readFileSync(released('sa-token.yaml'), 'utf8'));
  t.is(metadata.name, 'sa-token');
  t.is(spec.version, `v${version}`);
  t.true(spec.shortDescription.length <= 50);
  t.deepEqual(
    spec.description.split('\n').filter((line) => line.length > 80),
    [],
  );
  t.is(spec.platforms.length, 5);
  const sums = readFileSync(released('SHA256SUMS'), 'utf8');
  for (const { sha256 } of spec.platforms) t.regex(sums, new RegExp(`^${sha256}  .*(gz|zip)$`, 'm'));
});

testUnless(lacksKrew()).serial("krew-index's own check finds nothing wrong with the manifest", async (t) => {
  const program = krewPrograms()['validate-krew-manifest'];
  const checked = await execute([program, '-manifest', released('sa-token.yaml'), '-skip-install'], {
    env: {},
  });
  t.is(checked.code, 0, checked.stderr);
});

for (const target of targets.filter(({ wheel }) => wheel === undefined)) {
  testUnless(lacksKrew()).serial(
    `krew installs ${target.name}, licence and all, and links the one name`,
    async (t) => {
      const { box, krew } = await scene(t, { KREW_OS: target.os, KREW_ARCH: target.arch });
      await krew('install', `--manifest=${released('sa-token.yaml')}`, `--archive=${archivePath(target)}`);
      t.deepEqual(await readdir(join(box.home, 'krew/bin')), [
        `kubectl-sa_token${target.os === 'windows' ? '.exe' : ''}`,
      ]);
      t.true((await readdir(join(box.home, `krew/store/sa-token/v${version}`))).includes('LICENSE'));
    },
  );
}

const missing = noHost ?? lacksKrew() ?? lacking('kubectl') ?? lacking('secret-service');
testUnless(missing).serial(
  'installed by krew, it drives kubectl; an upgrade and a new install find everything in place',
  async (t) => {
    const { box, env, krew } = await scene(t, {});
    const index = await ownIndex(t, join(box.home, 'index'));
    const keychain = await startKeychainSession();
    t.teardown(() => keychain.close());
    Object.assign(env, keychain.env, { KREW_DEFAULT_INDEX_URI: index.uri, PATH: withKrew(box) });
    const server = await startServer();
    t.teardown(() => server.close());

    index.publish(`v${version}`);
    await krew('install', 'sa-token');
    await logIn(t, box, env, server);
    server.reset();
    await getPods(t, box, env, server);
    const before = await kept(box);

    index.publish('v999.0.0');
    const upgraded = await krew('upgrade', 'sa-token');
    t.regex(upgraded.stderr, /Upgraded plugin: sa-token/);
    t.deepEqual(await readdir(join(box.home, 'krew/store/sa-token')), ['v999.0.0']);
    await getPods(t, box, env, server);

    await krew('uninstall', 'sa-token');
    t.deepEqual(await kept(box), before);
    await krew('install', 'sa-token');
    await getPods(t, box, env, server);
    t.is(server.granted, 0, 'the entry of the login served all of them');
    const fresh = await box.exec('kubectl-sa_token', ['get-token', 'prod', '--force-refresh'], { env });
    t.is(fresh.code, 0, 'the source token is in the keychain still');
  },
);

interface Scene {
  box: Sandbox;
  /** What krew and kubectl get; may be added to. */
  env: Record<string, string | undefined>;
  krew: (...words: string[]) => Promise<RunResult>;
}

async function scene(t: ExecutionContext, more: Record<string, string>): Promise<Scene> {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  const env = { KREW_ROOT: join(box.home, 'krew'), KREW_NO_UPGRADE_CHECK: '1', ...more };
  // Without an index krew would fetch the public one.
  const empty = await ownIndex(t, join(box.home, 'no-index'));
  empty.publish('v0.0.1');
  Object.assign(env, { KREW_DEFAULT_INDEX_URI: empty.uri });
  const { krew: program } = krewPrograms();
  const krew = async (...words: string[]): Promise<RunResult> => {
    const ran = await box.exec(program, words, { env, timeoutMs: 120_000 });
    if (ran.code !== 0) throw new Error(`krew ${words.join(' ')}: ${ran.stderr}`);
    return ran;
  };
  return { box, env, krew };
}

function withKrew(box: Sandbox): string {
  return [join(box.home, 'krew', 'bin'), box.env['PATH'] ?? ''].join(delimiter);
}

/** `kubectl sa-token …` by the newest kubectl: the login, and the exec hook in a kubeconfig. */
async function logIn(
  t: ExecutionContext,
  box: Sandbox,
  env: Scene['env'],
  server: TestServer,
): Promise<void> {
  const robot = await server.cluster.createRobot(account);
  server.cluster.allowInCluster(account, { verb: 'list', resource: 'pods' });
  const [ca, token] = [join(box.home, 'ca.crt'), join(box.home, 'robot.token')];
  await writeFile(ca, server.caPem);
  await writeFile(token, robot.token, { mode: 0o600 });
  const kubectl = findKubectls().at(-1)?.path ?? '';
  const path = join(box.home, '.kube', 'config');
  for (const words of [
    ['version'],
    ['login', 'prod', '--server', server.url, '--certificate-authority', ca, '--token-file', token],
    ['kubeconfig', 'prod', '--kubeconfig', path],
  ]) {
    const ran = await box.exec(kubectl, ['sa-token', ...words], { env });
    t.is(ran.code, 0, `kubectl sa-token ${words.join(' ')}: ${ran.stderr}`);
    if (words[0] === 'version') t.is(ran.stdout, `kubectl-sa-token v${version}\n`);
  }
  for (const words of [
    ['set-cluster', 'test', '--server', server.apiUrl, '--certificate-authority', ca],
    ['set-context', 'test', '--cluster', 'test', '--user', 'prod'],
    ['use-context', 'test'],
  ]) {
    const ran = await box.exec(kubectl, ['config', ...words, '--kubeconfig', path], { env });
    t.is(ran.code, 0, ran.stderr);
  }
}

/** Through the hook, by the oldest and the newest kubectl. */
async function getPods(
  t: ExecutionContext,
  box: Sandbox,
  env: Scene['env'],
  server: TestServer,
): Promise<void> {
  for (const { path, minor } of oldestAndNewest()) {
    const ran = await box.exec(path, ['get', 'pods', '--namespace', 'team-a'], { env });
    t.is(ran.code, 0, `kubectl 1.${minor}: ${ran.stderr}`);
  }
  t.true(server.requests.some(({ path }) => path.includes('/pods')));
}

/** The profile and the entry, word for word. */
async function kept(box: Sandbox): Promise<string[]> {
  const files = ['.kube/sa-token.yaml', '.kube/cache/sa-token/prod.entry'];
  return Promise.all(files.map((file) => readFile(join(box.home, file), 'utf8')));
}
