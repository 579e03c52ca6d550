/** A token in the last fifth of its life: callers are answered at once, one process renews it behind their backs. */
import test, { type ExecutionContext } from 'ava';
import { readdir, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { testWith } from '../support/require.ts';
import { oldestAndNewest } from '../support/kubectl.ts';
import type { Fault } from '../support/token-request-server.ts';
import { AGING, age, entryPath, readCached } from './support/cached.ts';
import { checkSame, crowd } from './support/crowd.ts';
import { PATIENCE_MS, checkCredential, checkFailure } from './support/outcome.ts';
import { allGone, eventually, processesOf } from './support/processes.ts';
import { setScene, type Scene, type SceneOptions } from './support/scene.ts';

const withKubectl = testWith('kubectl');

/** A scene with an entry that is to be renewed; its token. */
async function aging(t: ExecutionContext, options?: SceneOptions): Promise<Scene & { old: string }> {
  const scene = await setScene(t, options);
  const { token } = checkCredential(t, await scene.hook());
  scene.server.reset();
  await age(scene.home, AGING);
  return { ...scene, old: token };
}

const renewed = (scene: Scene & { old: string }) =>
  eventually(async () => {
    const { token } = (await readCached(scene.home)).credential.status;
    return token === scene.old ? undefined : token;
  });

test.serial('100 processes in the last fifth: nobody waits, 1 renewal', async (t) => {
  const scene = await aging(t);
  // Until it is over, every call must have been answered.
  scene.server.faults.next('stall');
  const results = await crowd(scene, 100);
  t.is(checkSame(t, results), scene.old);
  t.is(scene.server.granted, 0, 'the renewal was not waited for');
  await eventually(() => (scene.server.requests.length > 0 ? true : undefined));
  t.is(scene.server.requests.length, 1, 'and there is one');
  const left = await processesOf(scene.home);
  t.true(left.length > 0 && left.every(({ argv }) => argv.includes('--force-refresh')));
});

test.serial('the renewal puts a new token in place, and its process ends', async (t) => {
  const scene = await aging(t);
  t.is(checkCredential(t, await scene.hook()).token, scene.old);
  const token = await renewed(scene);
  t.deepEqual(await allGone(scene.home, 5000), []);
  t.is(checkCredential(t, await scene.hook()).token, token ?? 'a new token');
  t.is(scene.server.requests.length, 1);
  const files = await readdir(dirname(entryPath(scene.home)));
  t.deepEqual(
    files.filter((file) => /\.(?:lock|tmp|failed|renewing)/.test(file)),
    [],
    'nothing of it is left',
  );
});

for (const build of oldestAndNewest()) {
  withKubectl.serial(`kubectl 1.${build.minor} does not wait for the renewal's process to end`, async (t) => {
    const scene = await aging(t);
    scene.server.faults.next('stall');
    await scene.writeKubeconfig();
    const result = await scene.kubectl(build, ['get', '--raw', '/version'], { timeoutMs: PATIENCE_MS });
    t.like(result, { code: 0, stderr: '', timedOut: false });
    t.true((await processesOf(scene.home)).some(({ argv }) => argv.includes('--force-refresh')));
  });
}

const outages: Fault[] = [
  'stall',
  'reset',
  { html: 503 },
  'too-many-requests',
  { html: 200 },
  { status: 403 },
];
for (const fault of outages) {
  test.serial(
    `the proxy answers with ${JSON.stringify(fault)}: nobody notices while the token lives`,
    async (t) => {
      const scene = await aging(t);
      scene.server.faults.next(fault, 1000);
      for (const _ of [1, 2, 3, 4]) {
        const result = await scene.hook();
        t.is(checkCredential(t, result).token, scene.old);
        t.true(result.durationMs < PATIENCE_MS, `${result.durationMs} ms`);
      }
      const { length } = scene.server.requests;
      t.true(length >= 1 && length <= 5, `${length} requests: one renewal with its tries`);
    },
  );
}

test.serial('the server is gone: in the last minute too the living token is served', async (t) => {
  const scene = await aging(t);
  await scene.server.close();
  t.is(checkCredential(t, await scene.hook()).token, scene.old);
  await age(scene.home, { serve: -600, life: 50 });
  t.is(checkCredential(t, await scene.hook()).token, scene.old);
  await age(scene.home, { serve: -600, life: 25 });
  checkFailure(t, await scene.hook(), { code: 5, line: /cannot connect/ });
});

test.serial('the server stalls in the last minute: the living token is served, and soon', async (t) => {
  const scene = await aging(t);
  scene.server.faults.next('stall', 1000);
  await age(scene.home, { serve: -600, life: 59 });
  const result = await scene.hook({ timeoutMs: 60_000 });
  t.is(checkCredential(t, result).token, scene.old);
  t.log(`answered after ${Math.round(result.durationMs)} ms`);
  t.true(result.durationMs < PATIENCE_MS, `${result.durationMs} ms`);
});

test.serial('in the last minute the server is well: a new token, at once', async (t) => {
  const scene = await aging(t);
  await age(scene.home, { serve: -600, life: 50 });
  t.not(checkCredential(t, await scene.hook()).token, scene.old);
  t.is(scene.server.granted, 1);
});

test.serial('after a failed renewal another comes, but not one for each caller', async (t) => {
  const scene = await aging(t);
  scene.server.faults.next({ status: 403 }, 1000);
  await scene.hook();
  await eventually(() => (scene.server.requests.length > 0 ? true : undefined));
  for (const _ of [1, 2, 3])
    t.deepEqual([await allGone(scene.home, 5000), (await scene.hook()).code], [[], 0]);
  t.is(scene.server.requests.length, 1);
  // A minute later.
  const before = new Date(Date.now() - 70_000);
  await utimes(entryPath(scene.home, 'prod', 'renewing'), before, before);
  scene.server.faults.clear();
  await scene.hook();
  t.truthy(await renewed(scene));
});
