import test from 'ava';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { createAuthority, createFakeIngressCertificate } from './authority.ts';
import { call } from './http-client.ts';
import { TOKEN_PATH, granted, withRobot } from './robot.ts';
import { digest, type RecordedRequest } from './token-request-server.ts';

test('the proxy lets POST …/token through and nothing else', async (t) => {
  const {
    server,
    robot: { token },
    exchange,
  } = await withRobot(t);
  t.is((await exchange()).status, 201);
  for (const [method, path] of [
    ['GET', TOKEN_PATH],
    ['POST', `${TOKEN_PATH}/more`],
    ['POST', '/apis/authentication.k8s.io/v1/tokenreviews'],
    ['GET', '/version'],
    ['GET', '/openid/v1/jwks'],
    ['GET', ''],
  ] as const) {
    const answer = await call(`${server.url}${path}`, { method, token, caPem: server.caPem });
    t.is(answer.status, 404, `${method} ${path}`);
    t.is(answer.headers['content-type'], 'text/html');
    t.regex(answer.body, /<h1>404 Not Found<\/h1>/);
  }
  t.is(server.exchanges, 1);
  t.is((await call(`${server.apiUrl}/version`, { caPem: server.caPem })).status, 200);
});

test('the prefix can be another, none, or show everything', async (t) => {
  const {
    server: open,
    robot: { token },
  } = await withRobot(t, { prefix: '/k8s', exposes: 'everything' });
  t.is((await call(`${open.apiUrl}/k8s/version`, { caPem: open.caPem })).status, 200);
  t.is((await call(`${open.apiUrl}/k8s/api/v1/pods`, { caPem: open.caPem, token })).status, 403);
  const { server: bare, exchange } = await withRobot(t, { prefix: '' });
  t.is(bare.url, bare.apiUrl);
  t.is((await exchange()).status, 201);
  const { server: health } = await withRobot(t, { exposes: 'token-any-method' });
  const probe = await call(`${health.url}${TOKEN_PATH}`, { caPem: health.caPem });
  t.is(probe.status, 403);
  t.true(
    probe.refusal().message.includes('User "system:anonymous" cannot get resource "serviceaccounts/token"'),
  );
});

test('requests are recorded, and shown to other processes without their tokens', async (t) => {
  const {
    server,
    robot: { token },
    exchange,
  } = await withRobot(t);
  await exchange({ body: { spec: { audiences: ['a'] } } });
  const reviews = `${server.apiUrl}/apis/authentication.k8s.io/v1/tokenreviews`;
  await call(reviews, { token: server.adminToken, body: { spec: { token } }, caPem: server.caPem });
  t.like(server.requests[0], {
    method: 'POST',
    path: `/kubernetes${TOKEN_PATH}`,
    status: 201,
    body: '{"spec":{"audiences":["a"]}}',
  });
  t.true(server.requests[0]?.headers.authorization === `Bearer ${token}`);

  const shown = await call(`${server.apiUrl}/__requests`, { caPem: server.caPem });
  const [first, second]: RecordedRequest[] = JSON.parse(shown.body);
  t.is(first?.headers.authorization, digest(`Bearer ${token}`));
  t.is(second?.body, `{"spec":{"token":"${digest(token)}"}}`);
  t.false(shown.body.includes(token));
  t.false(shown.body.includes(server.adminToken));
  t.is(server.requests.length, 2);
  server.reset();
  t.deepEqual([server.requests.length, server.exchanges, server.granted], [0, 0, 0]);
});

test('the clock of the answers is the server’s own', async (t) => {
  const { exchange } = await withRobot(t, { clockSkew: 3_600_000 });
  const { headers } = await exchange();
  const ahead = Date.parse(headers.date ?? '') - Date.now();
  t.true(ahead > 3_590_000 && ahead <= 3_600_000);
});

test('the issuer’s keys verify an issued token', async (t) => {
  const {
    server,
    robot: { token },
    exchange,
  } = await withRobot(t);
  const read = (path: string, bearer?: string) =>
    call(`${server.apiUrl}${path}`, {
      caPem: server.caPem,
      ...(bearer === undefined ? {} : { token: bearer }),
    });
  t.is((await read('/openid/v1/jwks')).status, 403);
  const configuration = await read('/.well-known/openid-configuration', token);
  t.like(JSON.parse(configuration.body), {
    issuer: server.issuer,
    jwks_uri: `${server.apiUrl}/openid/v1/jwks`,
  });
  const keys: JSONWebKeySet = JSON.parse((await read('/openid/v1/jwks', token)).body);
  const { token: issued } = granted(await exchange()).status;
  await t.notThrowsAsync(
    jwtVerify(issued, createLocalJWKSet(keys), { issuer: server.issuer, audience: server.issuer }),
  );
});

test('certificates that a client has to refuse, and one it has to show', async (t) => {
  const authority = await createAuthority('another CA');
  const fake = await withRobot(t, { certificate: await createFakeIngressCertificate() });
  await t.throwsAsync(fake.exchange(), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  const elsewhere = await authority.issue({
    commonName: 'elsewhere.example',
    dnsNames: ['elsewhere.example'],
  });
  const misnamed = await withRobot(t, { authority, certificate: elsewhere });
  await t.throwsAsync(misnamed.exchange(), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  const old = await authority.issue({ commonName: 'localhost', dnsNames: ['localhost'], expired: true });
  const expired = await withRobot(t, { authority, certificate: old });
  await t.throwsAsync(expired.exchange(), { code: 'CERT_HAS_EXPIRED' });

  const mutual = await withRobot(t, { requestClientCert: authority.caPem });
  await t.throwsAsync(mutual.exchange());
  const clientCertificate = await authority.issue({ commonName: 'laptop', client: true });
  t.is((await mutual.exchange({ clientCertificate })).status, 201);
  t.is(mutual.server.requests[0]?.clientCertificate, 'laptop');
});

test('close waits for nobody: a stalled answer, a delayed one, a connection without a handshake', async (t) => {
  const { server, exchange } = await withRobot(t);
  server.faults.next('stall');
  server.faults.next({ delayMs: 60_000 });
  const failures = [exchange(), exchange()].map((pending) => t.throwsAsync(pending));
  const socket = connect(server.port, '127.0.0.1');
  const gone = once(socket, 'close');
  await once(socket, 'connect');
  while (server.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const began = performance.now();
  await server.close();
  await Promise.all([...failures, gone]);
  t.true(performance.now() - began < 1000);
});

test('plain HTTP, for those who ask for it', async (t) => {
  const { server, robot } = await withRobot(t, { protocol: 'http' });
  const headers = { Authorization: `Bearer ${robot.token}` };
  const request = http
    .request(`${server.url}${TOKEN_PATH}`, { method: 'POST', headers, agent: false })
    .end('{}');
  const [response]: IncomingMessage[] = await once(request, 'response');
  response?.resume();
  t.is(response?.statusCode, 201);
});
