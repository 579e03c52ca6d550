/** Homes that are not as they should be: a careless umask, no HOME, somebody else's. */
import test from 'ava';
import { chmod, chown, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { testWith } from '../support/require.ts';
import { entryPath, modeOf } from './support/cached.ts';
import { checkCredential, checkFailure } from './support/outcome.ts';
import { execInfo, setScene, type Scene } from './support/scene.ts';

const asRoot = testWith('root');
const withKeychain = testWith('secret-service');
const NOBODY = 65_534;
const SUDO = { SUDO_UID: '1000', SUDO_USER: 'them' };

/** Runs the hook as another user. The profile's files are made readable to all. */
const hookAs = (scene: Scene, uid: number, env: Record<string, string> = {}) =>
  scene.sandbox.exec(
    'setpriv',
    [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', 'kubectl-sa_token', 'get-token', 'prod'],
    { env, execInfo: execInfo() },
  );

async function modesBelow(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder, { recursive: true });
  const modes = names.map(async (name) => [name, await modeOf(join(folder, name))] as const);
  return new Map(await Promise.all(modes));
}

withKeychain('umask 000: what is written is private all the same', async (t) => {
  const scene = await setScene(t, { keychain: true });
  await rm(join(scene.home, '.kube'), { recursive: true });
  const flags = `--server ${scene.server.url} --certificate-authority ${scene.caFile}`;
  const steps = [
    `kubectl-sa_token login prod ${flags} --token-stdin`,
    'kubectl-sa_token kubeconfig prod',
    'kubectl-sa_token kubeconfig prod --user robot',
    'kubectl-sa_token get-token prod --force-refresh',
  ];
  const result = await scene.sh(`umask 000; ${steps.join(' && ')}; ls -laR "$HOME/.kube" >&2`, {
    stdin: scene.robot.token,
  });
  t.is(result.code, 0, result.stderr);
  await scene.sh('umask 000; sh -c "kubectl-sa_token get-token prod; :"', { execInfo: execInfo() });
  const modes = await modesBelow(join(scene.home, '.kube'));
  t.true(modes.size >= 8, [...modes.keys()].join());
  t.true(modes.has('cache/sa-token/prod.clients'), 'the fast lane wrote too');
  for (const [name, mode] of modes) {
    const folder = (await lstat(join(scene.home, '.kube', name))).isDirectory();
    t.is(mode, folder ? '700' : '600', name);
  }
});

test('no HOME: the places that variables name are enough', async (t) => {
  const scene = await setScene(t);
  const env = {
    HOME: undefined,
    KUBECTL_SA_TOKEN_CONFIG: join(scene.home, '.kube', 'sa-token.yaml'),
    KUBECACHEDIR: join(scene.home, '.kube', 'cache'),
  };
  const { token } = checkCredential(t, await scene.hook({ env }));
  t.is(checkCredential(t, await scene.hook({ env })).token, token);
  t.is(checkCredential(t, await scene.hook()).token, token, 'the same entry as with a HOME');
  t.is(scene.server.exchanges, 1);
});

test('a HOME that is not there, or no folder: a credential, and nothing made', async (t) => {
  const scene = await setScene(t);
  const KUBECTL_SA_TOKEN_CONFIG = join(scene.home, '.kube', 'sa-token.yaml');
  const notThere = join(scene.home, 'not-there');
  for (const HOME of [notThere, '/dev/null', scene.caFile]) {
    const result = await scene.hook({ env: { HOME, KUBECTL_SA_TOKEN_CONFIG } });
    checkCredential(t, result, HOME);
  }
  await t.throwsAsync(lstat(notThere), { code: 'ENOENT' });
});

async function openToAll({ home }: Scene): Promise<void> {
  await chmod(home, 0o755);
  await chmod(join(home, '.kube'), 0o755);
  for (const file of ['ca.crt', 'source-token', '.kube/sa-token.yaml']) await chmod(join(home, file), 0o644);
}

asRoot('HOME of root, as another user: a credential, without a cache', async (t) => {
  const scene = await setScene(t);
  await openToAll(scene);
  checkCredential(t, await hookAs(scene, NOBODY));
  t.deepEqual(await readdir(join(scene.home, '.kube')), ['sa-token.yaml']);
});

asRoot('the entry of another user is not believed, and not touched', async (t) => {
  const scene = await setScene(t);
  const { token } = checkCredential(t, await scene.hook());
  await openToAll(scene);
  const before = await lstat(entryPath(scene.home));
  await chmod(join(scene.home, '.kube', 'cache'), 0o755);
  await chmod(join(scene.home, '.kube', 'cache', 'sa-token'), 0o755);
  await chmod(entryPath(scene.home), 0o644);
  t.not(checkCredential(t, await hookAs(scene, NOBODY)).token, token);
  t.is((await lstat(entryPath(scene.home))).mtimeMs, before.mtimeMs);
});

asRoot('sudo with the HOME of another: their profile is refused, and their home left as it is', async (t) => {
  const scene = await setScene(t);
  for (const path of ['', '.kube', '.kube/sa-token.yaml']) await chown(join(scene.home, path), 1000, 1000);
  const expected = { code: 7, line: /belongs to another user; set HOME or KUBECTL_SA_TOKEN_CONFIG/ };
  checkFailure(t, await scene.hook({ env: SUDO }), expected);
  t.deepEqual(await readdir(join(scene.home, '.kube')), ['sa-token.yaml'], 'no folder of root’s in it');
});

asRoot(
  'sudo with the HOME of another, and no profile: a credential, and their home left as it is',
  async (t) => {
    const scene = await setScene(t);
    const { server, home, robot } = scene;
    await rm(join(home, '.kube', 'sa-token.yaml'));
    for (const path of ['', '.kube']) await chown(join(home, path), 1000, 1000);
    // Files in that home are another user's.
    const data = Buffer.from(server.caPem).toString('base64');
    const where = ['--server', server.url, '--certificate-authority-data', data, '--source-env', 'CI_TOKEN'];
    const env = { ...SUDO, CI_TOKEN: robot.token };
    checkCredential(t, await scene.plugin(['get-token', ...where], { env }));
    t.deepEqual(await readdir(join(home, '.kube')), []);
  },
);
