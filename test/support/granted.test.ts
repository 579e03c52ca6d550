import test from 'ava';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { granted, withRobot } from './robot.ts';

test('a token is granted with 201, for an hour and the API audiences when nothing is asked', async (t) => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const { server, robot, exchange } = await withRobot(t, { now: () => now });
  const answer = await exchange();
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
  const { exchange } = await withRobot(t);
  const { status } = granted(await exchange({ spec: { audiences: ['istio', 'other'] } }));
  t.deepEqual(decodeJwt(status.token).aud, ['istio', 'other']);
  t.is((await exchange({ token: status.token })).status, 401);
});

test('an issued token for the API audience can ask for the next', async (t) => {
  const { exchange } = await withRobot(t);
  const { token } = granted(await exchange()).status;
  t.is((await exchange({ token })).status, 201);
});

test('600 and 2^32 seconds are granted', async (t) => {
  const { exchange } = await withRobot(t);
  for (const expirationSeconds of [600, 2 ** 32]) {
    t.is(granted(await exchange({ spec: { expirationSeconds } })).spec.expirationSeconds, expirationSeconds);
  }
});

test('above the maximum a token is shortened, with a warning', async (t) => {
  const { exchange } = await withRobot(t, { maxExpirationSeconds: 86_400 });
  const answer = await exchange({ spec: { expirationSeconds: 100_000 } });
  const { spec, status } = granted(answer);
  t.is(answer.status, 201);
  t.deepEqual(answer.warnings, ['299 - "requested expiration of 100000 seconds shortened to 86400 seconds"']);
  t.is(spec.expirationSeconds, 86_400);
  const { exp = 0, iat = 0 } = decodeJwt(status.token);
  t.is(exp - iat, 86_400);
});

test('a field it does not know is warned of and ignored', async (t) => {
  const { exchange } = await withRobot(t);
  const answer = await exchange({ spec: { expirationSecond: 60 } });
  t.is(answer.status, 201);
  t.deepEqual(answer.warnings, [String.raw`299 - "unknown field \"spec.expirationSecond\""`]);
});

test('the token of a Secret that its account lists draws a warning', async (t) => {
  const { server, exchange } = await withRobot(t);
  const { token } = await server.cluster.createSecretToken({
    namespace: 'team-a',
    serviceAccount: 'robot',
    secretName: 'listed',
    listed: true,
  });
  t.regex((await exchange({ token })).warnings[0] ?? '', /instead of auto-generated secret-based tokens\."$/);
});

test('a token can be bound to a Secret, and dies with it', async (t) => {
  const { server, robot, exchange } = await withRobot(t);
  const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name: robot.secretName };
  const { spec, status } = granted(await exchange({ spec: { boundObjectRef } }));
  t.deepEqual(spec.boundObjectRef, boundObjectRef);
  t.like(decodeJwt(status.token), {
    'kubernetes.io': { secret: { name: robot.secretName, uid: robot.secretUid } },
  });
  t.is((await exchange({ token: status.token })).status, 201);
  server.cluster.deleteSecret({ namespace: 'team-a', name: robot.secretName });
  t.is((await exchange({ token: status.token })).status, 401);
});
