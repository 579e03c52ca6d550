/** A login into a real keychain that dies: at each call on a file, and at each message to the keychain. */
import type { ExecutionContext } from 'ava';
import { parseJson, textAt } from '../../src/base/json.ts';
import { PLUGIN } from '../e2e/support/installation.ts';
import { setScene, type Scene } from '../e2e/support/scene.ts';
import type { RunResult } from '../support/child.ts';
import { testWith } from '../support/require.ts';
import { useBundle } from './support/bundle.ts';
import { breakOff } from './support/operation.ts';
import { damage, look, restore, save } from './support/state.ts';

const { serial } = testWith('strace', 'secret-service');
const MOST_MESSAGES = 8;
const args = ({ server, caFile }: Scene) =>
  `login prod --server ${server.url} --certificate-authority ${caFile} --token-stdin`.split(' ');

/** The source token in the keychain; all of an item that holds none. */
async function item({ sandbox }: Scene): Promise<string | undefined> {
  const { stdout } = await sandbox.exec('secret-tool', ['lookup', 'service', 'kubectl-sa-token']);
  return stdout === '' ? undefined : (textAt(parseJson(stdout), 'token') ?? stdout);
}

const empty = async ({ sandbox }: Scene): Promise<void> => {
  await sandbox.exec('secret-tool', ['clear', 'service', 'kubectl-sa-token']);
};

async function logIn(scene: Scene): Promise<RunResult> {
  const login = await scene.plugin(args(scene), { stdin: scene.robot.token });
  if (login.code !== 0) return login;
  const call = await scene.hook();
  return { ...call, durationMs: login.durationMs };
}

/** A login that failed has taken back what it stored; one that was killed may have come so far. */
async function checkItem(scene: Scene, { code, signal }: RunResult): Promise<string[]> {
  const found = await item(scene);
  if (found !== undefined && found !== scene.robot.token) return ['another token in the keychain'];
  if (code === 0 && found === undefined) return ['logged in without a token'];
  if (code !== 0 && signal === null && found !== undefined) return ['a failed login left its token'];
  return [];
}

serial('login into the keychain: nothing is lost, nothing is left of a failure', (t) => {
  const options = { stdin: '' };
  return breakOff(t, {
    name: 'login into the keychain',
    args,
    options,
    scene: { keychain: true },
    prepare: async ({ robot }) => {
      options.stdin = robot.token;
    },
    reset: empty,
    check: checkItem,
    next: logIn,
    completes: true,
    sweep: (scene) => scene.plugin(['logout', 'prod']),
  });
});

/** They go out on several threads, each counted for itself. */
async function killAtMessage(
  t: ExecutionContext,
  scene: Scene,
  when: number,
  words: string[],
): Promise<boolean> {
  const inject = [
    '-f',
    '-o',
    '/dev/null',
    '-e',
    'trace=sendmsg',
    '-e',
    `inject=sendmsg:signal=KILL:when=${when}`,
  ];
  const result = await scene.sandbox.exec('strace', [...inject, PLUGIN, ...words], {
    stdin: scene.robot.token,
  });
  if (result.signal !== 'SIGKILL') {
    t.is(result.code, 0, result.stderr);
    return false;
  }
  t.is(result.stdout, '');
  return true;
}

for (const [what, isAgain] of [
  ['the first login', false],
  ['a login again', true],
] as const) {
  serial(`${what}, killed at each message to the keychain: old or new, and the next succeeds`, async (t) => {
    const scene = await setScene(t, { keychain: true });
    await useBundle(scene);
    await save(scene);
    if (isAgain) {
      t.is((await logIn(scene)).code, 0);
      await save(scene);
    }
    const before = await look(scene.home);
    let killed = 0;
    for (let when = 1; when <= MOST_MESSAGES; when += 1) {
      await restore(scene);
      if (!isAgain) await empty(scene);
      if (await killAtMessage(t, scene, when, args(scene))) killed += 1;
      const found = await item(scene);
      t.true(found === scene.robot.token || (!isAgain && found === undefined));
      const now = await look(scene.home);
      const { code, stderr, durationMs } = await logIn(scene);
      t.is(code, 0, stderr);
      t.true(durationMs < 10_000);
      t.deepEqual(damage(now, before, await look(scene.home)), []);
      t.is(await item(scene), scene.robot.token);
    }
    t.true(killed > 1);
    t.log(`${what}: killed at ${killed} messages, lost 0`);
  });
}
