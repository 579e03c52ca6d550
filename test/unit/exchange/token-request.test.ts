import test from 'ava';
import fc from 'fast-check';
import { SaTokenError } from '../../../src/errors/error.ts';
import { retryAfter } from '../../../src/exchange/refusals.ts';
import { judgeReply, tokenRequest, warningTexts } from '../../../src/exchange/token-request.ts';
import type { Reply } from '../../../src/http/request.ts';
import type { Settings } from '../../../src/settings/table.ts';
import { readClaims } from '../../../src/token/claims.ts';
import { fails } from '../../support/failure.ts';
import { jwt } from '../../support/jwt.ts';
import { boundClaims, legacyClaims } from '../../support/api-server/tokens.ts';

const target = { server: 'https://h.example/kubernetes', namespace: 'team-a', serviceAccount: 'robot' };
const at = 'team-a/robot@https://h.example/kubernetes';
const asked = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;
const date = 'Fri, 02 Jan 2026 03:04:05 GMT';

function reply(status: number, body: unknown = '', headers: Reply['headers'] = {}): Reply {
  return {
    status,
    headers: { date, ...headers },
    warnings: [],
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

const granted = (status: object) => reply(201, { kind: 'TokenRequest', status });

// What is granted.

test('a grant is the token, its life by the server’s clock, the skew and the warnings', (t) => {
  const answer = granted({ token: 'a.b.c', expirationTimestamp: '2026-01-02T04:04:05Z' });
  const warned = { ...answer, warnings: ['299 - "one"', '299 - "two"'] };
  t.deepEqual(judgeReply(target, warned, asked - 100), {
    token: 'a.b.c',
    life: 3600,
    end: Date.UTC(2026, 0, 2, 4, 4, 5) / 1000,
    skew: 100,
    warnings: ['one', 'two'],
  });
});

test('of the three clocks that tell when a token was issued, one that is wrong is outvoted', (t) => {
  const token = jwt({ iat: asked, exp: asked + 3600 });
  const answer = granted({ token, expirationTimestamp: new Date((asked + 3600) * 1000).toISOString() });
  const dated = (shift: number) => ({ date: new Date((asked + shift) * 1000).toUTCString() });
  for (const proxy of [-7200, -120, 120, 7200, -asked])
    t.like(
      judgeReply(target, { ...answer, headers: dated(proxy) }, asked),
      { life: 3600 },
      `Date ${proxy} s off`,
    );
  for (const here of [-7200, 7200])
    t.like(
      judgeReply(target, { ...answer, headers: dated(0) }, asked + here),
      { life: 3600 },
      `here ${here} s off`,
    );
  // An answer of half an hour ago, which somebody kept.
  t.like(judgeReply(target, { ...answer, headers: dated(1800) }, asked + 1800), { life: 1800 });
  t.like(
    judgeReply(target, { ...answer, headers: {} }, asked + 7200),
    { life: 3600 },
    'without Date the token tells',
  );
});

test('a token that has ended is refused, whatever the answer around it kept of its day', async (t) => {
  const yesterday = asked - 86_400;
  const token = jwt({ iat: yesterday, exp: yesterday + 3600 });
  const answer = granted({ token, expirationTimestamp: new Date((yesterday + 3600) * 1000).toISOString() });
  await fails(t, () => judgeReply(target, answer, asked), {
    code: 'bad-answer',
    exitCode: 5,
    line: `${at}: the issued token has expired already; nothing was kept; check what serves this address`,
  });
});

test('without a Date header the life is by the local clock', (t) => {
  const answer = granted({ token: 'a.b.c', expirationTimestamp: '2026-01-02T04:04:05Z' });
  for (const headers of [{}, { date: 'soon' }])
    t.like(judgeReply(target, { ...answer, headers }, asked), { life: 3600, skew: undefined });
});

const notGranted = test.macro<[object | string, string]>({
  async exec(t, body, problem) {
    await fails(t, () => judgeReply(target, reply(201, body), asked), {
      code: 'bad-answer',
      exitCode: 5,
      line: `${at}: ${problem}; nothing was kept; check what serves this address`,
    });
  },
  title: (given) => `a 201 that grants nothing: ${given}`,
});

const end = '2026-01-02T04:04:05Z';
const noToken = 'the answer is 201 but holds no token';
const noJson = 'the answer is 201 but not JSON';
test('an empty answer', notGranted, '', noJson);
test('HTML', notGranted, '<html>Welcome</html>', noJson);
test('half of it', notGranted, '{"status":{"token":"a.b.c"', noJson);
test('no status', notGranted, {}, noToken);
test('an empty token', notGranted, { status: { token: '', expirationTimestamp: end } }, noToken);
test('a token that is no text', notGranted, { status: { token: 5, expirationTimestamp: end } }, noToken);
const characters = 'the issued token has characters that no token has';
for (const token of ['a b', 'a\r\nX-Injected: b', 'a\u0000', 'tökén', 'a.b.c\n'])
  test(JSON.stringify(token), notGranted, { status: { token, expirationTimestamp: end } }, characters);
const when = 'the answer does not say when the token expires';
test('no end', notGranted, { status: { token: 'a.b.c' } }, when);
test('an end that is no time', notGranted, { status: { token: 'a.b.c', expirationTimestamp: 'soon' } }, when);
test('an end that is a number', notGranted, { status: { token: 'a.b.c', expirationTimestamp: 1e9 } }, when);
const over = { status: { token: 'a.b.c', expirationTimestamp: '2026-01-02T03:04:05Z' } };
test('an end that has come', notGranted, over, 'the issued token has expired already');

test('any answer is a grant or a refusal with an exit code of 4 or 5, on one line', (t) => {
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({
        kind: fc.constantFrom('Status', 'TokenRequest', 5),
        message: fc.anything(),
        status: fc.oneof(
          fc.anything(),
          fc.record({ token: fc.anything(), expirationTimestamp: fc.anything() }),
        ),
      })
      .map((value) => JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? 1 : inner))),
  );
  const status = fc.oneof(
    fc.constantFrom(200, 201, 401, 403, 404, 429, 500),
    fc.integer({ min: 100, max: 599 }),
  );
  const header = fc.option(fc.string(), { nil: undefined });
  fc.assert(
    fc.property(status, body, header, header, header, (code, text, location, after, date_) => {
      const headers: Reply['headers'] = { location, 'retry-after': after, date: date_ };
      try {
        t.regex(
          judgeReply(target, { status: code, body: text, headers, warnings: [] }, asked).token,
          /^[!-~]+$/,
        );
      } catch (error) {
        if (!(error instanceof SaTokenError)) throw error;
        t.true(error.exitCode === 4 || error.exitCode === 5);
        t.notRegex(error.message, /[\0-\x1f\x7f-\x9f\u2028\u2029\u202e]/);
      }
    }),
    { numRuns: 2000 },
  );
});

// Headers.

test('Retry-After is whole seconds, or a date after that of the answer, or nothing', (t) => {
  t.is(retryAfter('0'), 0);
  t.is(retryAfter(' 120 '), 120);
  t.is(retryAfter('99999999999'), 999_999);
  t.is(retryAfter('Fri, 02 Jan 2026 03:06:05 GMT', date), 120);
  t.is(retryAfter('Fri, 02 Jan 2026 03:00:05 GMT', date), 0);
  for (const header of [
    undefined,
    '',
    '-1',
    '1.5',
    '1e3',
    'soon',
    'Fri, 02 Jan 2026 03:04:05 GMT',
    '2026-01-02',
  ])
    t.is(retryAfter(header), undefined, header);
  fc.assert(
    fc.property(fc.string(), (header) => {
      const seconds = retryAfter(header);
      t.true(seconds === undefined || (Number.isSafeInteger(seconds) && seconds >= 0 && seconds < 1e6));
    }),
    { numRuns: 1000 },
  );
});

test('a warning is what stands between the quotes', (t) => {
  const shortened = 'requested expiration of 10 seconds shortened to 5 seconds';
  const field = String.raw`299 - "unknown field \"spec.x\", \\ y"`;
  t.deepEqual(warningTexts(`299 - "${shortened}"`), [shortened]);
  t.deepEqual(warningTexts(field), [String.raw`unknown field "spec.x", \ y`]);
  t.deepEqual(warningTexts('299 - "x" "Fri, 02 Jan 2026 03:04:05 GMT"'), ['x']);
  for (const none of ['not a warning', '299 - "open']) t.deepEqual(warningTexts(none), [none]);
  const folded = `299 - "a, 299 - b", 199 api.example:443 "${shortened}",299 - "c"`;
  t.deepEqual(warningTexts(folded), ['a, 299 - b', shortened, 'c']);
});

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`);

test('warnings escaped as the API server does come back as they were, one by one or folded', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), (texts) => {
      const folded = texts.map((text) => `299 - "${escaped(text)}"`).join(', ');
      t.deepEqual(warningTexts(folded), texts);
    }),
    { numRuns: 1000 },
  );
});

// The request.

const account = { name: 'robot', uid: 'account-uid' };
const legacy = readClaims(jwt(legacyClaims('team-a', account, 'robot-token')));
const bound = (secret?: { name: string; uid: string }) =>
  readClaims(
    jwt(
      boundClaims({
        issuer: 'https://i',
        audiences: ['a'],
        namespace: 'team-a',
        serviceAccount: account,
        secret,
        issuedAt: asked,
        seconds: 600,
      }),
    ),
  );

const asks = test.macro<[Settings, Parameters<typeof tokenRequest>[2], object, object?]>({
  exec(t, settings, claims, spec, metadata = { name: 'robot', namespace: 'team-a', uid: 'account-uid' }) {
    const body = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata, spec };
    t.deepEqual<unknown, unknown>(tokenRequest(target, settings, claims), body);
  },
  title: (given) => `the request: ${given}`,
});

const own = { kind: 'Secret', apiVersion: 'v1', name: 'robot-token' };
const unnamed = { name: 'robot', namespace: 'team-a' };
test('bound to the source token’s own Secret', asks, {}, legacy, { boundObjectRef: own });
test('with the Secret’s uid where it is known', asks, {}, bound({ name: 'robot-token', uid: 'u' }), {
  boundObjectRef: { ...own, uid: 'u' },
});
test('unbound where the source token has no Secret', asks, {}, bound(), {});
test('unbound when that is asked for', asks, { boundObjectKind: 'none' }, legacy, {});
test('of an opaque token', asks, {}, undefined, {}, unnamed);
test(
  'bound to another object',
  asks,
  { boundObjectKind: 'Pod', boundObjectName: 'p', boundObjectUid: 'u' },
  legacy,
  { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p', uid: 'u' } },
);
test(
  'with audiences and life',
  asks,
  { audience: ['a', 'b'], duration: 900, boundObjectKind: 'none' },
  legacy,
  {
    audiences: ['a', 'b'],
    expirationSeconds: 900,
  },
);
const other = readClaims(jwt(legacyClaims('team-a', { name: 'other', uid: 'other-uid' }, 'other-token')));
test(
  'of a token of another account, which has a Secret here',
  asks,
  {},
  other,
  { boundObjectRef: { ...own, name: 'other-token' } },
  unnamed,
);
const elsewhere = readClaims(jwt(legacyClaims('team-b', account, 'robot-token')));
test('of a token of another namespace, whose Secret is not here', asks, {}, elsewhere, {}, unnamed);

test('half a bound object is no unbound token', async (t) => {
  await fails(t, () => tokenRequest(target, { boundObjectKind: 'Secret' }, legacy), {
    code: 'missing-setting',
    exitCode: 2,
    line: 'a bound object has no --bound-object-name; name the object, or give --bound-object-kind none',
  });
  for (const half of [{ boundObjectName: 'x' }, { boundObjectUid: 'u' }]) {
    await fails(t, () => tokenRequest(target, half, legacy), {
      code: 'missing-setting',
      exitCode: 2,
      line: 'a bound object has no --bound-object-kind; say what it is: Secret, Pod or Node',
    });
  }
});
