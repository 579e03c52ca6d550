/** What an API server says of a token: TokenReview, SelfSubjectReview and its keys (src/CONTRACTS.md 3.7). */
import { createLocalJWKSet, jwtVerify } from 'jose';
import { onEachSubject, type Declare } from './each-subject.ts';
import { boundClaims } from './refusals/tokens.ts';
import type { Bot, Subject } from './subject.ts';

const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const SELF = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

onEachSubject((test) => {
  describeReviews(test);
  describeReasons(test);
  describeOthers(test);
});

function describeReviews(test: Declare<Subject>): void {
  test('a review tells who a token is, and for which of the audiences asked', async (t, subject) => {
    const bot = await subject.makeBot();
    const token = await subject.sign({
      ...boundClaims(bot, subject, {}, { aud: ['x', 'y'] }),
      jti: 'the-id',
    });
    const status = await review(subject, token, ['y', 'z']);
    t.deepEqual(status, {
      authenticated: true,
      user: { ...user(bot), extra: { 'authentication.kubernetes.io/credential-id': ['JTI=the-id'] } },
      audiences: ['y'],
    });
  });

  test('a review of a legacy token knows the audience of the server alone', async (t, subject) => {
    const { issuer } = subject;
    const bot = await subject.makeBot();
    const good = { authenticated: true, user: user(bot), audiences: [issuer] };
    t.deepEqual(await review(subject, bot.token), good);
    t.deepEqual(await review(subject, bot.token, ['x', issuer]), good);
    t.deepEqual(await review(subject, bot.token, ['x']), refused(wrongAudience(issuer, 'x')));
  });
}

function describeReasons(test: Declare<Subject>): void {
  test('a review says what is wrong with a token', async (t, subject) => {
    const bot = await subject.makeBot();
    const judge = async (...change: Change) =>
      review(subject, await subject.sign(boundClaims(bot, subject, ...change)));
    t.deepEqual(await review(subject, 'none'), { user: {}, error: 'invalid bearer token' });
    t.deepEqual(await judge({ nbf: -7200, exp: -3600 }), refused('service account token has expired'));
    t.deepEqual(await judge({ nbf: 3600, exp: 7200 }), refused('service account token is not valid yet'));
    t.deepEqual(await judge({}, { aud: ['x'] }), refused(wrongAudience('x', subject.issuer)));
    t.deepEqual(
      await judge({}, { serviceaccount: { name: 'ghost', uid: 'u' } }),
      refused('serviceaccounts "ghost" not found'),
    );
    t.deepEqual(
      await judge({}, { serviceaccount: { name: 'bot', uid: 'u' } }),
      refused(`service account UID (${bot.uid}) does not match claim (u)`),
    );
    t.deepEqual(
      await judge({}, { secret: { name: 'gone', uid: 'u' } }),
      refused('service account token has been invalidated'),
    );
    t.deepEqual(
      await judge({}, { secret: { name: 'bot-token', uid: 'u' } }),
      refused(`secret UID (${bot.secretUid}) does not match service account secret ref claim (u)`),
    );
  });

  test('a review says that a legacy token is marked invalid, or its Secret gone', async (t, subject) => {
    const [marked, gone] = [await subject.makeBot(), await subject.makeBot()];
    await subject.markInvalid(marked);
    await subject.deleteSecret(gone);
    t.deepEqual(
      await review(subject, marked.token),
      refused(
        `the token in secret ${marked.namespace}/bot-token for service account ${marked.namespace}/bot has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the 'kubernetes.io/legacy-token-invalid-since' label from the secret to temporarily allow use of this token`,
      ),
    );
    t.deepEqual(await review(subject, gone.token), refused('Token has been invalidated'));
  });

  test('a review of nothing is a bad request', async (t, subject) => {
    const { status, body } = await subject.call('POST', REVIEWS, { body: { spec: { token: '' } } });
    t.is(status, 400);
    t.like(body, { reason: 'BadRequest', message: 'token is required for TokenReview in authentication' });
  });
}

function describeOthers(test: Declare<Subject>): void {
  test('an account may not review tokens, but may ask who it is itself', async (t, subject) => {
    const bot = await subject.makeBot();
    const refusal = await subject.call('POST', REVIEWS, { as: bot, body: { spec: { token: bot.token } } });
    t.is(refusal.status, 403);
    t.is(
      refusal.body.message,
      `tokenreviews.authentication.k8s.io is forbidden: User "system:serviceaccount:${bot.namespace}:bot" cannot create resource "tokenreviews" in API group "authentication.k8s.io" at the cluster scope`,
    );
    const { status, body } = await subject.call('POST', SELF, { as: bot, body: {} });
    t.is(status, 201);
    t.like(body, { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' });
    t.deepEqual(body.status.userInfo, user(bot));
    t.is((await subject.call('POST', SELF, { as: 'anonymous', body: {} })).status, 403);
  });

  test('the issuer publishes the keys of its tokens, to accounts but not to anybody', async (t, subject) => {
    const bot = await subject.makeBot();
    const issued = await subject.call('POST', bot.path, { as: bot, body: {} });
    const found = await subject.call('GET', '/.well-known/openid-configuration', { as: bot });
    t.is(found.body.issuer, subject.issuer);
    const keys = await subject.call('GET', new URL(found.body.jwks_uri).pathname, {
      as: bot,
      headers: { accept: '*/*' },
    });
    t.is(keys.headers['content-type'], 'application/jwk-set+json');
    const { payload } = await jwtVerify(issued.body.status.token, createLocalJWKSet(keys.body), {
      issuer: subject.issuer,
      audience: subject.issuer,
    });
    t.is(payload.sub, `system:serviceaccount:${bot.namespace}:bot`);
    t.is((await subject.call('GET', '/openid/v1/jwks', { as: 'anonymous' })).status, 403);
  });
}

type Change = [times: Parameters<typeof boundClaims>[2], changes?: Parameters<typeof boundClaims>[3]];

async function review(subject: Subject, token: string, audiences?: string[]): Promise<unknown> {
  const { status, text, body } = await subject.call('POST', REVIEWS, {
    body: { spec: { token, audiences } },
  });
  if (status !== 201) throw new Error(text);
  return body.status;
}

function refused(reason: string) {
  return { user: {}, error: `[invalid bearer token, ${reason}]` };
}

function wrongAudience(of: string, target: string): string {
  return `token audiences ["${of}"] is invalid for the target audiences ["${target}"]`;
}

function user({ namespace, uid }: Bot) {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return { username: `system:serviceaccount:${namespace}:bot`, uid, groups };
}
