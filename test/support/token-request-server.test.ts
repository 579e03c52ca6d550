import test, { type ExecutionContext } from 'ava';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { call, type Answer } from './http-client.ts';
import { startServer, type ServerOptions, type TestServer } from './token-request-server.ts';

interface Granted {
  kind: string;
  metadata: { name: string; namespace: string; uid: string; creationTimestamp: string };
  spec: { audiences: string[]; expirationSeconds: number; boundObjectRef: unknown };
  status: { token: string; expirationTimestamp: string };
}

const ROBOT = { namespace: 'team-a', name: 'robot' };

async function withRobot(t: ExecutionContext, options?: ServerOptions) {
  const server = await startServer(options);
  t.teardown(() => server.close());
  const robot = await server.cluster.createRobot(ROBOT);
  const ask = (
    spec: object = {},
    more: { token?: string; metadata?: object; account?: string; body?: string } = {},
  ) =>
    call(tokenUrl(server, more.account), {
      token: more.token ?? robot.token,
      body: more.body ?? { spec, ...(more.metadata ? { metadata: more.metadata } : {}) },
      caPem: server.caPem,
    });
  return { server, robot, ask };
}

function tokenUrl(server: TestServer, account = 'robot'): string {
  return `${server.url}/api/v1/namespaces/team-a/serviceaccounts/${account}/token`;
}

function granted({ body }: Answer): Granted {
  return JSON.parse(body);
}

function assertStatus(
  t: ExecutionContext,
  answer: Answer,
  code: number,
  reason: string,
  message: string,
): void {
  t.is(answer.status, code);
  t.like(answer.refusal(), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason,
    message,
    code,
  });
}

test('a token is granted with 201, for an hour and the API audiences when nothing is asked', async (t) => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const { server, robot, ask } = await withRobot(t, { now: () => now });
  const answer = await ask();
  const { metadata, spec, status } = granted(answer);

  t.is(answer.status, 201);
  t.is(answer.headers.date, 'Fri, 02 Jan 2026 03:04:05 GMT');
  t.deepEqual(metadata, {
    name: 'robot',
    namespace: 'team-a',
    uid: robot.uid,
    creationTimestamp: '2026-01-02T03:04:05Z',
  });
  t.deepEqual(spec, { audiences: [server.issuer], boundObjectRef: null, expirationSeconds: 3600 });
  t.is(status.expirationTimestamp, '2026-01-02T04:04:05Z');
  const { jti, ...claims } = decodeJwt(status.token);
  const issuedAt = Math.floor(now / 1000);
  t.deepEqual(claims, {
    iss: server.issuer,
    sub: 'system:serviceaccount:team-a:robot',
    aud: [server.issuer],
    exp: issuedAt + 3600,
    iat: issuedAt,
    nbf: issuedAt,
    'kubernetes.io': { namespace: 'team-a', serviceaccount: { name: 'robot', uid: robot.uid } },
  });
  t.regex(jti ?? '', /^[0-9a-f-]{36}$/);
  t.deepEqual([server.exchanges, server.granted, server.requests.length], [1, 1, 1]);
});

test('the token of a Secret has flat claims, no end and no audience', async (t) => {
  const { robot } = await withRobot(t);
  t.deepEqual(decodeJwt(robot.token), {
    iss: 'kubernetes/serviceaccount',
    sub: 'system:serviceaccount:team-a:robot',
    'kubernetes.io/serviceaccount/namespace': 'team-a',
    'kubernetes.io/serviceaccount/secret.name': robot.secretName,
    'kubernetes.io/serviceaccount/service-account.name': 'robot',
    'kubernetes.io/serviceaccount/service-account.uid': robot.uid,
  });
  t.like(decodeProtectedHeader(robot.token), { alg: 'RS256' });
});

test('audiences are granted as asked, and a token without the API audience is refused by the API', async (t) => {
  const { ask } = await withRobot(t);
  const { status } = granted(await ask({ audiences: ['istio', 'other'] }));
  t.deepEqual(decodeJwt(status.token).aud, ['istio', 'other']);
  assertStatus(t, await ask({}, { token: status.token }), 401, 'Unauthorized', 'Unauthorized');
});

test('an issued token for the API audience can ask for the next', async (t) => {
  const { ask } = await withRobot(t);
  const { token } = granted(await ask()).status;
  t.is((await ask({}, { token })).status, 201);
});

for (const [seconds, limit] of [
  [60, 'less than 10 minutes'],
  [599, 'less than 10 minutes'],
  [2 ** 32 + 1, 'larger than 2^32 seconds'],
] as const) {
  test(`${seconds} seconds are a 422`, async (t) => {
    const { ask } = await withRobot(t);
    const answer = await ask({ expirationSeconds: seconds });
    const why = `Invalid value: ${seconds}: may not specify a duration ${limit}`;
    const message = `TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: ${why}`;
    assertStatus(t, answer, 422, 'Invalid', message);
    t.deepEqual(answer.refusal().details, {
      group: 'authentication.k8s.io',
      kind: 'TokenRequest',
      causes: [{ reason: 'FieldValueInvalid', message: why, field: 'spec.expirationSeconds' }],
    });
  });
}

test('600 and 2^32 seconds are granted', async (t) => {
  const { ask } = await withRobot(t);
  for (const expirationSeconds of [600, 2 ** 32]) {
    t.is(granted(await ask({ expirationSeconds })).spec.expirationSeconds, expirationSeconds);
  }
});

test('above the maximum a token is shortened, with a warning', async (t) => {
  const { ask } = await withRobot(t, { maxExpirationSeconds: 86_400 });
  const answer = await ask({ expirationSeconds: 100_000 });
  const { spec, status } = granted(answer);
  t.is(answer.status, 201);
  t.deepEqual(answer.warnings, ['299 - "requested expiration of 100000 seconds shortened to 86400 seconds"']);
  t.is(spec.expirationSeconds, 86_400);
  const { exp = 0, iat = 0 } = decodeJwt(status.token);
  t.is(exp - iat, 86_400);
});

test('a field it does not know is warned of and ignored', async (t) => {
  const { ask } = await withRobot(t);
  const answer = await ask({ expirationSecond: 60 });
  t.is(answer.status, 201);
  t.deepEqual(answer.warnings, [String.raw`299 - "unknown field \"spec.expirationSecond\""`]);
});

test('the token of a Secret that its account lists draws a warning', async (t) => {
  const { server, ask } = await withRobot(t);
  const { token } = await server.cluster.createSecretToken({
    namespace: 'team-a',
    serviceAccount: 'robot',
    secretName: 'listed',
    listed: true,
  });
  t.regex((await ask({}, { token })).warnings[0] ?? '', /instead of auto-generated secret-based tokens\."$/);
});

test('bodies that are no TokenRequest are a 400', async (t) => {
  const { ask } = await withRobot(t);
  const bad = [
    '{"kind":"Pod"}',
    '{',
    '[]',
    '{"spec":{"expirationSeconds":"1h"}}',
    '{"spec":{"audiences":"one"}}',
  ];
  for (const body of bad) {
    const answer = await ask({}, { body });
    t.is(answer.status, 400, body);
    t.is(answer.refusal().reason, 'BadRequest');
  }
});

test('an account that is not there is a 404, before its duration is looked at', async (t) => {
  const { server, ask } = await withRobot(t);
  server.cluster.allow(ROBOT, { name: 'ghost' });
  const answer = await ask({ expirationSeconds: 1 }, { account: 'ghost' });
  assertStatus(t, answer, 404, 'NotFound', 'serviceaccounts "ghost" not found');
  t.deepEqual(answer.refusal().details, { name: 'ghost', kind: 'serviceaccounts' });
});

test('another UID than the account has is a 409', async (t) => {
  const { robot, ask } = await withRobot(t);
  const answer = await ask({}, { metadata: { uid: 'stale' } });
  const why = `the UID in the token request (stale) does not match the UID of the service account (${robot.uid})`;
  const message = `Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "robot": ${why}`;
  assertStatus(t, answer, 409, 'Conflict', message);
  t.is((await ask({}, { metadata: { uid: robot.uid } })).status, 201);
});

test('another name or namespace in the body is refused', async (t) => {
  const { ask } = await withRobot(t);
  const why = 'Invalid value: "x": must match the service account name if specified';
  const message = `TokenRequest.authentication.k8s.io "robot" is invalid: metadata.name: ${why}`;
  assertStatus(t, await ask({}, { metadata: { name: 'x' } }), 422, 'Invalid', message);
  const elsewhere = await ask({}, { metadata: { namespace: 'x' } });
  const mismatch = 'the namespace of the provided object does not match the namespace sent on the request';
  assertStatus(t, elsewhere, 400, 'BadRequest', mismatch);
});

test('without RBAC it is a 403 that names user and account', async (t) => {
  const { server, ask } = await withRobot(t);
  server.cluster.deny(ROBOT);
  const answer = await ask();
  const user = 'User "system:serviceaccount:team-a:robot"';
  const what = 'cannot create resource "serviceaccounts/token" in API group "" in the namespace "team-a"';
  assertStatus(t, answer, 403, 'Forbidden', `serviceaccounts "robot" is forbidden: ${user} ${what}`);
  t.deepEqual(answer.refusal().details, { name: 'robot', kind: 'serviceaccounts' });
});

test('a 403 escapes what it quotes for HTML', async (t) => {
  const { server, robot } = await withRobot(t);
  const path = '/api/v1/namespaces/team-a/secrets/a&<b>';
  const answer = await call(`${server.apiUrl}${path}`, { token: robot.token, caPem: server.caPem });
  t.is(answer.status, 403);
  t.true(answer.refusal().message.startsWith('secrets "a&amp;&lt;b&gt;" is forbidden: '));
});

test('a request without a token is system:anonymous, or nobody', async (t) => {
  for (const [anonymousAuth, status] of [
    [true, 403],
    [false, 401],
  ] as const) {
    const { server } = await withRobot(t, { anonymousAuth });
    const answer = await call(tokenUrl(server), { body: {}, caPem: server.caPem });
    t.is(answer.status, status);
    t.is(answer.refusal().message.includes('User "system:anonymous"'), anonymousAuth);
  }
});

test('a token can be bound to a Secret, and dies with it', async (t) => {
  const { server, robot, ask } = await withRobot(t);
  const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name: robot.secretName };
  const { spec, status } = granted(await ask({ boundObjectRef }));
  t.deepEqual(spec.boundObjectRef, boundObjectRef);
  t.like(decodeJwt(status.token), {
    'kubernetes.io': { secret: { name: robot.secretName, uid: robot.secretUid } },
  });
  t.is((await ask({}, { token: status.token })).status, 201);
  server.cluster.deleteSecret({ namespace: 'team-a', name: robot.secretName });
  assertStatus(t, await ask({}, { token: status.token }), 401, 'Unauthorized', 'Unauthorized');
});

test('binding to what is not there, is another, or cannot be bound to', async (t) => {
  const { robot, ask } = await withRobot(t);
  const bind = (kind: string, name: string, uid?: string) =>
    ask({ boundObjectRef: { apiVersion: 'v1', kind, name, uid } });
  assertStatus(t, await bind('Secret', 'gone'), 404, 'NotFound', 'secrets "gone" not found');
  const why = 'the UID in the bound object reference (stale) does not match the UID in record';
  const recreated = `${why}. The object might have been deleted and then recreated`;
  const message = `Operation cannot be fulfilled on Secret "${robot.secretName}": ${recreated}`;
  assertStatus(t, await bind('Secret', robot.secretName, 'stale'), 409, 'Conflict', message);
  const unbindable = 'cannot bind token to object of type /v1, Kind=ConfigMap';
  assertStatus(t, await bind('ConfigMap', 'x'), 400, 'BadRequest', unbindable);
});

test('a GET by one who may is a 405', async (t) => {
  const { server } = await withRobot(t, { exposes: 'token-any-method' });
  const answer = await call(tokenUrl(server), { token: server.adminToken, caPem: server.caPem });
  t.is(answer.status, 405);
  t.is(answer.refusal().reason, 'MethodNotAllowed');
});
