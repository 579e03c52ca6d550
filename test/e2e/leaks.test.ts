/** The source token is nowhere but in the keychain and on its way to the exchange; the issued one nowhere but in the entry. */
import test from 'ava';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { oldestAndNewest } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { findSecret } from '../support/secret-scan.ts';
import { AGING, age, entryPath, modeOf, parseCredential, readCached } from './support/cached.ts';
import { processesOf } from './support/processes.ts';
import { setScene, usualProfile, type Scene } from './support/scene.ts';

const withKeychain = testWith('secret-service');
const withKubectl = testWith('secret-service', 'kubectl');

interface Seen {
  /** Command lines and environments of every process of the sandbox, while the work went on. */
  commandLines: Set<string>;
  environments: Set<string>;
}

async function watching<T>(home: string, work: Promise<T>): Promise<Seen & { result: T }> {
  const seen: Seen = { commandLines: new Set(), environments: new Set() };
  const ended = work.then((result) => ({ result }));
  for (;;) {
    for (const { argv, environment } of await processesOf(home)) {
      seen.commandLines.add(argv.join(' '));
      seen.environments.add(environment);
    }
    const end = await Promise.race([sleep(5), ended]);
    if (end !== undefined) return { ...seen, ...end };
  }
}

/** Login at a terminal's pace: the exchange takes its time, so that there is something to see. */
async function logIn({ server, plugin, caFile, robot, home }: Scene) {
  server.faults.next({ delayMs: 300 });
  const args = ['login', 'prod', '--server', server.url, '--certificate-authority', caFile];
  return watching(home, plugin([...args, '--token-stdin', '-v'], { stdin: robot.token }));
}

const texts = ({ commandLines, environments, result }: Awaited<ReturnType<typeof logIn>>) => ({
  'command lines': [...commandLines].join('\n'),
  environments: [...environments].join('\n'),
  stdout: result.stdout,
  stderr: result.stderr,
});

withKeychain('login: the token is not in ps, not in the environment, not in what -v shows', async (t) => {
  const scene = await setScene(t, { keychain: true });
  await scene.plugin(['version']);
  const login = await logIn(scene);
  t.is(login.result.code, 0);
  t.true(
    [...login.commandLines].some((line) => line.includes('login prod')),
    'it was seen at work',
  );
  t.regex(login.result.stderr, /exchange: POST for team-a\/robot@/);
  t.deepEqual(await findSecret(scene.robot.token, { texts: texts(login) }), []);
});

withKeychain('get-token: neither token is in ps, the environment or what -v shows', async (t) => {
  const scene = await setScene(t, { keychain: true });
  t.is((await logIn(scene)).result.code, 0);
  scene.server.faults.next({ delayMs: 300 });
  const call = ['get-token', 'prod', '-v', '--force-refresh'];
  const cold = await watching(scene.home, scene.plugin(call));
  t.is(cold.result.code, 0);
  t.true(
    [...cold.commandLines].some((line) => line.includes('get-token prod')),
    'it was seen at work',
  );
  const { token } = parseCredential(cold.result.stdout).status;
  const shown = { ...texts(cold), stdout: '' };
  t.deepEqual(await findSecret(token, { texts: shown }), []);
  t.deepEqual(await findSecret(scene.robot.token, { texts: texts(cold) }), []);
  const warm = await scene.hook({ args: ['get-token', 'prod', '-v'] });
  t.is(warm.stdout, cold.result.stdout);
  t.regex(warm.stderr, /^entry prod: serve\n$/);
});

withKubectl('after login, kubectl and logout no file but the entry ever held a token', async (t) => {
  const scene = await setScene(t, { keychain: true });
  t.is((await logIn(scene)).result.code, 0);
  await scene.writeKubeconfig();
  for (const build of oldestAndNewest())
    t.is((await scene.kubectl(build, ['get', '--raw', '/version'])).code, 0);
  const { token } = (await readCached(scene.home)).credential.status;
  const roots = [scene.home, scene.keychainFolder ?? ''];
  const places = (await findSecret(token, { roots })).map(({ where }) => where);
  t.deepEqual([...new Set(places)], [entryPath(scene.home)]);
  const { token: source } = scene.robot;
  t.deepEqual(await findSecret(source, { roots }), [], 'nobody else has it, and the keychain is encrypted');

  const folder = join(entryPath(scene.home), '..');
  t.is(await modeOf(folder), '700');
  for (const file of await readdir(folder)) t.is(await modeOf(join(folder, file)), '600', file);
  t.is((await scene.plugin(['logout', 'prod'])).code, 0);
  t.deepEqual(await findSecret(token, { roots }), [], 'and after the logout it is gone');
});

withKeychain('a failure does not show the token: what a server echoes is masked', async (t) => {
  const scene = await setScene(t, { keychain: true });
  const { server, robot } = scene;
  for (const body of [
    robot.token,
    `Bearer ${robot.token}`,
    JSON.stringify({ kind: 'Status', message: `bad token ${robot.token}` }),
    `<html><body>${robot.token}</body></html>`,
  ]) {
    server.faults.next({ status: 403, body });
    const args = ['login', 'prod', '--server', server.url, '--certificate-authority', scene.caFile];
    const { code, stdout, stderr } = await scene.plugin([...args, '--token-stdin', '-v'], {
      stdin: robot.token,
    });
    t.is(code, 4);
    t.is(stdout, '');
    t.regex(stderr, /\[token\]/);
    t.deepEqual(await findSecret(robot.token, { texts: { stderr } }), []);
  }
});

const talk = {
  NODE_DEBUG: 'https,child_process,tls',
  NODE_DEBUG_NATIVE: 'tls',
  NODE_TLS_REJECT_UNAUTHORIZED: '0',
};

for (const [what, program, more] of [
  ['the plugin', 'kubectl-sa_token', { NODE_EXTRA_CA_CERTS: '/nonexistent' }],
  ['the engine, as npm runs it', 'sa-token-engine', {}],
] as const)
  test(`${what}: variables that have Node write tokens or warnings to stderr do not`, async (t) => {
    const scene = await setScene(t);
    const { 'source-file': _, ...settings } = usualProfile(scene);
    await scene.writeProfile({ ...settings, 'source-env': 'CI_TOKEN' });
    const run = (args: string[] = []) =>
      scene.sandbox.exec(join(scene.installed, program), ['get-token', 'prod', ...args], {
        execInfo: undefined,
        env: { ...talk, ...more, CI_TOKEN: scene.robot.token },
      });
    const [cold, anew] = [await run(), await run(['--force-refresh'])];
    // The renewal is started with the variable that has the token in it.
    await age(scene.home, AGING);
    for (const result of [cold, anew, await run()]) t.deepEqual([result.code, result.stderr.length], [0, 0]);
    t.true(scene.server.exchanges >= 2);
  });
