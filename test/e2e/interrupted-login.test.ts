/** A login that ends before its end: the terminal as it was, and nothing written anywhere. */
import type { ExecutionContext } from 'ava';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { testWith } from '../support/require.ts';
import { findSecret } from '../support/secret-scan.ts';
import { type TerminalResult, type TerminalStep, inTerminal } from '../support/terminal.ts';
import { allGone, eventually, kill, processesOf } from './support/processes.ts';
import { setScene, type Scene } from './support/scene.ts';

const withKeychain = testWith('secret-service', 'pty');
const PROMPT = 'Token of the ServiceAccount for "prod" (not shown): ';

function logIn({ server, caFile, sandbox, home }: Scene, script: TerminalStep[]): Promise<TerminalResult> {
  const flags = ['--server', server.url, '--certificate-authority', caFile];
  const argv = ['kubectl-sa_token', 'login', 'prod', ...flags];
  return inTerminal(argv, { env: sandbox.env, cwd: home, script });
}

/** No profile, no item, no entry; and the terminal echoes again. */
async function checkNothingDone(t: ExecutionContext, scene: Scene, result: TerminalResult): Promise<void> {
  t.is(result.missed, null);
  t.true(result.echo, 'the terminal is as it was');
  t.deepEqual(await readdir(join(scene.home, '.kube')), []);
  const found = await scene.sandbox.exec('secret-tool', ['search', '--all', 'service', 'kubectl-sa-token']);
  t.is(`${found.stdout}${found.stderr}`, '');
  t.deepEqual(await findSecret(scene.robot.token, { texts: { terminal: result.transcript } }), []);
  t.deepEqual(await allGone(scene.home, 2000), []);
}

withKeychain.serial('a login at the prompt: the token is not shown, and all is stored', async (t) => {
  const scene = await setScene(t, { keychain: true });
  const result = await logIn(scene, [{ expect: PROMPT, send: `${scene.robot.token}\r` }]);
  t.is(result.code, 0, result.transcript);
  t.deepEqual(result.echoAtStep, [false]);
  t.true(result.echo);
  t.regex(result.transcript, /logged in to "prod" as team-a\/robot@/);
  t.deepEqual(await findSecret(scene.robot.token, { texts: { terminal: result.transcript } }), []);
  t.is((await scene.hook()).code, 0);
});

for (const [what, key] of [
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
] as const) {
  withKeychain.serial(`${what} at the prompt`, async (t) => {
    const scene = await setScene(t, { keychain: true });
    const result = await logIn(scene, [{ expect: PROMPT, send: key }]);
    t.is(result.code, 1);
    t.regex(result.transcript, /kubectl-sa-token: interrupted; nothing was written\r\n$/);
    await checkNothingDone(t, scene, result);
  });
}

withKeychain.serial('Ctrl-C after half a token', async (t) => {
  const scene = await setScene(t, { keychain: true });
  const half = scene.robot.token.slice(0, 200);
  const result = await logIn(scene, [{ expect: PROMPT, send: `${half}\u0003` }]);
  t.is(result.code, 1);
  await checkNothingDone(t, scene, result);
});

withKeychain.serial('an empty line at the prompt', async (t) => {
  const scene = await setScene(t, { keychain: true });
  const result = await logIn(scene, [{ expect: PROMPT, send: '\r' }]);
  t.is(result.code, 2);
  t.regex(result.transcript, /kubectl-sa-token: the token: is empty/);
  await checkNothingDone(t, scene, result);
});

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
  withKeychain.serial(`${signal} at the prompt`, async (t) => {
    const scene = await setScene(t, { keychain: true });
    const result = await logIn(scene, [{ expect: PROMPT, signal }]);
    t.like({ code: result.code, echoAtStep: result.echoAtStep }, { code: null, echoAtStep: [false] });
    await checkNothingDone(t, scene, result);
  });
}

withKeychain.serial('Ctrl-C while the server keeps the login waiting', async (t) => {
  const scene = await setScene(t, { keychain: true });
  scene.server.faults.next('stall');
  const running = logIn(scene, [{ expect: PROMPT, send: `${scene.robot.token}\r` }]);
  await eventually(() => (scene.server.requests.length > 0 ? true : undefined));
  const login = (await processesOf(scene.home)).find(({ argv }) => argv.includes('login'));
  t.true(kill(login?.pid, 'SIGINT'));
  const result = await running;
  t.is(result.signal, 2);
  await checkNothingDone(t, scene, result);
});

withKeychain.serial('a login whose token the server refuses', async (t) => {
  const scene = await setScene(t, { keychain: true });
  scene.server.cluster.deny({ namespace: 'team-a', name: 'robot' }, 'serviceaccounts/token');
  const result = await logIn(scene, [{ expect: PROMPT, send: `${scene.robot.token}\r` }]);
  t.is(result.code, 4);
  t.regex(result.transcript, /may not create tokens for this account \(403\)/);
  await checkNothingDone(t, scene, result);
});
