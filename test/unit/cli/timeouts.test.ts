import type { ExecutionContext } from 'ava';
import { useKeychain, withKeychain } from '../../support/keychain-scene.ts';
import { startServer } from '../../support/token-request-server.ts';
import { checkRows, commandScene, type BadInput, type CommandScene } from '../../support/command-scene.ts';

const FROM_SECRET = ['--from-secret', 'team-a/robot-token'];

/** A login looks into the keychain before it asks anybody for a token. */
async function keychainScene(t: ExecutionContext): Promise<CommandScene> {
  const scene = await commandScene(t);
  return { ...scene, run: await useKeychain(t, scene.sandbox) };
}

withKeychain('--timeout is the limit of every call beside the exchange', async (t) => {
  const { run, server } = await keychainScene(t);
  t.is((await run(['get-token', 'prod'])).code, 0);
  const login = ['login', 'new', '--server', server.url, ...FROM_SECRET];
  const rows: BadInput[] = [
    [login, 5, /https:\/\/localhost:\d+: no answer within 1 s \([a-z ]+\); see whether it answers kubectl/],
    [['review', 'prod', '--context', 'admin'], 5, /no answer within 1 s/],
    [['review', '--token-stdin', '--context', 'admin'], 5, /no answer within 1 s/, 'x'],
    [['whoami', 'prod', '--context', 'admin'], 5, /no answer within 1 s/],
    [['inspect', 'prod', '--context', 'admin'], 5, /issuer's keys .* no answer within 1 s/],
    [['inspect', '--token-stdin', '--context', 'admin'], 5, /issuer's keys .* no answer within 1 s/, 'x'],
    [['inspect', '--token-stdin', '--issuer-url', `${server.apiUrl}/x`], 5, /trusted|no answer/, 'x'],
  ];
  server.faults.next('stall', 100, 'any');
  await checkRows(
    t,
    run,
    rows.map(([args, ...rest]) => [[...args, '--timeout', '1s'], ...rest]),
  );
});

withKeychain('a Secret that cannot be asked for is no matter of its name', async (t) => {
  const { run, server, context } = await keychainScene(t);
  const gone = await startServer();
  await gone.close();
  await context('gone', {}, { server: gone.apiUrl });
  await context('stranger', {}, { 'certificate-authority': undefined });
  await context('wrong', { token: 'nonsense' });
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-plugin', args: [] };
  await context('plugin', { exec });
  const login = ['login', 'new', '--server', server.url, ...FROM_SECRET, '--context'];
  const plugin =
    /the context's credential plugin no-such-plugin is not on PATH; install it, or name another context/;
  await checkRows(t, run, [
    [[...login, 'gone'], 5, /nothing listens there; see whether it answers kubectl/],
    [
      [...login, 'stranger'],
      5,
      /certificate is not trusted: its CA is not trusted here \(subject .*\); see whether/,
    ],
    [[...login, 'wrong'], 4, /the kubeconfig's user is refused \(401\)/],
    [[...login, 'plugin'], 2, plugin],
    [['review', 'prod', '--context', 'plugin'], 2, plugin],
    [['inspect', 'prod', '--context', 'plugin'], 2, plugin],
  ]);
});
