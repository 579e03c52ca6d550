import test, { type ExecutionContext } from 'ava';
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose';
import { createAuthority, createFakeIngressCertificate } from './authority.ts';
import { call, type Answer, type Call } from './http-client.ts';
import {
  digest,
  startServer,
  type Fault,
  type RecordedRequest,
  type ServerOptions,
} from './token-request-server.ts';

const ROBOT = { namespace: 'team-a', name: 'robot' };
const TOKEN_PATH = '/api/v1/namespaces/team-a/serviceaccounts/robot/token';

interface Issued {
  token?: string;
  expirationTimestamp: string;
}

function issuedBy(answer: Answer): Issued {
  const { status }: { status: Issued } = JSON.parse(answer.body);
  return status;
}

async function withRobot(t: ExecutionContext, options?: ServerOptions) {
  const server = await startServer(options);
  t.teardown(() => server.close());
  const { token } = await server.cluster.createRobot(ROBOT);
  const exchange = (more: Partial<Call> = {}) =>
    call(`${server.url}${TOKEN_PATH}`, { token, body: {}, caPem: server.caPem, ...more });
  return { server, token, exchange };
}

test('the proxy lets POST …/token through and nothing else', async (t) => {
  const { server, token, exchange } = await withRobot(t);
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
  const { server: open, token } = await withRobot(t, { prefix: '/k8s', exposes: 'everything' });
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

test('faults that cut the line', async (t) => {
  const { server, exchange } = await withRobot(t);
  server.faults.next('reset');
  await t.throwsAsync(exchange(), { code: 'ECONNRESET' });
  server.faults.next('garbage-chunks');
  const garbled = await t.throwsAsync<NodeJS.ErrnoException>(exchange());
  t.regex(garbled?.code ?? '', /^HPE_/);
  for (const fault of ['stall', 'stall-after-headers'] as const) {
    server.faults.next(fault);
    await t.throwsAsync(exchange({ timeoutMs: 150 }), { message: /aborted|timeout/ });
  }
  t.deepEqual([server.exchanges, server.requests.length], [0, 4]);
  t.is((await exchange()).status, 201);
});

test('an endless answer goes on until the client hangs up', async (t) => {
  const { server, exchange } = await withRobot(t);
  server.faults.next('endless');
  await t.throwsAsync(exchange({ timeoutMs: 200 }));
  t.is(server.requests[0]?.status, 0);
});

for (const [name, fault, status, pattern] of [
  ['a redirect', { redirect: 'https://elsewhere.example/' }, 307, /^$/],
  ['an HTML 502', { html: 502 }, 502, /<h1>502 Bad Gateway<\/h1>/],
  ['an HTML 200', { html: 200 }, 200, /<html>/],
  ['an empty 404', 'empty-404', 404, /^$/],
  [
    'a gateway that does not know the issuer',
    'jwt-issuer-not-configured',
    401,
    /^Jwt issuer is not configured$/,
  ],
  ['too many requests', 'too-many-requests', 429, /^Too many requests, please try again later\.\n$/],
  ['an internal error', 'internal-error', 500, /"reason":"InternalError"/],
  ['a timeout', 'timeout', 504, /"reason":"Timeout"/],
  ['any answer', { status: 418, body: 'tea', headers: { 'X-Pot': 'yes' } }, 418, /^tea$/],
] satisfies [string, Fault, number, RegExp][]) {
  test(`a fault: ${name}`, async (t) => {
    const { server, exchange } = await withRobot(t);
    server.faults.next(fault, 2);
    for (const _ of [1, 2]) {
      const answer = await exchange();
      t.is(answer.status, status);
      t.regex(answer.body, pattern);
    }
    t.is((await exchange()).status, 201);
    t.is(server.exchanges, 1);
    t.deepEqual(
      server.requests.map((request) => request.status),
      [status, status, 201],
    );
  });
}

test('the headers of a redirect and of a 429', async (t) => {
  const { server, exchange } = await withRobot(t);
  server.faults.next({ redirect: 'https://elsewhere.example/' });
  t.is((await exchange()).headers.location, 'https://elsewhere.example/');
  server.faults.next('too-many-requests');
  t.is((await exchange()).headers['retry-after'], '1');
});

test('answers that are tampered with', async (t) => {
  const { server, exchange } = await withRobot(t);
  const next = async (fault: Fault) => {
    server.faults.next(fault);
    return issuedBy(await exchange());
  };
  t.deepEqual(decodeJwt((await next({ wrongAudience: 'other' })).token ?? '').aud, ['other']);
  t.is(
    decodeJwt((await next({ wrongSubject: 'system:serviceaccount:a:b' })).token ?? '').sub,
    'system:serviceaccount:a:b',
  );
  t.false('token' in (await next({ dropToken: true })));
  t.regex((await next({ controlCharsInToken: true })).token ?? '', /\r\n.*\0/);
  t.true(Date.parse((await next({ shortenTo: -60 })).expirationTimestamp) < Date.now());
  const began = Date.now();
  t.truthy((await next({ delayMs: 120 })).token);
  t.true(Date.now() - began >= 118);
});

test('a fault waits for the request it is for', async (t) => {
  const { server, exchange } = await withRobot(t);
  server.faults.next({ status: 503 }, 1, /\/version$/);
  t.is((await exchange()).status, 201);
  t.is((await call(`${server.apiUrl}/version`, { caPem: server.caPem })).status, 503);
});

test('requests are recorded, and shown to other processes without their tokens', async (t) => {
  const { server, token, exchange } = await withRobot(t);
  await exchange({ body: { spec: { audiences: ['a'] } } });
  const reviews = `${server.apiUrl}/apis/authentication.k8s.io/v1/tokenreviews`;
  await call(reviews, { token: server.adminToken, body: { spec: { token } }, caPem: server.caPem });
  t.like(server.requests[0], {
    method: 'POST',
    path: `/kubernetes${TOKEN_PATH}`,
    status: 201,
    body: '{"spec":{"audiences":["a"]}}',
  });
  t.is(server.requests[0]?.headers.authorization, `Bearer ${token}`);

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
  const { server, token, exchange } = await withRobot(t);
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
  const { token: issued = '' } = issuedBy(await exchange());
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
