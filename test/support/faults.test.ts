import test from 'ava';
import { decodeJwt } from 'jose';
import { call } from './http-client.ts';
import { granted, withRobot } from './robot.ts';
import type { Fault } from './token-request-server.ts';

test('faults that cut the line', async (t) => {
  const { server, exchange } = await withRobot(t);
  server.faults.next('reset');
  await t.throwsAsync(exchange(), { code: 'ECONNRESET' });
  server.faults.next('garbage-chunks');
  const garbled = await t.throwsAsync<NodeJS.ErrnoException>(exchange());
  t.regex(garbled?.code ?? '', /^HPE_/);
  for (const fault of ['stall', 'stall-after-headers'] as const) {
    server.faults.next(fault);
    await t.throwsAsync(exchange({ timeoutMs: 1000 }), { message: /aborted|timeout/ });
  }
  t.deepEqual([server.exchanges, server.requests.length], [0, 4]);
  t.is((await exchange()).status, 201);
});

test('an endless answer goes on until the client hangs up', async (t) => {
  const { server, exchange } = await withRobot(t);
  server.faults.next('endless');
  await t.throwsAsync(exchange({ timeoutMs: 1000 }));
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
    return granted(await exchange()).status;
  };
  t.deepEqual(decodeJwt((await next({ wrongAudience: 'other' })).token ?? '').aud, ['other']);
  t.is(
    decodeJwt((await next({ wrongSubject: 'system:serviceaccount:a:b' })).token ?? '').sub,
    'system:serviceaccount:a:b',
  );
  t.false('token' in (await next({ dropToken: true })));
  t.true(/\r\n.*\0/.test((await next({ controlCharsInToken: true })).token));
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
