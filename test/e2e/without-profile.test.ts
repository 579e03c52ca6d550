/** No profile: flags and variables alone, as a CI job calls it, with the source token in a variable of the job. */
import test from 'ava';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readClaims } from '../../src/token/claims.ts';
import { oldestAndNewest } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { checkCredential, checkFailure } from './support/outcome.ts';
import { setScene, type Scene } from './support/scene.ts';

const withKubectl = testWith('kubectl');

/** Namespace and account are left to the token's claims. */
const flags = ({ server, caFile }: Scene) =>
  `--server=${server.url} --certificate-authority=${caFile} --source-env=CI_TOKEN`.split(' ');

const variables = ({ server, caFile }: Scene) => ({
  KUBECTL_SA_TOKEN_SERVER: server.url,
  KUBECTL_SA_TOKEN_CERTIFICATE_AUTHORITY: caFile,
  KUBECTL_SA_TOKEN_SOURCE_ENV: 'CI_TOKEN',
  KUBECTL_SA_TOKEN_AUDIENCE: `${server.issuer} vault`,
});

test('flags alone: one exchange for two calls', async (t) => {
  const scene = await setScene(t);
  await rm(join(scene.home, '.kube', 'sa-token.yaml'));
  const call = () => scene.plugin(['get-token', ...flags(scene)], { env: { CI_TOKEN: scene.robot.token } });
  const { token } = checkCredential(t, await call());
  t.is(checkCredential(t, await call()).token, token);
  t.is(scene.server.exchanges, 1);
});

test('two jobs of other accounts on one machine: each is given its own token', async (t) => {
  const scene = await setScene(t);
  const other = await scene.server.cluster.createRobot({ namespace: 'team-b', name: 'other' });
  const subjects = new Set<string | undefined>();
  for (const CI_TOKEN of [scene.robot.token, other.token, scene.robot.token, other.token]) {
    const result = await scene.plugin(['get-token', ...flags(scene)], { env: { CI_TOKEN } });
    subjects.add(readClaims(checkCredential(t, result).token)?.subject);
  }
  t.deepEqual([...subjects], ['system:serviceaccount:team-a:robot', 'system:serviceaccount:team-b:other']);
  t.is(scene.server.exchanges, 2);
  const none = await scene.plugin(['get-token', ...flags(scene)]);
  checkFailure(t, none, { code: 3, line: /no source token in environment variable CI_TOKEN/ });
});

test('variables alone: one exchange for two calls', async (t) => {
  const scene = await setScene(t);
  await rm(join(scene.home, '.kube', 'sa-token.yaml'));
  const env = { ...variables(scene), CI_TOKEN: scene.robot.token };
  for (const _ of [1, 2]) checkCredential(t, await scene.plugin(['get-token'], { env }));
  t.is(scene.server.exchanges, 1);
  const [exchange] = scene.server.requests;
  t.deepEqual(JSON.parse(exchange?.body ?? '').spec.audiences, [scene.server.issuer, 'vault']);
});

for (const build of oldestAndNewest()) {
  withKubectl(
    `kubectl 1.${build.minor}: variables that say more than the profile are refused in a hook`,
    async (t) => {
      const scene = await setScene(t);
      await scene.writeKubeconfig({ args: ['get-token'], env: variables(scene) });
      const env = { CI_TOKEN: scene.robot.token };
      const { code, stdout, stderr } = await scene.kubectl(build, ['get', '--raw', '/version'], { env });
      t.deepEqual([code, stdout], [1, '']);
      t.regex(
        stderr,
        /^kubectl-sa-token: a kubeconfig may only name the profile .*, so the variable KUBECTL_SA_TOKEN_\w+ is refused/,
      );
      t.is(scene.server.requests.length, 0);
    },
  );

  withKubectl(`the README's way to kubectl in CI, through kubectl 1.${build.minor}`, async (t) => {
    const scene = await setScene(t);
    await rm(join(scene.home, '.kube'), { recursive: true });
    const env = { ROBOT_TOKEN: scene.robot.token };
    const { server, caFile } = scene;
    const words = [`--server=${server.url}`, `--certificate-authority=${caFile}`, '--source-env=ROBOT_TOKEN'];
    t.like(await scene.plugin(['login', 'ci', ...words], { env }), { code: 0, stderr: '' });
    t.like(await scene.plugin(['kubeconfig', 'ci'], { env }), { code: 0 });
    const cluster = [`--server=${server.apiUrl}`, `--certificate-authority=${caFile}`];
    for (const args of [
      ['set-cluster', 'there', ...cluster],
      ['set-context', 'ci', '--cluster=there', '--user=ci'],
    ])
      t.like(await scene.kubectl(build, ['config', ...args]), { code: 0 });
    const call = ['--context', 'ci', 'get', '--raw', '/version'];
    t.like(await scene.kubectl(build, call, { env }), { code: 0, stderr: '' });
    const { code, stdout } = await scene.plugin(['doctor', 'ci', '--context', 'ci'], { env });
    t.is(code, 0);
    t.regex(stdout, /^ok +kubectl +context "ci": \S+ takes it for system:serviceaccount:team-a:robot$/m);
  });
}
