import { mkdirSync, readFileSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { withoutSession } from '../../../support/keychain-session.ts';
import { writeKubeconfig } from '../../../support/kubectl.ts';
import { testWith } from '../../../support/require.ts';
import { findSecret } from '../../../support/secret-scan.ts';
import { failed, fingerprint, setScene, withKeychain, type Scene } from '../../../support/keychain-scene.ts';

const withTerminal = testWith('secret-service', 'pty').serial;

/** No profile, no item, no entry, and the token nowhere. */
async function nothingIsKept(t: ExecutionContext, scene: Scene, token = scene.robot.token): Promise<void> {
  t.deepEqual(scene.files(), []);
  t.deepEqual(await scene.kept(), {});
  t.deepEqual(await findSecret(token, { roots: [scene.home] }), []);
}

const account = ({ server }: Scene) => `team-a/robot@${server.url}`;

withKeychain('a source token that ends soon is taken, with a word on it', async (t) => {
  const scene = await setScene(t);
  const of = { namespace: 'team-a', serviceAccount: 'robot' };
  const short = await scene.server.cluster.issueLongToken({ ...of, seconds: 930 });
  const { code, stderr } = await scene.login('prod', [], short);
  t.is(code, 0);
  t.regex(stderr, /^warning: the source token itself ends in 1[345]m: log in with a new one before\n$/);
  t.regex((await scene.run(['inspect', 'prod'])).stdout, /it ends in 1[345]m: log in with a new one before/);
});

withKeychain('a token from a pipe: proved, kept in the keychain, and nowhere else', async (t) => {
  const scene = await setScene(t);
  const { code, stdout, stderr } = await scene.login('prod');
  t.deepEqual(
    { code, stdout, stderr },
    {
      code: 0,
      stdout: `logged in to "prod" as ${account(scene)} (source token in keychain; tokens live 1h)\nnext: kubectl sa-token kubeconfig prod\n`,
      stderr: '',
    },
  );
  t.deepEqual(await scene.kept(), { prod: fingerprint(scene.robot.token) });
  t.deepEqual(scene.files(), [
    'cache/sa-token/prod.entry',
    'cache/sa-token/prod.retry',
    'sa-token.yaml',
    'sa-token.yaml.stored',
  ]);
  t.regex(scene.kube('sa-token.yaml.stored') ?? '', /^# [^\n]+\nprod\n$/);
  t.is(statSync(join(scene.home, '.kube/sa-token.yaml')).mode & 0o777, 0o600);
  t.deepEqual(await findSecret(scene.robot.token, { roots: [scene.home], texts: { stdout, stderr } }), []);
  t.is(scene.server.exchanges, 1);
  t.like(await scene.run(['get-token', 'prod', '-o', 'token']), { code: 0, stderr: '' });
  t.is(scene.server.exchanges, 1);
});

withKeychain('a token from a file, and one from a Secret of the cluster', async (t) => {
  const scene = await setScene(t);
  const { server, home, robot } = scene;
  const flags = ['--server', server.url, '--certificate-authority', 'ca.crt'];
  writeFileSync(join(home, 'token'), `${robot.token}\n`);
  t.like(await scene.run(['login', 'a', ...flags, '--token-file', 'token']), { code: 0, stderr: '' });

  const path = join(home, 'kubeconfig');
  await writeKubeconfig({
    path,
    server: server.apiUrl,
    caPem: server.caPem,
    user: { token: server.adminToken },
  });
  const secret = ['--from-secret', `team-a/${robot.secretName}`];
  t.like(await scene.run(['login', 'b', ...flags, ...secret, '--kubeconfig', path]), { code: 0, stderr: '' });
  t.like(await scene.run(['login', 'c', ...flags, ...secret], { env: { KUBECONFIG: path } }), { code: 0 });
  const all = fingerprint(robot.token);
  t.deepEqual(await scene.kept(), { a: all, b: all, c: all }, 'each profile has an item of its own');

  const from = (...args: string[]) =>
    scene.run(['login', 'd', ...flags, ...args], { env: { KUBECONFIG: path } });
  failed(
    t,
    await from('--from-secret', 'team-a/none'),
    2,
    /^kubectl-sa-token: cannot take the token from Secret team-a\/none: secrets "none" not found; /,
  );
  server.cluster.createSecret({ namespace: 'team-a', name: 'opaque' });
  failed(
    t,
    await from('--from-secret', 'team-a/opaque'),
    2,
    /: it is of type Opaque, not kubernetes\.io\/service-account-token; /,
  );
  server.cluster.createSecret({
    namespace: 'team-a',
    name: 'young',
    type: 'kubernetes.io/service-account-token',
  });
  failed(
    t,
    await from('--from-secret', 'team-a/young'),
    2,
    /: it holds no token yet; the control plane fills it: try again in a moment$/m,
  );
  failed(
    t,
    await from('--from-secret', 'young'),
    2,
    '--from-secret takes NAMESPACE/NAME; see "kubectl sa-token login --help"',
  );
  failed(t, await from(...secret, '--context', 'none'), 2, /none/);
  failed(t, await from(...secret, '--kubeconfig', join(home, 'nowhere')), 2, /nowhere/);
  t.regex(scene.kube('sa-token.yaml') ?? '', /^ {2}c:$/m);
  t.notRegex(scene.kube('sa-token.yaml') ?? '', /^ {2}d:$/m);
});

withKeychain('a token with nested claims, and one without any', async (t) => {
  const scene = await setScene(t);
  const of = { namespace: 'team-a', serviceAccount: 'robot' };
  const long = await scene.server.cluster.issueLongToken({ ...of, seconds: 30 * 86_400 });
  t.like(await scene.login('prod', [], `${long}\n`), { code: 0, stderr: '' });
  t.deepEqual(await scene.kept(), { prod: fingerprint(long) });
  const opaque = scene.server.cluster.registerOpaqueToken(of);
  failed(t, await scene.login('other', [], opaque), 2, /^kubectl-sa-token: the call has no --namespace; /);
  t.like(await scene.login('other', ['-n', 'team-a', '--service-account', 'robot'], opaque), { code: 0 });
  t.deepEqual(await scene.kept(), { prod: fingerprint(long), other: fingerprint(opaque) });
});

withKeychain('an unverified login, and one that skips TLS checks, say so', async (t) => {
  const scene = await setScene(t);
  const unverified = await scene.login('prod', ['--no-verify']);
  t.regex(unverified.stdout, /\(source token in keychain; not verified\)/);
  t.is(scene.server.requests.length, 0);
  const words = [
    'login',
    'open',
    '--server',
    scene.server.url,
    '--insecure-skip-tls-verify',
    '--token-stdin',
  ];
  const insecure = await scene.run(words, { stdin: scene.robot.token });
  t.is(insecure.code, 0);
  t.is(
    insecure.stderr,
    'warning: insecure-skip-tls-verify: whoever answers at that address gets the source token\n',
  );
  const list = await scene.run(['list']);
  t.is(
    list.stderr,
    'warning: open: insecure-skip-tls-verify: whoever answers at that address gets the source token\n',
  );
});

// What fails half-way.

withKeychain('a server that refuses', async (t) => {
  const scene = await setScene(t);
  scene.server.cluster.deny({ namespace: 'team-a', name: 'robot' });
  failed(
    t,
    await scene.login('prod'),
    4,
    /: the source token may not create tokens for this account \(403\): /,
  );
  await nothingIsKept(t, scene);
});

withKeychain('a profile file that cannot be written takes back what the keychain was given', async (t) => {
  const scene = await setScene(t);
  const file = join(scene.home, '.kube/sa-token.yaml');
  mkdirSync(join(scene.home, '.kube'), { mode: 0o700 });
  // There is no such file, and none can be made: its folder is a file.
  symlinkSync('../ca.crt/profiles.yaml', file);
  failed(
    t,
    await scene.login('prod'),
    2,
    /^kubectl-sa-token: cannot write ~\/\.kube\/sa-token\.yaml \(ENOTDIR/,
  );
  t.deepEqual(await scene.kept(), {});
  t.notRegex(scene.kube('sa-token.yaml.stored') ?? '', /^prod$/m);
  t.deepEqual(
    scene.files().filter((each) => each.startsWith('cache')),
    [],
  );

  unlinkSync(file);
  t.like(await scene.login('prod'), { code: 0 });
  const text = readFileSync(file);
  unlinkSync(file);
  symlinkSync('../ca.crt/profiles.yaml', file);
  const of = { namespace: 'team-a', serviceAccount: 'robot', secretName: 'second' };
  const second = await scene.server.cluster.createSecretToken(of);
  failed(t, await scene.login('prod', [], second.token), 2, /^kubectl-sa-token: cannot write /);
  t.deepEqual(await scene.kept(), { prod: fingerprint(scene.robot.token) });
  unlinkSync(file);
  writeFileSync(file, text, { mode: 0o600 });
  t.like(await scene.run(['get-token', 'prod', '--force-refresh']), { code: 0, stderr: '' });
});

withKeychain('a folder for the profiles that cannot be made: nothing is stored', async (t) => {
  const scene = await setScene(t);
  scene.sandbox.env['KUBECTL_SA_TOKEN_CONFIG'] = join(scene.home, 'ca.crt', 'x.yaml');
  failed(t, await scene.login('prod'), 2, /^kubectl-sa-token: cannot write ~\/ca\.crt\/x\.yaml/);
  await nothingIsKept(t, scene);
});

withKeychain(
  'a keychain that is not there: exit code 6, the alternatives, and no plaintext instead',
  async (t) => {
    const scene = await setScene(t);
    const empty = join(scene.home, 'run');
    mkdirSync(empty);
    const words = [
      'login',
      'prod',
      '--server',
      scene.server.url,
      '--certificate-authority',
      'ca.crt',
      '--token-stdin',
    ];
    const result = await scene.run(words, { stdin: scene.robot.token, env: withoutSession(empty) });
    failed(
      t,
      result,
      6,
      'the keychain is not available: there is no D-Bus session (DBUS_SESSION_BUS_ADDRESS is not set); keep the source token elsewhere with source-file, source-command (pass, op, vault, …) or source-env in the profile',
    );
    await nothingIsKept(t, scene);
  },
);

withTerminal('Ctrl-C at the prompt gives the terminal back, and writes nothing', async (t) => {
  const scene = await setScene(t);
  const { server, sandbox, robot } = scene;
  const words = ['login', 'prod', '--server', server.url, '--certificate-authority', 'ca.crt'];
  const expect = 'Token of the ServiceAccount for "prod" (not shown): ';
  const half = `${robot.token.slice(0, 100)}\u0003`;
  const broken = await sandbox.runInTerminal(words, { script: [{ expect, send: half }] });
  t.like(broken, { code: 1, echoAtStep: [false], echo: true, missed: null });
  t.is(broken.transcript, `${expect}\r\nkubectl-sa-token: interrupted; nothing was written\r\n`);
  await nothingIsKept(t, scene);

  // Longer than the 4096 bytes that a terminal takes for a line when it edits lines itself.
  const padded = await server.cluster.settings.signer.sign({
    ...decoded(robot.token),
    padding: 'x'.repeat(6000),
  });
  server.cluster.opaqueTokens.set(padded, { namespace: 'team-a', name: 'robot' });
  const whole = await sandbox.runInTerminal(words, { script: [{ expect, send: `${padded}\r` }] });
  t.like(whole, { code: 0, echoAtStep: [false], echo: true });
  t.deepEqual(await scene.kept(), { prod: fingerprint(padded) });
  t.deepEqual(await findSecret(padded, { texts: { transcript: whole.transcript } }), []);
});

function decoded(token: string): object {
  const claims: object = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return claims;
}
