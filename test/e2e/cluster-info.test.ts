/** What a kubeconfig says: the version of the hook, and with provideClusterInfo all that a profile would say. */
import type { ExecutionContext } from 'ava';
import { oldestAndNewest, type Kubectl } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { ROBOT, TOKEN_PATH } from '../support/robot.ts';
import { parseCredential } from './support/cached.ts';
import { execInfo, setScene, type Scene } from './support/scene.ts';

const withKubectl = testWith('kubectl');
const withKeychain = testWith('secret-service', 'kubectl');

const exchangePaths = ({ server }: Scene) =>
  server.requests.filter(({ method }) => method === 'POST').map(({ path }) => path);

/** Two commands work, with nothing on stderr and one exchange. */
async function checkTwice(t: ExecutionContext, scene: Scene, build: Kubectl): Promise<void> {
  for (const _ of [1, 2]) {
    const { code, stdout, stderr } = await scene.kubectl(build, ['get', 'secrets', '-o', 'name']);
    t.is(stderr, '');
    t.is(stdout, `secret/${scene.robot.secretName}\n`);
    t.is(code, 0);
  }
  t.deepEqual(exchangePaths(scene), [`/kubernetes${TOKEN_PATH}`]);
}

/** The source token goes to the keychain under the target's name; the profile's own settings are out of play. */
async function storeToken(t: ExecutionContext, scene: Scene): Promise<void> {
  const { server, caFile, robot } = scene;
  const flags = ['--server', server.url, '--certificate-authority', caFile];
  const args = ['login', 'elsewhere', '--token-stdin', '--no-verify', ...flags];
  t.like(await scene.plugin(args, { stdin: robot.token }), { code: 0 });
}

for (const build of oldestAndNewest()) {
  for (const apiVersion of ['v1', 'v1beta1'] as const) {
    withKubectl(`kubectl 1.${build.minor} with a ${apiVersion} user`, async (t) => {
      const scene = await setScene(t);
      await scene.writeKubeconfig({ apiVersion }, { namespace: 'team-a' });
      await checkTwice(t, scene, build);
    });

    withKeychain(
      `kubectl 1.${build.minor}, ${apiVersion}: no profile, all from the cluster entry`,
      async (t) => {
        const scene = await setScene(t, { keychain: true, server: { exposes: 'everything' } });
        await storeToken(t, scene);
        const execConfig = {
          apiVersion: 'sa-token.kubectl/v1',
          namespace: ROBOT.namespace,
          'service-account': ROBOT.name,
          duration: '2h',
        };
        await scene.writeKubeconfig(
          { apiVersion, args: ['get-token'], provideClusterInfo: true },
          { namespace: 'team-a', server: scene.server.url, execConfig },
        );
        await checkTwice(t, scene, build);
        t.is(JSON.parse(scene.server.requests[0]?.body ?? '').spec.expirationSeconds, 7200);
      },
    );
  }

  withKeychain(
    `kubectl 1.${build.minor}: the extension names the proxy, the cluster entry the CA`,
    async (t) => {
      const scene = await setScene(t, { keychain: true });
      await storeToken(t, scene);
      const execConfig = {
        server: scene.server.url,
        namespace: ROBOT.namespace,
        'service-account': ROBOT.name,
      };
      await scene.writeKubeconfig(
        { args: ['get-token'], provideClusterInfo: true },
        { namespace: 'team-a', execConfig },
      );
      await checkTwice(t, scene, build);
    },
  );

  withKubectl(`kubectl 1.${build.minor}: the extension names the profile`, async (t) => {
    const scene = await setScene(t);
    await scene.writeKubeconfig(
      { args: ['get-token'], provideClusterInfo: true },
      { namespace: 'team-a', execConfig: { profile: 'prod' } },
    );
    await checkTwice(t, scene, build);
  });
}

withKubectl('the answer is in the version that was asked for, whatever is cached', async (t) => {
  const scene = await setScene(t);
  const tokens = new Set<string>();
  for (const apiVersion of ['v1beta1', 'v1', 'v1beta1'] as const) {
    const result = await scene.hook({ apiVersion });
    t.like(result, { code: 0, stderr: '' });
    const credential = parseCredential(result.stdout);
    t.is(credential.apiVersion, `client.authentication.k8s.io/${apiVersion}`);
    t.is(credential.kind, 'ExecCredential');
    tokens.add(credential.status.token);
  }
  t.is(tokens.size, 1);
  t.is(scene.server.exchanges, 1);
  const old = { ...execInfo(), apiVersion: 'client.authentication.k8s.io/v1alpha1' };
  const refused = await scene.hook({ execInfo: old });
  t.like(refused, { code: 2, stdout: '' });
  t.regex(refused.stderr, /^kubectl-sa-token: KUBERNETES_EXEC_INFO asks for apiVersion "[^"]*v1alpha1".*\n$/);
});
