/** What a kubeconfig says: the version of the hook, and with provideClusterInfo the profile of each cluster. */
import type { ExecutionContext } from 'ava';
import { readFile, writeFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { oldestAndNewest, type Kubectl } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { TOKEN_PATH } from '../support/robot.ts';
import { parseCredential } from './support/cached.ts';
import { execInfo, setScene, type Scene } from './support/scene.ts';

const withKubectl = testWith('kubectl');

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

for (const build of oldestAndNewest()) {
  for (const apiVersion of ['v1', 'v1beta1'] as const) {
    withKubectl(`kubectl 1.${build.minor} with a ${apiVersion} user`, async (t) => {
      const scene = await setScene(t);
      await scene.writeKubeconfig({ apiVersion }, { namespace: 'team-a' });
      await checkTwice(t, scene, build);
    });
  }

  withKubectl(`kubectl 1.${build.minor}: the extension names the profile`, async (t) => {
    const scene = await setScene(t);
    await scene.writeKubeconfig(
      { args: ['get-token'], provideClusterInfo: true },
      { namespace: 'team-a', execConfig: { profile: 'prod' } },
    );
    await checkTwice(t, scene, build);
  });

  withKubectl(
    `kubectl 1.${build.minor}: what the cluster entry says of CA and server decides nothing`,
    async (t) => {
      const scene = await setScene(t);
      await scene.writeKubeconfig(
        { args: ['get-token'], provideClusterInfo: true },
        {
          namespace: 'team-a',
          server: scene.server.apiUrl.replace('localhost', '127.0.0.1'),
          execConfig: { apiVersion: 'sa-token.kubectl/v1', profile: 'prod' },
        },
      );
      await checkTwice(t, scene, build);
    },
  );

  withKubectl(
    `kubectl 1.${build.minor}: kubeconfig --provide-cluster-info, and its extension as printed`,
    async (t) => {
      const scene = await setScene(t);
      const said = await scene.plugin(['kubeconfig', 'prod', '--user', 'fleet', '--provide-cluster-info']);
      t.is(said.code, 0, said.stderr);
      const [, printed = ''] = /^next: each cluster [^\n]*\n([^]*?)^next: /m.exec(said.stderr) ?? [];
      const { extensions } = parse(printed);
      const file = scene.sandbox.env['KUBECONFIG'] ?? '';
      const written = parse(await readFile(file, 'utf8'));
      const cluster = {
        server: scene.server.apiUrl,
        'certificate-authority-data': Buffer.from(scene.server.caPem).toString('base64'),
        extensions,
      };
      await writeFile(
        file,
        stringify({
          ...written,
          clusters: [{ name: 'there', cluster }],
          contexts: [{ name: 'there', context: { cluster: 'there', user: 'fleet', namespace: 'team-a' } }],
          'current-context': 'there',
        }),
      );
      await checkTwice(t, scene, build);
    },
  );
}

withKubectl('an extension of another plugin, or none: the hook names no profile, and says so', async (t) => {
  const scene = await setScene(t);
  for (const config of [undefined, { apiVersion: 'other.example/v1', server: 'https://elsewhere.example' }]) {
    const info = execInfo('v1', { server: scene.server.apiUrl, config });
    const result = await scene.hook({ args: ['get-token'], execInfo: info });
    t.like(result, { code: 2, stdout: '' });
    t.regex(result.stderr, /^kubectl-sa-token: no profile named[^\n]*: prod\n$/);
  }
});

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
