/** SIGTERM, SIGHUP, Ctrl-C and kill -9 while a call waits for the server: it ends, and the next one is as ever. */
import test, { type ExecutionContext } from 'ava';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { oldestAndNewest } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { inTerminal } from '../support/terminal.ts';
import { AGING, age, entryPath } from './support/cached.ts';
import { PATIENCE_MS, checkCredential } from './support/outcome.ts';
import { allGone, eventually, kill, processesOf } from './support/processes.ts';
import { setScene, type Scene } from './support/scene.ts';

const withTerminal = testWith('pty', 'kubectl');

const stalled = (scene: Scene) =>
  eventually(() => (scene.server.requests.length > 0 ? scene.server.requests.length : undefined));

async function worksAsEver(t: ExecutionContext, scene: Scene): Promise<void> {
  scene.server.faults.clear();
  const began = performance.now();
  checkCredential(t, await scene.plugin(['get-token', 'prod', '--force-refresh']));
  const took = performance.now() - began;
  t.true(took < PATIENCE_MS, `nobody waits for the dead: ${took} ms`);
  const files = await readdir(dirname(entryPath(scene.home)));
  t.deepEqual(
    files.filter((file) => /\.(?:lock|tmp|refused)/.test(file)),
    [],
  );
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
  test(`${signal} in mid-exchange: the call ends, in silence, and the next works`, async (t) => {
    const scene = await setScene(t);
    scene.server.faults.next('stall');
    const running = scene.plugin(['get-token', 'prod']);
    await stalled(scene);
    const engine = (await processesOf(scene.home)).find(({ argv }) => argv.includes('get-token'));
    t.true(kill(engine?.pid, signal));
    t.like(await running, { code: null, signal, stdout: '', stderr: '', timedOut: false });
    await worksAsEver(t, scene);
  });
}

test('SIGTERM while it waits for another call’s exchange', async (t) => {
  const scene = await setScene(t);
  scene.server.faults.next({ delayMs: 3000 });
  const first = scene.hook();
  await stalled(scene);
  const before = new Set((await processesOf(scene.home)).map(({ pid }) => pid));
  const second = scene.plugin(['get-token', 'prod']);
  const waiting = await eventually(async () =>
    (await processesOf(scene.home)).find(
      ({ pid, argv }) =>
        !before.has(pid) &&
        argv.some((word) => /(?:kubectl-sa[-_]token(?:\.ts)?|sa-token-engine)$/.test(word)),
    ),
  );
  t.true(kill(waiting?.pid, 'SIGTERM'));
  t.like(await second, { code: null, signal: 'SIGTERM', stdout: '', stderr: '' });
  checkCredential(t, await first);
  t.is(scene.server.exchanges, 1);
  await worksAsEver(t, scene);
});

test('a renewal that is killed costs nobody anything', async (t) => {
  const scene = await setScene(t);
  const { token } = checkCredential(t, await scene.hook());
  await age(scene.home, AGING);
  scene.server.reset();
  scene.server.faults.next('stall');
  await scene.hook();
  await stalled(scene);
  for (const { pid } of await processesOf(scene.home)) kill(pid);
  t.deepEqual(await allGone(scene.home, 2000), []);
  t.is(checkCredential(t, await scene.hook()).token, token);
  await worksAsEver(t, scene);
});

for (const build of oldestAndNewest()) {
  withTerminal(`Ctrl-C at kubectl 1.${build.minor} while the hook waits: both end`, async (t) => {
    const scene = await setScene(t);
    await scene.writeKubeconfig();
    scene.server.faults.next('stall', 10);
    // The shell is what shows that the request is out: kubectl itself says nothing until it has an answer.
    const marker = `until [ -e "$HOME/stalled" ]; do sleep 0.05; done; echo waiting`;
    const script = `{ ${marker}; } & "$0" get --raw /version`;
    const running = inTerminal(['sh', '-c', script, build.path], {
      env: scene.sandbox.env,
      cwd: scene.home,
      script: [{ expect: 'waiting', send: '\u0003' }],
    });
    await stalled(scene);
    await scene.sh('touch "$HOME/stalled"');
    const { transcript, echo, missed } = await running;
    t.is(missed, null);
    t.true(echo);
    t.notRegex(transcript, /kubectl-sa-token: /);
    t.deepEqual(await allGone(scene.home, 3000), []);
    await worksAsEver(t, scene);
  });
}
