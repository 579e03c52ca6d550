import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { ROBOT } from '../../../support/robot.ts';
import { findSecret } from '../../../support/secret-scan.ts';
import { startServer } from '../../../support/token-request-server.ts';
import { checkRows, commandScene, type BadInput } from '../../../support/command-scene.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';

test.serial('the issued token: who it is, and for whom', async (t) => {
  const { run, robot, server } = await commandScene(t);
  const { code, stdout, stderr } = await run(['review', 'prod']);
  t.deepEqual([code, stderr], [0, '']);
  t.regex(
    stdout,
    /^https:\/\/localhost:\d+ takes the issued token\n {2}username {3,}system:serviceaccount:team-a:robot\n/,
  );
  t.regex(stdout, new RegExp(`\\n {2}uid +${robot.uid}\\n {2}groups +system:serviceaccounts\\n`));
  t.regex(stdout, new RegExp(`\\n {2}audiences +${ISSUER}\\n`));
  const [exchange, review] = server.requests;
  t.regex(exchange?.path ?? '', /\/token$/);
  t.is(review?.path, '/apis/authentication.k8s.io/v1/tokenreviews');
  t.is(review?.headers.authorization, `Bearer ${server.adminToken}`);
  await run(['review', 'prod']);
  t.is(server.exchanges, 1, 'the cached token serves');
});

test.serial('the audiences are those of the profile, unless others are asked for', async (t) => {
  const { run, profile } = await commandScene(t);
  await profile('factors', { audience: ['factors', 'more'] });
  const { stdout } = await run([
    'review',
    'factors',
    '-o',
    'json',
    '--audience',
    'factors',
    '--audience',
    'x',
  ]);
  t.like(JSON.parse(stdout), { authenticated: true, audiences: ['factors'] });
  t.regex((await run(['review', 'factors'])).stdout, /audiences +factors\n +more\n/);
  const wrong = await run(['review', 'factors', '--audience', 'other']);
  t.deepEqual([wrong.code, wrong.stdout], [4, '']);
  t.regex(
    wrong.stderr,
    /refuses the issued token: token audiences \["factors" "more"\] is invalid for the target audiences \["other"\]; it is for another audience/,
  );
});

test.serial('why a token is refused, which a 401 hides', async (t) => {
  const { run, server, robot, tokenFile } = await commandScene(t);
  const source = ['review', 'prod', '--source'];
  t.is((await run(source)).code, 0);
  const refused = async (line: RegExp) => {
    const { code, stdout, stderr } = await run(source);
    t.deepEqual([code, stdout], [4, '']);
    t.regex(stderr, line);
    t.deepEqual(await findSecret(robot.token, { texts: { stderr } }), []);
  };
  const secret = server.cluster.secrets.get('team-a/robot-token');
  if (secret) secret.labels['kubernetes.io/legacy-token-invalid-since'] = '2026-01-01';
  await refused(/has been marked invalid.*; remove that label from the Secret, or log in/);
  server.cluster.deleteSecret({ namespace: 'team-a', name: 'robot-token' });
  await refused(/refuses the source token: Token has been invalidated; its account or Secret was deleted/);
  await writeFile(tokenFile, 'nonsense');
  const flags = ['--namespace', 'team-a', '--service-account', 'robot'];
  const { code, stderr } = await run([...source, ...flags]);
  t.is(code, 4);
  t.regex(
    stderr,
    /invalid bearer token; it is of another cluster, or its keys were changed: check --context/,
  );
});

test.serial('no issued token, since the source token is refused: the review that tells why', async (t) => {
  const { run, server } = await commandScene(t);
  server.cluster.deleteSecret({ namespace: 'team-a', name: 'robot-token' });
  const { code, stderr } = await run(['review', 'prod', '--context', 'admin']);
  t.is(code, 4);
  t.regex(
    stderr,
    /was refused \(401\).*; or see why: kubectl sa-token review prod --source --context admin\n$/,
  );
});

test.serial('what to do about a reason names the profile', async (t) => {
  const { run, server } = await commandScene(t);
  const told = async (args: string[], error: string, stdin = '') => {
    const body = JSON.stringify({
      kind: 'TokenReview',
      status: { error: `[invalid bearer token, ${error}]` },
    });
    const headers = { 'Content-Type': 'application/json' };
    server.faults.next({ status: 201, body, headers }, 1, /tokenreviews$/);
    const { code, stderr } = await run(['review', ...args], { stdin });
    t.is(code, 4);
    return stderr;
  };
  const keys = 'invalid signature, no keys found';
  t.regex(
    await told(['prod'], keys),
    /invalid signature, no keys found; it is of another cluster, or its keys were changed: check --context/,
  );
  const expired = 'service account token has expired';
  t.regex(await told(['prod'], expired), /sa-token get-token prod --force-refresh/);
  t.regex(await told(['--token-stdin'], expired, 'x'), /sa-token get-token PROFILE --force-refresh/);
});

test.serial('an issued token whose Secret was deleted meanwhile', async (t) => {
  const { run, server } = await commandScene(t);
  await run(['get-token', 'prod']);
  server.cluster.deleteSecret({ namespace: 'team-a', name: 'robot-token' });
  const { code, stderr } = await run(['review', 'prod']);
  t.is(code, 4);
  t.regex(
    stderr,
    /refuses the issued token: service account token has been invalidated; .*log in with its token/,
  );
  server.cluster.recreateAccount(ROBOT);
  t.regex((await run(['review', 'prod'])).stderr, /UID .*; its account or Secret was deleted/);
});

test.serial('with -o the answer is there too, and the exit code tells', async (t) => {
  const { run } = await commandScene(t);
  const { code, stdout, stderr } = await run(['review', 'prod', '--audience', 'x', '-o', 'json']);
  t.is(code, 4);
  t.like(JSON.parse(stdout), { authenticated: false, audiences: [] });
  t.regex(JSON.parse(stdout).reason, /^token audiences/);
  t.regex(stderr, /refuses the issued token/);
});

test.serial('a server that knows no audiences is not believed', async (t) => {
  const { run, server } = await commandScene(t);
  const status = { authenticated: true, user: { username: 'system:serviceaccount:team-a:robot' } };
  const body = JSON.stringify({
    kind: 'TokenReview',
    apiVersion: 'authentication.k8s.io/v1',
    spec: {},
    status,
  });
  server.faults.next(
    { status: 201, body, headers: { 'Content-Type': 'application/json' } },
    2,
    /tokenreviews$/,
  );
  const asked = await run(['review', 'prod', '--audience', 'factors']);
  t.is(asked.code, 4);
  t.regex(asked.stderr, /it knows the token, but not for which audience; its answer cannot be relied on/);
  t.is((await run(['review', 'prod'])).code, 0, 'none was asked for');
});

test.serial('as a service checks its callers: a token from standard input', async (t) => {
  const { run, server, profile, context } = await commandScene(t);
  await profile('client', { audience: ['factors'] });
  await server.cluster.createRobot({ namespace: 'shop', name: 'checker' });
  const { token } = await server.cluster.createRobot({ namespace: 'shop', name: 'checker' });
  await context('checker', { token });
  const { stdout: caller } = await run(['get-token', 'client', '-o', 'token']);
  const check = (audience: string) =>
    run(['review', '--token-stdin', '--audience', audience, '--context', 'checker'], { stdin: caller });
  const before = await check('factors');
  t.is(before.code, 4);
  t.regex(before.stderr, /may not review tokens \(403\).*system:auth-delegator/);
  const delegator = { verb: 'create', resource: 'tokenreviews' };
  server.cluster.allowInCluster({ namespace: 'shop', name: 'checker' }, delegator);
  t.is((await check('factors')).code, 0);
  t.is((await check('others')).code, 4);
});

test.serial('the source token goes to no cluster that is not named', async (t) => {
  const { run, profile, server, context } = await commandScene(t);
  const other = await startServer();
  t.teardown(other.close);
  await profile('elsewhere', { server: `https://proxy.example/kubernetes` });
  const { code, stdout, stderr } = await run(['review', 'elsewhere', '--source']);
  t.deepEqual([code, stdout], [2, '']);
  t.regex(
    stderr,
    /the current context could be of another cluster, and the source token goes to its own alone; .*--context admin\n$/,
  );
  await context(
    'careless',
    { token: server.adminToken },
    { 'certificate-authority': undefined, 'insecure-skip-tls-verify': true },
  );
  t.regex(
    (await run(['review', 'prod', '--source', '--context', 'careless'])).stderr,
    /does not check the certificate, so the source token does not go there/,
  );
  t.is(server.requests.length + other.requests.length, 0);
});

test.serial('bad input and an API server that does not answer', async (t) => {
  const { run, context, server } = await commandScene(t);
  await context('wrong', { token: 'nonsense' });
  const gone = await startServer();
  await gone.close();
  await context('gone', {}, { server: gone.apiUrl });
  await context('plain', {}, { server: 'http://api.example' });
  await context('stranger', {}, { 'certificate-authority': undefined });
  await context('proxy', {}, { server: server.url });
  const rows: BadInput[] = [
    [['review'], 2, /no profile named/],
    [
      ['review', 'prod', '--context', 'none'],
      2,
      /the kubeconfig has no context "none"; name one with --context: admin, wrong/,
    ],
    [['review', 'prod', '--kubeconfig', 'none'], 2, /there is no kubeconfig at ~\/none/],
    [['review', 'prod', '--context', 'wrong'], 4, /the kubeconfig's user is refused \(401\)/],
    [
      ['review', 'prod', '--context', 'gone'],
      5,
      /https:\/\/localhost:\d+: cannot connect: nothing listens there; see whether it answers kubectl/,
    ],
    [['review', 'prod', '--context', 'plain'], 2, /kubeconfig cluster "plain": must begin with https:\/\//],
    [
      ['review', 'prod', '--context', 'stranger'],
      5,
      /certificate is not trusted: its CA is not trusted here \(subject localhost, .*\); see whether it answers/,
    ],
    [
      ['review', 'prod', '--context', 'proxy'],
      5,
      /does not serve TokenReview \(404\); name the context of the API server/,
    ],
    [['review', 'prod', '--audience', ''], 2, /--audience/],
    [['review', '--token-stdin'], 2, /standard input: is empty/, ' \n'],
    [['review', '--token-stdin', '--source'], 2, /--token-stdin and --source exclude each other/, 'x'],
  ];
  await checkRows(t, run, rows);
});
