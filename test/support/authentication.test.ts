import test, { type ExecutionContext } from 'ava';
import { call } from './http-client.ts';
import { startServer, type ServerOptions } from './token-request-server.ts';

interface Review {
  status: {
    authenticated?: boolean;
    error?: string;
    audiences?: string[];
    user: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
  };
}

const ROBOT = { namespace: 'team-a', name: 'robot' };
const OF_ROBOT = { namespace: 'team-a', serviceAccount: 'robot' };
const PREFIX = 'invalid bearer token';

async function setUp(t: ExecutionContext, options?: ServerOptions) {
  const clock = { now: Date.now() };
  const server = await startServer({ ...options, now: () => clock.now });
  t.teardown(() => server.close());
  const robot = await server.cluster.createRobot(ROBOT);
  const review = async (token: string, audiences?: string[]) => {
    const url = `${server.apiUrl}/apis/authentication.k8s.io/v1/tokenreviews`;
    const answer = await call(url, {
      token: server.adminToken,
      body: { spec: { token, audiences } },
      caPem: server.caPem,
    });
    t.is(answer.status, 201);
    const { status }: Review = JSON.parse(answer.body);
    return status;
  };
  /** The same token at the endpoint, where every fault is the same 401. */
  const exchange = async (token: string) => {
    const url = `${server.url}/api/v1/namespaces/team-a/serviceaccounts/robot/token`;
    const answer = await call(url, { token, body: {}, caPem: server.caPem });
    if (answer.status === 401) t.is(answer.refusal().message, 'Unauthorized');
    return answer.status;
  };
  return { server, clock, robot, review, exchange };
}

test('the token of a Secret is good for as long as the Secret holds it', async (t) => {
  const { server, robot, review, exchange } = await setUp(t);
  const { authenticated, user, audiences } = await review(robot.token);
  t.true(authenticated);
  t.deepEqual(user, {
    username: 'system:serviceaccount:team-a:robot',
    uid: robot.uid,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:team-a', 'system:authenticated'],
  });
  t.deepEqual(audiences, [server.issuer]);

  server.cluster.deleteSecret({ namespace: 'team-a', name: robot.secretName });
  t.is((await review(robot.token)).error, `[${PREFIX}, Token has been invalidated]`);
  t.is(await exchange(robot.token), 401);

  const renewed = await server.cluster.createSecretToken({ ...OF_ROBOT, secretName: robot.secretName });
  t.true(renewed.token === robot.token, 'RS256 signs the same claims alike');
  t.is(await exchange(robot.token), 201);
});

test('another token in the Secret kills the one before, byte for byte', async (t) => {
  const { server, robot, review } = await setUp(t);
  const secret = server.cluster.secrets.get(`team-a/${robot.secretName}`);
  if (secret) secret.data['token'] = `${robot.token} `;
  t.is((await review(robot.token)).error, `[${PREFIX}, Token does not match server's copy]`);
});

test('a recreated account leaves its old tokens dead', async (t) => {
  const { server, robot, review, exchange } = await setUp(t);
  const long = await server.cluster.issueLongToken({ ...OF_ROBOT, seconds: 86_400 });
  const uid = server.cluster.recreateAccount(ROBOT);
  t.not(uid, robot.uid);
  t.is((await review(robot.token)).error, `[${PREFIX}, Token has been invalidated]`);
  const mismatch = `service account UID (${uid}) does not match claim (${robot.uid})`;
  t.is((await review(long)).error, `[${PREFIX}, ${mismatch}]`);
  t.is(await exchange(long), 401);
  server.cluster.deleteAccount(ROBOT);
  t.is((await review(long)).error, `[${PREFIX}, serviceaccounts "robot" not found]`);
});

test('a Secret that is marked invalid is refused until the mark is gone', async (t) => {
  const { server, robot, review, exchange } = await setUp(t);
  const secret = server.cluster.secrets.get(`team-a/${robot.secretName}`);
  if (secret) secret.labels['kubernetes.io/legacy-token-invalid-since'] = '2026-01-01';
  t.regex(
    (await review(robot.token)).error ?? '',
    /has been marked invalid\. Use tokens from the TokenRequest API/,
  );
  t.is(await exchange(robot.token), 401);
  if (secret) secret.labels = {};
  t.is(await exchange(robot.token), 201);
});

test('a long TokenRequest token ends, a minute late', async (t) => {
  const { server, clock, review, exchange } = await setUp(t);
  const token = await server.cluster.issueLongToken({ ...OF_ROBOT, seconds: 86_400 });
  const { user } = await review(token);
  t.regex(user.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '', /^JTI=/);
  clock.now += 86_400_000 + 59_000;
  t.is(await exchange(token), 201);
  clock.now += 2000;
  t.is((await review(token)).error, `[${PREFIX}, service account token has expired]`);
  t.is(await exchange(token), 401);
  clock.now -= 2 * 86_400_000;
  t.is((await review(token)).error, `[${PREFIX}, service account token is not valid yet]`);
});

test('a token bound to a Secret dies with it, and with a Secret of another UID', async (t) => {
  const { server, robot, review } = await setUp(t);
  const { secretName } = robot;
  const token = await server.cluster.issueLongToken({ ...OF_ROBOT, seconds: 3600, boundSecret: secretName });
  t.true((await review(token)).authenticated);
  const fresh = await server.cluster.createSecretToken({ ...OF_ROBOT, secretName });
  const mismatch = `secret UID (${fresh.secretUid}) does not match service account secret ref claim (${robot.secretUid})`;
  t.is((await review(token)).error, `[${PREFIX}, ${mismatch}]`);
  server.cluster.deleteSecret({ namespace: 'team-a', name: secretName });
  t.is((await review(token)).error, `[${PREFIX}, service account token has been invalidated]`);
});

test('a review answers with the audiences that token and caller share', async (t) => {
  const { server, review } = await setUp(t);
  const token = await server.cluster.issueLongToken({
    ...OF_ROBOT,
    seconds: 3600,
    audiences: ['istio', 'vault'],
  });
  t.deepEqual((await review(token, ['vault', 'other'])).audiences, ['vault']);
  const { authenticated, error } = await review(token, ['other']);
  t.falsy(authenticated);
  t.is(error, `[${PREFIX}, token audiences ["istio" "vault"] is invalid for the target audiences ["other"]]`);
});

test('a token of another key, of another shape, and an opaque one', async (t) => {
  const [{ server, review, exchange }, other] = [await setUp(t), await setUp(t, { ownSigningKey: true })];
  t.is((await review(other.robot.token)).error, PREFIX);
  t.is((await review('rubbish')).error, PREFIX);
  const opaque = server.cluster.registerOpaqueToken(OF_ROBOT);
  t.is((await review(opaque)).user.username, 'system:serviceaccount:team-a:robot');
  t.is(await exchange(opaque), 201);
  t.is(await exchange(`${opaque}x`), 401);
});

test('a review needs a token to review, and leave', async (t) => {
  const { server, robot } = await setUp(t);
  const url = `${server.apiUrl}/apis/authentication.k8s.io/v1/tokenreviews`;
  const empty = await call(url, { token: server.adminToken, body: { spec: {} }, caPem: server.caPem });
  t.is(empty.status, 400);
  t.is(empty.refusal().message, 'token is required for TokenReview in authentication');
  const ask = () => call(url, { token: robot.token, body: { spec: { token: 'x' } }, caPem: server.caPem });
  const what =
    'cannot create resource "tokenreviews" in API group "authentication.k8s.io" at the cluster scope';
  const refused = `tokenreviews.authentication.k8s.io is forbidden: User "system:serviceaccount:team-a:robot" ${what}`;
  t.is((await ask()).refusal().message, refused);
  server.cluster.allowInCluster(ROBOT, { verb: 'create', resource: 'tokenreviews' });
  t.is((await ask()).status, 201);
});

test('everybody known may ask who they are', async (t) => {
  const { server, robot } = await setUp(t);
  for (const version of ['v1', 'v1beta1']) {
    const url = `${server.apiUrl}/apis/authentication.k8s.io/${version}/selfsubjectreviews`;
    const answer = await call(url, { token: robot.token, body: {}, caPem: server.caPem });
    t.like(JSON.parse(answer.body), {
      status: { userInfo: { username: 'system:serviceaccount:team-a:robot' } },
    });
    t.is((await call(url, { body: {}, caPem: server.caPem })).status, 403);
  }
});
