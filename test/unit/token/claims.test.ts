import test from 'ava';
import fc from 'fast-check';
import { readClaims, type Claims } from '../../../src/token/claims.ts';
import { jwt } from '../../support/jwt.ts';
import { createSigner, boundClaims, legacyClaims } from '../../support/api-server/tokens.ts';

const account = { name: 'robot', uid: 'account-uid' };
const request = {
  issuer: 'https://issuer.example',
  audiences: ['a', 'b'],
  namespace: 'team-a',
  serviceAccount: account,
  issuedAt: 1_800_000_000,
  seconds: 3600,
};
const bound: Claims = {
  issuer: 'https://issuer.example',
  subject: 'system:serviceaccount:team-a:robot',
  audiences: ['a', 'b'],
  expires: 1_800_003_600,
  issuedAt: 1_800_000_000,
  notBefore: 1_800_000_000,
  warnAfter: undefined,
  namespace: 'team-a',
  serviceAccount: 'robot',
  uid: 'account-uid',
  secret: undefined,
  boundTo: undefined,
  legacy: false,
};
const nothing: Claims = {
  issuer: undefined,
  subject: undefined,
  audiences: [],
  expires: undefined,
  issuedAt: undefined,
  notBefore: undefined,
  warnAfter: undefined,
  namespace: undefined,
  serviceAccount: undefined,
  uid: undefined,
  secret: undefined,
  boundTo: undefined,
  legacy: false,
};

const shape = test.macro<[object, Claims]>({
  exec(t, claims, read) {
    t.deepEqual(readClaims(jwt(claims)), read);
  },
  title: (given) => `claims: ${given}`,
});

test('of the token in a Secret, flat', shape, legacyClaims('team-a', account, 'robot-token'), {
  ...nothing,
  issuer: 'kubernetes/serviceaccount',
  subject: 'system:serviceaccount:team-a:robot',
  namespace: 'team-a',
  serviceAccount: 'robot',
  uid: 'account-uid',
  secret: { name: 'robot-token', uid: undefined },
  legacy: true,
});
test('of a TokenRequest token, nested', shape, boundClaims(request), bound);
const secret = { name: 'robot-token', uid: 'secret-uid' };
test('bound to a Secret', shape, boundClaims({ ...request, secret }), { ...bound, secret });
const nested = boundClaims(request)['kubernetes.io'];
const withPod = { ...boundClaims(request), 'kubernetes.io': { ...nested, pod: { name: 'p', uid: 'u' } } };
test('bound to a Pod', shape, withPod, { ...bound, boundTo: 'Pod p' });
const withNode = { ...boundClaims(request), 'kubernetes.io': { ...nested, node: { name: 'n', uid: 'u' } } };
test('bound to a Node', shape, withNode, { ...bound, boundTo: 'Node n' });
test(
  'of a subject alone',
  shape,
  { sub: 'system:serviceaccount:team-a:robot', aud: 'one' },
  {
    ...nothing,
    subject: 'system:serviceaccount:team-a:robot',
    audiences: ['one'],
    namespace: 'team-a',
    serviceAccount: 'robot',
  },
);
test(
  'of a person',
  shape,
  { sub: 'ann@example.com', exp: 5 },
  { ...nothing, subject: 'ann@example.com', expires: 5 },
);
test(
  'of times that no date has',
  shape,
  { sub: 'ann@example.com', exp: 8.65e12, iat: -8.65e12 },
  { ...nothing, subject: 'ann@example.com' },
);
test(
  'of other types than they should have',
  shape,
  { sub: 5, aud: [1, 'x'], exp: '5', iat: null, 'kubernetes.io': 'x' },
  {
    ...nothing,
    audiences: ['x'],
  },
);
test(
  'of a subject that looks like one of ours',
  shape,
  { sub: 'system:serviceaccount:a:b:c' },
  {
    ...nothing,
    subject: 'system:serviceaccount:a:b:c',
  },
);
test('none', shape, {}, nothing);

test('a signed token is read without a key', async (t) => {
  const signer = await createSigner(false);
  t.deepEqual(readClaims(await signer.sign(boundClaims(request))), bound);
});

for (const token of [
  '',
  'opaque',
  'a.b',
  'a.b.c.d',
  'a.b.c',
  '..',
  `x.${Buffer.from('[1]').toString('base64url')}.y`,
  `x.${Buffer.from('null').toString('base64url')}.y`,
  `x.${Buffer.from('{"sub":').toString('base64url')}.y`,
])
  test(`no JWT: ${JSON.stringify(token)}`, (t) => {
    t.is(readClaims(token), undefined);
  });

test('any text is claims or an opaque token, and claims are texts and numbers', (t) => {
  const keys = [
    'sub',
    'iss',
    'aud',
    'exp',
    'iat',
    'kubernetes.io',
    ...Object.keys(legacyClaims('n', account, 's')),
  ];
  const claims = fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), fc.jsonValue());
  const token = fc.oneof(
    fc.string(),
    fc.array(fc.base64String(), { minLength: 3, maxLength: 3 }).map((parts) => parts.join('.')),
    claims.map(jwt),
  );
  fc.assert(
    fc.property(token, (text) => {
      const read = readClaims(text);
      if (read === undefined) return;
      const { subject, issuer, namespace, serviceAccount, uid, secret: found, expires, audiences } = read;
      for (const value of [
        subject,
        issuer,
        namespace,
        serviceAccount,
        uid,
        found?.name,
        found?.uid,
        ...audiences,
      ])
        t.true(value === undefined || typeof value === 'string');
      t.true(expires === undefined || Number.isFinite(expires));
    }),
    { numRuns: 2000 },
  );
});

test('any account is read back from its token, in both shapes', (t) => {
  const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  fc.assert(
    fc.property(label, label, label, (namespace, name, secretName) => {
      const of = { name, uid: `${name}-uid` };
      t.like(readClaims(jwt(legacyClaims(namespace, of, secretName))), {
        namespace,
        serviceAccount: name,
        uid: of.uid,
        secret: { name: secretName, uid: undefined },
      });
      t.like(readClaims(jwt(boundClaims({ ...request, namespace, serviceAccount: of, secret: of }))), {
        namespace,
        serviceAccount: name,
        uid: of.uid,
        secret: of,
      });
    }),
    { numRuns: 500 },
  );
});

test('a name that cannot be one is no claim: it would become part of a path', (t) => {
  for (const name of ['a/../b', 'A', '', 'a b', 'a\n', '..', 'x'.repeat(300)]) {
    const claims = { 'kubernetes.io': { namespace: name, serviceaccount: { name } } };
    t.like(readClaims(jwt(claims)), { namespace: undefined, serviceAccount: undefined }, name);
    t.like(readClaims(jwt({ sub: `system:serviceaccount:${name}:${name}` })), { namespace: undefined }, name);
  }
});
