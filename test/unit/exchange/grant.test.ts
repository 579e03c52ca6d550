import test from 'ava';
import { checkGrant } from '../../../src/exchange/grant.ts';
import type { Grant } from '../../../src/exchange/token-request.ts';
import type { Settings } from '../../../src/settings/table.ts';
import { fails } from '../../support/failure.ts';
import { jwt } from '../../support/jwt.ts';

const target = { server: 'https://h.example/kubernetes', namespace: 'team-a', serviceAccount: 'robot' };
const at = 'team-a/robot@https://h.example/kubernetes';
const claims = {
  sub: 'system:serviceaccount:team-a:robot',
  aud: ['api', 'istio'],
  iat: 1_800_000_000,
  exp: 1_800_003_600,
};

/** @param life - seconds that the answer says, from the token's time of issue on */
function grant(over: object = {}, life = 3600): Grant {
  return { token: jwt({ ...claims, ...over }), life, end: claims.iat + life, skew: 0, warnings: [] };
}

const kept = test.macro<[Settings, Grant, string[]]>({
  exec(t, settings, given, notes) {
    t.deepEqual(checkGrant(target, settings, given, undefined), notes);
  },
  title: (given) => `a grant is kept: ${given}`,
});

const shortened = 'requested expiration of 86400 seconds shortened to 3600 seconds';
test('as it was asked for', kept, { audience: ['istio'], duration: 3600 }, grant(), []);
test('with more audiences than asked for', kept, { audience: ['api'] }, grant(), []);
test('when nothing was asked for', kept, {}, grant({ aud: undefined }), []);
test('one audience as a text', kept, { audience: ['api'] }, grant({ aud: 'api' }), []);
test(
  'shorter than asked, said by the server',
  kept,
  { duration: 86_400 },
  { ...grant(), warnings: [shortened] },
  [shortened],
);
test('shorter than asked, unsaid', kept, { duration: 86_400 }, grant(), [
  'asked for 86400 s, granted 3600 s',
]);
test('shorter by less than a minute', kept, { duration: 3659 }, grant(), []);
test('with another warning', kept, { duration: 86_400 }, { ...grant(), warnings: ['x'] }, [
  'x',
  'asked for 86400 s, granted 3600 s',
]);
// kubernetes/kubernetes pkg/registry/core/serviceaccount/storage/token.go: a Pod's token of 3607 s lives for a year.
const extended = { exp: claims.iat + 31_536_000, 'kubernetes.io': { warnafter: claims.iat + 3607 } };
test('made to live a year, and said to be', kept, {}, grant(extended, 3607), []);
test('up to a minute shorter or longer than the answer says', kept, {}, grant({}, 3659), []);
test('up to a minute longer', kept, {}, grant({}, 3541), []);
test('valid within a minute', kept, {}, grant({ nbf: claims.iat + 59 }), []);

const refused = test.macro<[Settings, Grant, string]>({
  async exec(t, settings, given, problem) {
    await fails(t, () => checkGrant(target, settings, given, undefined), {
      code: 'bad-answer',
      exitCode: 5,
      line: `${at}: ${problem}; nothing was kept; check what serves this address`,
    });
  },
  title: (given) => `a grant is refused: ${given}`,
});

test(
  'of another account',
  refused,
  {},
  grant({ sub: 'system:serviceaccount:team-a:admin' }),
  'the issued token is for "system:serviceaccount:team-a:admin", not for system:serviceaccount:team-a:robot',
);
test(
  'of nobody',
  refused,
  {},
  grant({ sub: undefined }),
  'the issued token is for "nobody", not for system:serviceaccount:team-a:robot',
);
test(
  'with control characters in its subject',
  refused,
  {},
  grant({ sub: 'a\u001b[2J\nb' }),
  String.raw`the issued token is for "a\u001b[2J\nb", not for system:serviceaccount:team-a:robot`,
);
test(
  'without an audience',
  refused,
  { audience: ['istio', 'other', 'third'] },
  grant(),
  'the issued token lacks the audience other, third',
);
const account = (uid: string) => ({ 'kubernetes.io': { serviceaccount: { name: 'robot', uid } } });

test('a grant for an account that was made anew is refused, whether its server looked at the UID or not', async (t) => {
  const given = { ...grant(), token: jwt({ ...claims, ...account('new') }) };
  for (const uid of [undefined, 'new']) t.deepEqual(checkGrant(target, {}, given, uid), []);
  await fails(t, () => checkGrant(target, {}, given, 'old'), {
    code: 'conflict',
    exitCode: 4,
    line: `${at}: the account or the bound object was deleted and made again: the source token is of the one before; log in with a token of the new one: kubectl sa-token login PROFILE`,
  });
});

const times = 'the issued token does not end when the answer says it does';
test('without an end', refused, {}, grant({ exp: undefined }), 'the issued token has no end');
test('with an end that is no number', refused, {}, grant({ exp: '2027' }), 'the issued token has no end');
test('that ends before the answer says', refused, {}, grant({}, 3661), times);
test('that ends after the answer says', refused, {}, grant({}, 3539), times);
test('that lives a year, unsaid', refused, {}, grant({ exp: claims.iat + 31_536_000 }), times);
test('extended, and of another day', refused, {}, grant({ ...extended, exp: claims.iat - 5 }, 3607), times);
test(
  'that was issued yesterday, in an answer of today',
  refused,
  {},
  grant({ iat: claims.iat - 86_400, exp: claims.exp - 86_400 }),
  times,
);
test(
  'without a time of issue',
  refused,
  {},
  grant({ iat: undefined }),
  'the issued token does not say when it was issued',
);
test(
  'that is valid only later',
  refused,
  {},
  grant({ nbf: claims.iat + 61 }),
  'the issued token is not valid yet',
);
test('that is no JWT', refused, {}, { ...grant(), token: 'opaque' }, 'the issued token is not a JWT');
test(
  'that is a JWT of something else',
  refused,
  {},
  { ...grant(), token: jwt([1]) },
  'the issued token is not a JWT',
);
