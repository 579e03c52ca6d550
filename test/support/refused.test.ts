import test, { type ExecutionContext } from 'ava';
import { call, type Answer } from './http-client.ts';
import { ROBOT, TOKEN_PATH, withRobot } from './robot.ts';

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

for (const [seconds, limit] of [
  [60, 'less than 10 minutes'],
  [599, 'less than 10 minutes'],
  [2 ** 32 + 1, 'larger than 2^32 seconds'],
] as const) {
  test(`${seconds} seconds are a 422`, async (t) => {
    const { exchange } = await withRobot(t);
    const answer = await exchange({ spec: { expirationSeconds: seconds } });
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

test('bodies that are no TokenRequest are a 400', async (t) => {
  const { exchange } = await withRobot(t);
  const bad = [
    '{"kind":"Pod"}',
    '{',
    '[]',
    '{"spec":{"expirationSeconds":"1h"}}',
    '{"spec":{"audiences":"one"}}',
  ];
  for (const body of bad) {
    const answer = await exchange({ body });
    t.is(answer.status, 400, body);
    t.is(answer.refusal().reason, 'BadRequest');
  }
});

test('an account that is not there is a 404, before its duration is looked at', async (t) => {
  const { server, exchange } = await withRobot(t);
  server.cluster.allow(ROBOT, { name: 'ghost' });
  const answer = await exchange({ spec: { expirationSeconds: 1 }, account: 'ghost' });
  assertStatus(t, answer, 404, 'NotFound', 'serviceaccounts "ghost" not found');
  t.deepEqual(answer.refusal().details, { name: 'ghost', kind: 'serviceaccounts' });
});

test('another UID than the account has is a 409', async (t) => {
  const { robot, exchange } = await withRobot(t);
  const answer = await exchange({ metadata: { uid: 'stale' } });
  const why = `the UID in the token request (stale) does not match the UID of the service account (${robot.uid})`;
  const message = `Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "robot": ${why}`;
  assertStatus(t, answer, 409, 'Conflict', message);
  t.is((await exchange({ metadata: { uid: robot.uid } })).status, 201);
});

test('another name or namespace in the body is refused', async (t) => {
  const { exchange } = await withRobot(t);
  const why = 'Invalid value: "x": must match the service account name if specified';
  const message = `TokenRequest.authentication.k8s.io "robot" is invalid: metadata.name: ${why}`;
  assertStatus(t, await exchange({ metadata: { name: 'x' } }), 422, 'Invalid', message);
  const elsewhere = await exchange({ metadata: { namespace: 'x' } });
  const mismatch = 'the namespace of the provided object does not match the namespace sent on the request';
  assertStatus(t, elsewhere, 400, 'BadRequest', mismatch);
});

test('without RBAC it is a 403 that names user and account', async (t) => {
  const { server, exchange } = await withRobot(t);
  server.cluster.deny(ROBOT);
  const answer = await exchange();
  const user = 'User "system:serviceaccount:team-a:robot"';
  const what = 'cannot create resource "serviceaccounts/token" in API group "" in the namespace "team-a"';
  assertStatus(t, answer, 403, 'Forbidden', `serviceaccounts "robot" is forbidden: ${user} ${what}`);
  t.deepEqual(answer.refusal().details, { name: 'robot', kind: 'serviceaccounts' });
});

test('a 403 quotes a name as it is, and escapes a path for HTML', async (t) => {
  const { server, robot } = await withRobot(t);
  const ask = (path: string) => call(`${server.apiUrl}${path}`, { token: robot.token, caPem: server.caPem });
  const named = await ask('/api/v1/namespaces/team-a/secrets/a&<b>');
  t.is(named.status, 403);
  t.true(named.refusal().message.startsWith('secrets "a&<b>" is forbidden: '));
  const path = await ask('/metrics/a&<b>');
  t.is(path.status, 403);
  t.true(path.refusal().message.endsWith('cannot get path "/metrics/a&amp;&lt;b&gt;"'));
});

test('a request without a token is system:anonymous, or nobody', async (t) => {
  for (const [anonymousAuth, status] of [
    [true, 403],
    [false, 401],
  ] as const) {
    const { server } = await withRobot(t, { anonymousAuth });
    const answer = await call(`${server.url}${TOKEN_PATH}`, { body: {}, caPem: server.caPem });
    t.is(answer.status, status);
    t.is(answer.refusal().message.includes('User "system:anonymous"'), anonymousAuth);
  }
});

test('binding to what is not there, is another, or cannot be bound to', async (t) => {
  const { robot, exchange } = await withRobot(t);
  const bind = (kind: string, name: string, uid?: string) =>
    exchange({ spec: { boundObjectRef: { apiVersion: 'v1', kind, name, uid } } });
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
  const answer = await call(`${server.url}${TOKEN_PATH}`, { token: server.adminToken, caPem: server.caPem });
  t.is(answer.status, 405);
  t.is(answer.refusal().reason, 'MethodNotAllowed');
});
