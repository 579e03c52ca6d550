/** A token that the API server refuses with 401 while its entry is fresh: the plugin notices, and asks anew. */
import type { ExecutionContext } from 'ava';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { oldestAndNewest, type Kubectl } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { ROBOT } from '../support/robot.ts';
import { hasServed } from './support/cached.ts';
import { checkCredential } from './support/outcome.ts';
import { setScene, type Scene } from './support/scene.ts';

const withKubectl = testWith('kubectl');
const withKeychain = testWith('secret-service', 'kubectl');
const GET_PODS = ['get', 'pods', '-n', 'team-a'];
const OUR_LINE = /^kubectl-sa-token: /gm;

/** Issued tokens hang on a Secret of their own, so that they can be revoked and the source token lives. */
const SESSION = { namespace: ROBOT.namespace, name: 'session' };
const BOUND = { 'bound-object-kind': 'Secret', 'bound-object-name': SESSION.name };

async function bound(t: ExecutionContext): Promise<Scene> {
  const scene = await setScene(t, { profile: BOUND });
  scene.server.cluster.createSecret(SESSION);
  await scene.writeKubeconfig();
  return scene;
}

/** Once the token is older than some seconds: until then another is not asked for. */
async function revoke({ server, home }: Scene): Promise<void> {
  await hasServed(home);
  server.cluster.deleteSecret(SESSION);
  server.cluster.createSecret(SESSION);
  server.reset();
}

/** No kubectl of before may have left its discovery for the next. */
const forgetDiscovery = (scene: Scene) =>
  rm(join(scene.home, '.kube', 'cache', 'discovery'), { recursive: true, force: true });

async function works(t: ExecutionContext, scene: Scene, build: Kubectl): Promise<string> {
  const { code, stderr } = await scene.kubectl(build, GET_PODS);
  t.is(code, 0);
  t.notRegex(stderr, OUR_LINE);
  t.regex(stderr, /^No resources found in team-a namespace\.$/m);
  return stderr;
}

for (const build of oldestAndNewest()) {
  withKubectl(
    `revoked, then kubectl 1.${build.minor} for the first time: the same command recovers`,
    async (t) => {
      const scene = await bound(t);
      await works(t, scene, build);
      await revoke(scene);
      await forgetDiscovery(scene);
      const stderr = await works(t, scene, build);
      t.regex(stderr, /asked for the client to provide credentials/, 'kubectl itself tells of the one 401');
      t.is(scene.server.exchanges, 1);
      t.is(scene.server.requests.filter(({ status }) => status === 401).length, 1);
    },
  );

  withKubectl(
    `revoked while kubectl 1.${build.minor} knows the API: the next command recovers`,
    async (t) => {
      const scene = await bound(t);
      await works(t, scene, build);
      await revoke(scene);
      const met = await scene.kubectl(build, GET_PODS);
      t.is(met.stdout, '');
      t.notRegex(met.stderr, OUR_LINE);
      await works(t, scene, build);
      t.is(scene.server.exchanges, 1);
    },
  );

  withKeychain(
    `the Secret is deleted and made anew: after a login kubectl 1.${build.minor} works`,
    async (t) => {
      const scene = await setScene(t, { keychain: true });
      const { server, robot } = scene;
      const flags = ['--server', server.url, '--certificate-authority', scene.caFile];
      const logIn = (stdin: string, more: string[]) =>
        scene.plugin(['login', 'prod', '--token-stdin', ...more], { stdin });
      t.is((await logIn(robot.token, flags)).code, 0);
      await scene.writeKubeconfig();
      await works(t, scene, build);

      await hasServed(scene.home);
      server.cluster.deleteSecret({ ...ROBOT, name: robot.secretName });
      server.reset();
      const refused = await scene.kubectl(build, GET_PODS);
      t.is(refused.code, 1);
      t.is(refused.stdout, '');
      t.is(refused.stderr.match(OUR_LINE)?.length, 1, refused.stderr);
      t.regex(
        refused.stderr,
        /the source token was refused \(401\).*get a new one, then run: kubectl sa-token login prod /,
      );
      t.is(server.exchanges, 1);

      const anew = await server.cluster.createSecretToken({ ...ROBOT, serviceAccount: ROBOT.name });
      t.like(await logIn(anew.token, []), { code: 0, stderr: '' });
      await works(t, scene, build);
    },
  );
}

withKubectl(
  'a client that comes back for a living token is given a new one, but others the same',
  async (t) => {
    const scene = await bound(t);
    const first = checkCredential(t, await scene.hook({ sameClient: true })).token;
    t.is(checkCredential(t, await scene.hook()).token, first, 'another client');
    await hasServed(scene.home);
    const second = checkCredential(t, await scene.hook({ sameClient: true })).token;
    t.not(second, first);
    t.is(checkCredential(t, await scene.hook()).token, second, 'and now the others too have the new one');
    t.is(scene.server.exchanges, 2);
  },
);
