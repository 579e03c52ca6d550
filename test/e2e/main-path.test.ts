/** From a stored token to a working kubectl: login, kubeconfig, two kubectl, logout; real keychain, real TLS. */
import type { ExecutionContext } from 'ava';
import { readFile } from 'node:fs/promises';
import { oldestAndNewest, type Kubectl } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { ROBOT, TOKEN_PATH } from '../support/robot.ts';
import { modeOf } from './support/cached.ts';
import { setScene, type Scene } from './support/scene.ts';

const withKeychain = testWith('secret-service', 'kubectl');
const SEARCH = ['search', '--all', 'service', 'kubectl-sa-token'];

async function logIn(t: ExecutionContext, scene: Scene, more: string[] = []): Promise<void> {
  const { server, caFile, robot } = scene;
  const args = ['login', 'prod', '--server', server.url, '--certificate-authority', caFile, '--token-stdin'];
  const { code, stdout, stderr } = await scene.plugin([...args, ...more], { stdin: `${robot.token}\n` });
  t.is(stderr, '');
  t.is(code, 0);
  t.true(stdout.startsWith(`logged in to "prod" as team-a/robot@${server.url} (source token in keychain; `));
}

/** As the README says: the plugin writes the user, kubectl itself the cluster and the context. */
async function configureKubectl(t: ExecutionContext, scene: Scene, build: Kubectl): Promise<void> {
  t.like(await scene.plugin(['kubeconfig', 'prod']), { code: 0 });
  const { server, caFile } = scene;
  const cluster = [`--server=${server.apiUrl}`, `--certificate-authority=${caFile}`, '--embed-certs'];
  for (const args of [
    ['set-cluster', 'there', ...cluster],
    ['set-context', 'prod', '--cluster=there', '--user=prod'],
    ['use-context', 'prod'],
  ])
    t.like(await scene.kubectl(build, ['config', ...args]), { code: 0 });
}

const authorizations = ({ server }: Scene, path: RegExp) =>
  server.requests.filter((request) => path.test(request.path)).map(({ headers }) => headers.authorization);

/** What the server saw of the exchange, and of kubectl. */
function checkRequests(t: ExecutionContext, { server, robot }: Scene, spec: object): void {
  const exchanges = server.requests.filter(({ method }) => method === 'POST');
  t.is(exchanges.length, 1, 'exactly one TokenRequest');
  const [exchange] = exchanges;
  t.is(exchange?.path, `/kubernetes${TOKEN_PATH}`);
  t.is(exchange?.headers.authorization, `Bearer ${robot.token}`);
  t.regex(exchange?.headers['user-agent'] ?? '', /^kubectl-sa-token\/\d+\.\d+\.\d+\S* \(/);
  t.deepEqual(JSON.parse(exchange?.body ?? ''), {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { ...ROBOT, uid: robot.uid },
    spec: { ...spec, boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: robot.secretName } },
  });
}

for (const build of oldestAndNewest()) {
  withKeychain(`login, kubeconfig, kubectl 1.${build.minor} twice: one TokenRequest`, async (t) => {
    const scene = await setScene(t, { keychain: true });
    await logIn(t, scene);
    await configureKubectl(t, scene, build);
    for (const _ of [1, 2]) {
      const result = await scene.kubectl(build, ['get', '--raw', '/version']);
      t.like(result, { code: 0, stderr: '' });
      t.is(JSON.parse(result.stdout).gitVersion, 'v1.33.0');
    }
    checkRequests(t, scene, {});
    const used = authorizations(scene, /^\/version$/);
    t.is(used.length, 2);
    t.is(new Set(used).size, 1, 'both carried the same token');
    t.not(used[0], `Bearer ${scene.robot.token}`, 'and it was not the source token');
    t.is((await scene.plugin(['get-token', 'prod', '-o', 'header'])).stdout, `Authorization: ${used[0]}\n`);
  });

  withKeychain(`a login that was not verified: the exchange is kubectl 1.${build.minor}'s own`, async (t) => {
    const scene = await setScene(t, { keychain: true });
    const settings = ['--audience', scene.server.issuer, '--audience', 'vault', '--duration', '2h'];
    await logIn(t, scene, ['--no-verify', ...settings]);
    t.is(scene.server.requests.length, 0);
    await configureKubectl(t, scene, build);
    for (const _ of [1, 2])
      t.like(await scene.kubectl(build, ['get', '--raw', '/version']), { code: 0, stderr: '' });
    checkRequests(t, scene, { audiences: [scene.server.issuer, 'vault'], expirationSeconds: 7200 });
    t.is(new Set(authorizations(scene, /^\/version$/)).size, 1);
  });

  withKeychain(`logout: nothing in the keychain, and kubectl 1.${build.minor} shows our line`, async (t) => {
    const scene = await setScene(t, { keychain: true });
    await logIn(t, scene);
    await configureKubectl(t, scene, build);
    const found = await scene.sandbox.exec('secret-tool', SEARCH);
    t.regex(found.stderr, /^attribute\.username = prod$/m, 'secret-tool finds the item');
    t.like(await scene.plugin(['logout', 'prod']), { code: 0, stderr: '' });
    const left = await scene.sandbox.exec('secret-tool', SEARCH);
    t.is(`${left.stdout}${left.stderr}`, '', 'and finds none after the logout');
    scene.server.reset();

    const line = 'kubectl-sa-token: prod: no source token in keychain; kubectl sa-token login prod';
    t.like(await scene.hook(), { code: 3, stdout: '', stderr: `${line}\n` });
    const { code, stdout, stderr } = await scene.kubectl(build, ['get', '--raw', '/version']);
    t.is(code, 1);
    t.is(stdout, '');
    t.is(stderr.split('\n')[0], line);
    t.regex(stderr, /getting credentials: exec: executable \S*kubectl-sa_token failed with exit code 3\n$/);
    t.is(scene.server.requests.length, 0);
  });
}

withKeychain('what a login leaves behind is private', async (t) => {
  const scene = await setScene(t, { keychain: true });
  await logIn(t, scene);
  t.is(await modeOf(`${scene.home}/.kube/sa-token.yaml`), '600');
  t.is(await modeOf(`${scene.home}/.kube/cache/sa-token`), '700');
  t.is(await modeOf(`${scene.home}/.kube/cache/sa-token/prod.entry`), '600');
  t.false((await readFile(`${scene.home}/.kube/sa-token.yaml`, 'utf8')).includes(scene.robot.token));
});
