/** A logout, a login or an edit while an exchange is on its way: what comes back is of yesterday, and is not kept. */
import type { ExecutionContext } from 'ava';
import { stat } from 'node:fs/promises';
import { oldestAndNewest } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { ROBOT } from '../support/robot.ts';
import { readClaims } from '../../src/token/claims.ts';
import { AGING, age, entryPath, hasServed } from './support/cached.ts';
import { checkCredential, checkFailure } from './support/outcome.ts';
import { allGone, eventually } from './support/processes.ts';
import { setScene, usualProfile, type Scene } from './support/scene.ts';

const withKeychain = testWith('secret-service');
const withKubectl = testWith('kubectl');
const withShell = testWith('sh');
const ours = ['service', 'kubectl-sa-token'];
const FORCED = ['get-token', 'prod', '--force-refresh'];

const requested = (scene: Scene, count = 1) =>
  eventually(() => (scene.server.requests.length >= count ? true : undefined));

const logIn = ({ plugin, server, caFile }: Scene, token: string, profile = 'prod') =>
  plugin(['login', profile, '--server', server.url, '--certificate-authority', caFile, '--token-stdin'], {
    stdin: token,
  });

async function loggedIn(t: ExecutionContext): Promise<Scene> {
  const scene = await setScene(t, { keychain: true });
  t.is((await logIn(scene, scene.robot.token)).code, 0);
  scene.server.reset();
  return scene;
}

withKeychain('logout while a call exchanges: nothing comes back into the cache', async (t) => {
  const scene = await loggedIn(t);
  scene.server.faults.next({ delayMs: 8000 });
  const running = scene.plugin(FORCED);
  await requested(scene);
  t.is((await scene.plugin(['logout', 'prod'])).code, 0);
  t.is(scene.server.granted, 0, 'the logout was quicker');
  checkCredential(t, await running);
  await t.throwsAsync(stat(entryPath(scene.home)), { code: 'ENOENT' });
  checkFailure(t, await scene.hook(), { code: 3, line: /no source token in keychain/ });
});

withKeychain('logout while a renewal is on its way: nothing comes back into the cache', async (t) => {
  const scene = await loggedIn(t);
  await age(scene.home, AGING);
  scene.server.faults.next({ delayMs: 8000 });
  checkCredential(t, await scene.hook());
  await requested(scene);
  t.is((await scene.plugin(['logout', 'prod', '--forget'])).code, 0);
  t.is(scene.server.granted, 0, 'the logout was quicker');
  t.deepEqual(await allGone(scene.home, 10_000), []);
  await t.throwsAsync(stat(entryPath(scene.home)), { code: 'ENOENT' });
});

withKeychain(
  'login with a new token while the old one is exchanged: the new one’s entry stays',
  async (t) => {
    const scene = await loggedIn(t);
    const { cluster } = scene.server;
    scene.server.faults.next({ delayMs: 8000 });
    const running = scene.plugin(FORCED);
    await requested(scene);
    const second = await cluster.createSecretToken({
      namespace: ROBOT.namespace,
      serviceAccount: ROBOT.name,
      secretName: 'second',
    });
    t.is((await logIn(scene, second.token)).code, 0);
    const old = checkCredential(t, await running).token;
    const { token } = checkCredential(t, await scene.hook());
    t.not(token, old);
    t.is(readClaims(token)?.secret?.name, 'second');
  },
);

withKeychain('two logouts at once do not leave a source token to each other', async (t) => {
  const scene = await loggedIn(t);
  t.is((await logIn(scene, scene.robot.token, 'other')).code, 0);
  const both = ['prod', 'other'].map((name) => scene.plugin(['logout', name, '--forget']));
  for (const { code } of await Promise.all(both)) t.is(code, 0);
  t.is((await scene.sandbox.exec('secret-tool', ['search', '--all', ...ours])).stdout, '');
});

withKeychain('a logout beside a login of the same account takes no token from it', async (t) => {
  const scene = await loggedIn(t);
  const login = logIn(scene, scene.robot.token, 'other');
  for (const { code } of await Promise.all([scene.plugin(['logout', 'prod', '--forget']), login]))
    t.is(code, 0);
  t.is((await scene.plugin(['get-token', 'other', '--force-refresh', '-o', 'token'])).code, 0);
  checkFailure(t, await scene.hook(), { code: 2, line: /there is no profile "prod"/ });
});

withShell(
  'an edit of the profile counts from the next call on, and one in flight does not undo it',
  async (t) => {
    const scene = await setScene(t);
    const first = checkCredential(t, await scene.hook()).token;
    scene.server.faults.next({ delayMs: 2000 });
    const running = scene.plugin(FORCED);
    await requested(scene, 2);
    await scene.writeProfile({ ...usualProfile(scene), audience: ['vault'] });
    const old = checkCredential(t, await running).token;
    const { token } = checkCredential(t, await scene.hook());
    t.false([first, old].includes(token));
    t.deepEqual(readClaims(token)?.audiences, ['vault']);
  },
);

withShell('an edit that changes no token, and one that is taken back, cost no exchange', async (t) => {
  const scene = await setScene(t);
  const { token } = checkCredential(t, await scene.hook());
  for (const more of [{ timeout: '10s' }, {}]) {
    await scene.writeProfile({ ...usualProfile(scene), ...more });
    t.is(checkCredential(t, await scene.hook()).token, token);
  }
  t.is(scene.server.exchanges, 1);
});

withShell('a source token that is replaced in its file counts at once, in the fast lane too', async (t) => {
  const scene = await setScene(t);
  const { token } = checkCredential(t, await scene.hook());
  t.is(checkCredential(t, await scene.hook()).token, token);
  const seconds = 86_400;
  const next = await scene.server.cluster.issueLongToken({ ...ROBOT, serviceAccount: ROBOT.name, seconds });
  await scene.sh('cat >"$HOME/source-token"', { stdin: next });
  t.not(checkCredential(t, await scene.hook()).token, token);
});

for (const build of oldestAndNewest()) {
  withKubectl(
    `ten kubectl 1.${build.minor} at once meet a revoked token: all recover, with few exchanges`,
    async (t) => {
      const bound = { 'bound-object-kind': 'Secret', 'bound-object-name': 'session' };
      const scene = await setScene(t, { profile: bound });
      const { cluster } = scene.server;
      const session = { namespace: ROBOT.namespace, name: 'session' };
      cluster.createSecret(session);
      checkCredential(t, await scene.hook());
      await hasServed(scene.home);
      cluster.deleteSecret(session);
      cluster.createSecret(session);
      scene.server.reset();
      await scene.writeKubeconfig();
      const all = Array.from({ length: 10 }, () => scene.kubectl(build, ['get', 'pods', '-n', 'team-a']));
      const results = await Promise.all(all);
      t.deepEqual(
        results.map(({ code }) => code),
        results.map(() => 0),
        results.map(({ stderr }) => stderr).join('\n'),
      );
      t.log(`${scene.server.exchanges} exchanges`);
      t.true(scene.server.exchanges <= 2);
    },
  );
}
