/** The tokens that an API server gives: src/CONTRACTS.md 3.1, 3.2, 3.4 and 3.5. */
import type { ExecutionContext } from 'ava';
import { decodeJwt, type JWTPayload } from 'jose';
import type { Answer } from './api-client.ts';
import { onEachSubject, type Declare } from './each-subject.ts';
import { NO_UID } from './refusals/refusal.ts';
import { boundClaims } from './refusals/tokens.ts';
import type { Bot, Subject } from './subject.ts';

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
const AUDIENCE = 'istio-ingressgateway.istio-system.svc.cluster.local';
const BOUND = { kind: 'Secret', apiVersion: 'v1', name: 'bot-token' };

onEachSubject((test, { minor }) => {
  test('a legacy token buys a token of its account, bound to its own Secret', async (t, subject) => {
    const bot = await subject.makeBot();
    const boundObjectRef = { ...BOUND, uid: bot.secretUid };
    const spec = { audiences: [AUDIENCE], expirationSeconds: 1200, boundObjectRef };
    const answer = await subject.call('POST', bot.path, { as: bot, body: { spec } });
    t.is(answer.status, 201);
    t.deepEqual(answer.warnings, []);
    t.like(answer.body, { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1' });
    t.deepEqual<object, object>(answer.body.spec, spec);
    const { creationTimestamp: _time, managedFields: _fields, ...metadata } = answer.body.metadata;
    const { namespace, uid } = bot;
    t.deepEqual<object, object>(metadata, { name: 'bot', namespace, ...(minor === 'newest' ? { uid } : {}) });
    checkClaims(t, subject, bot, answer);
    checkTimes(t, answer);
  });

  describeRequests(test);
  describeCallers(test);

  if (minor === 'newest') return;
  test('the UID of another account is of no consequence before 1.34', async (t, subject) => {
    const bot = await subject.makeBot();
    const { status } = await subject.call('POST', bot.path, { as: bot, body: { metadata: { uid: NO_UID } } });
    t.is(status, 201);
  });
});

function checkClaims(
  t: ExecutionContext,
  { issuer }: Subject,
  { namespace, uid, secretUid }: Bot,
  { body }: Answer,
) {
  const { iat = 0, jti, ...claims } = decodeJwt(body.status.token);
  t.deepEqual(claims, {
    iss: issuer,
    sub: `system:serviceaccount:${namespace}:bot`,
    aud: [AUDIENCE],
    nbf: iat,
    exp: iat + 1200,
    'kubernetes.io': {
      namespace,
      serviceaccount: { name: 'bot', uid },
      secret: { name: 'bot-token', uid: secretUid },
    },
  });
  t.regex(jti ?? '', UUID);
}

function checkTimes(t: ExecutionContext, { headers, body }: Answer): void {
  const { token, expirationTimestamp } = body.status;
  const [created, expires] = [Date.parse(body.metadata.creationTimestamp), Date.parse(expirationTimestamp)];
  t.regex(expirationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  t.is(expires - created, 1_200_000);
  t.true(Math.abs(created - Date.parse(headers.date ?? '')) <= 1000, 'it is the clock of the Date header');
  t.true(expires <= 1000 * (decodeJwt(token).exp ?? 0), 'what the answer says ends no later than the token');
}

function describeRequests(test: Declare<Subject>): void {
  test('an empty request gets an hour for the server itself', async (t, subject) => {
    const bot = await subject.makeBot();
    const { status, body } = await subject.call('POST', bot.path, { as: bot, body: {} });
    t.is(status, 201);
    const spec = { audiences: [subject.issuer], expirationSeconds: 3600, boundObjectRef: null };
    t.deepEqual<object, object>(body.spec, spec);
    t.false(isBound(decodeJwt(body.status.token)));
  });

  test('a life over the cap is shortened with a warning', async (t, subject) => {
    const bot = await subject.makeBot();
    const request = { as: bot, body: { spec: { expirationSeconds: 86_400 } } };
    const { status, warnings, body } = await subject.call('POST', bot.path, request);
    t.is(status, 201);
    t.deepEqual(warnings, ['requested expiration of 86400 seconds shortened to 7200 seconds']);
    t.is(body.spec.expirationSeconds, 7200);
    const { iat = 0, exp } = decodeJwt(body.status.token);
    t.is(exp, iat + 7200);
  });

  test('unknown fields are warned of, not refused', async (t, subject) => {
    const bot = await subject.makeBot();
    const request = { as: bot, body: { spec: { audience: 'x' } } };
    const { status, warnings } = await subject.call('POST', bot.path, request);
    t.is(status, 201);
    t.deepEqual(warnings, ['unknown field "spec.audience"']);
  });
}

function describeCallers(test: Declare<Subject>): void {
  test('a Secret that its account lists passes for auto-generated, with a warning', async (t, subject) => {
    const bot = await subject.makeBot();
    await subject.listSecret(bot);
    const { status, warnings } = await subject.call('POST', bot.path, { as: bot, body: {} });
    t.is(status, 201);
    t.deepEqual(warnings, [
      'Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.',
    ]);
  });

  test("a token for the server's audience buys the next one, and loses its binding", async (t, subject) => {
    const bot = await subject.makeBot();
    const first = await subject.call('POST', bot.path, {
      as: bot,
      body: { spec: { boundObjectRef: BOUND } },
    });
    t.true(isBound(decodeJwt(first.body.status.token)));
    const next = await subject.call('POST', bot.path, { as: first.body.status, body: {} });
    t.is(next.status, 201);
    t.false(isBound(decodeJwt(next.body.status.token)));
  });

  test('a token with the claims that the refusals change is good as it is', async (t, subject) => {
    const bot = await subject.makeBot();
    const token = await subject.sign(boundClaims(bot, subject));
    const { status } = await subject.call('POST', bot.path, { as: { token }, body: {} });
    t.is(status, 201);
  });
}

function isBound(claims: JWTPayload): boolean {
  return Object.hasOwn(Object(claims['kubernetes.io']), 'secret');
}
