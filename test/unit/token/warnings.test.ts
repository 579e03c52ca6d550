import test from 'ava';
import { reportToken, type TokenReport } from '../../../src/token/report.ts';
import { issuedWarnings, sourceWarnings } from '../../../src/token/warnings.ts';
import { boundClaims, legacyClaims } from '../../support/api-server/tokens.ts';

const DAY = 86_400;
const NOW = 1_800_000_000;
const ISSUER = 'https://issuer.example';
const target = { server: 'https://h/kubernetes', namespace: 'team-a', serviceAccount: 'robot' };
const account = { name: 'robot', uid: 'u-1' };

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Unsigned: nothing here looks at the signature. */
function report(claims: object, now = NOW, place = 'somewhere'): TokenReport {
  return reportToken(`${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}.c2ln`, place, now);
}

function bound(
  more: { seconds?: number; age?: number; audiences?: string[]; name?: string } = {},
  extra = {},
) {
  const { seconds = 3600, age = 0, audiences = [ISSUER], name = 'robot' } = more;
  const claims = boundClaims({
    issuer: ISSUER,
    audiences,
    namespace: 'team-a',
    serviceAccount: { ...account, name },
    issuedAt: NOW - age,
    seconds,
  });
  return { ...claims, 'kubernetes.io': { ...claims['kubernetes.io'], ...extra } };
}

const codes = (warnings: readonly { code: string }[]) => warnings.map(({ code }) => code);
const legacy = report(legacyClaims('team-a', account, 'robot-token'));
const opaque = reportToken('opaque', 'keychain', NOW);

test('a report of a legacy token, of a bound one, of one that is no JWT', (t) => {
  t.like(legacy, { kind: 'legacy', boundTo: 'Secret robot-token', life: undefined, issuedAt: undefined });
  t.like(report(bound({ age: 600 })), {
    kind: 'bound',
    boundTo: undefined,
    audiences: [ISSUER],
    issuedAt: NOW - 600,
    life: { expires: NOW + 3000, granted: 3600, left: 3000 },
    header: { alg: 'RS256', kid: 'k' },
  });
  t.is(report(bound({}, { pod: { name: 'p', uid: 'x' }, node: { name: 'n', uid: 'y' } })).boundTo, 'Pod p');
  t.is(report(bound({}, { node: { name: 'n', uid: 'y' } })).boundTo, 'Node n');
  t.like(opaque, { kind: 'opaque', claims: undefined, header: undefined, life: undefined });
});

test('the local clock’s end goes before the claim', (t) => {
  const token = `e30.${part(bound())}.c2ln`;
  t.is(reportToken(token, 'cached', NOW, NOW + 60).life?.left, 60);
});

for (const [title, source, expected] of [
  ['a legacy token', legacy, ['legacy', 'no-expiry']],
  ['no JWT', opaque, ['opaque']],
  ['a young token with an end', report(bound({ seconds: 365 * DAY })), []],
  ['one that ends soon', report(bound({ seconds: 365 * DAY, age: 355 * DAY })), ['ends-soon', 'old']],
  ['one that is short by design', report(bound({ seconds: DAY })), []],
  ['one that has expired', report(bound({ seconds: DAY, age: 2 * DAY })), ['expired']],
  ['an old one', report(bound({ seconds: 365 * DAY, age: 91 * DAY })), ['old']],
  ['a pod’s', report(bound({}, { pod: { name: 'p', uid: 'x' } })), ['dies-with-object']],
] as const) {
  test(`what to know of a source token: ${title}`, (t) => {
    t.deepEqual(codes(sourceWarnings(source, target, NOW)), expected);
  });
}

const text = (seconds: number) =>
  sourceWarnings(report(bound({ seconds }), NOW, 'keychain'), target, NOW).map((each) => each.text);

test('a source token that nobody renews, and that ends soon', (t) => {
  const rest = ': log in with a new one before';
  t.deepEqual(text(900), [`it ends in 15m${rest}`]);
  t.deepEqual(text(7300), [`it ends in 2h 1m${rest}`]);
  t.deepEqual(text(DAY), [`it ends in 1d${rest}`]);
  t.deepEqual(text(14 * DAY), []);
});

const issued = report(bound());

test('less than was asked for', (t) => {
  const [warning] = issuedWarnings(issued, legacy, { duration: 7200, audience: ['factors'] }, NOW);
  t.is(warning?.code, 'shortened');
  t.regex(warning?.text ?? '', /^asked for 7200 s, granted 3600 s: /);
  t.false(codes(issuedWarnings(issued, legacy, { duration: 3600 }, NOW)).includes('shortened'));
});

const other = report(bound({ audiences: ['factors'] }));
const stranger = report(bound({ name: 'requester' }));

test('self-renewing: known where the same account has just got it for the API server', (t) => {
  const [warning] = issuedWarnings(issued, legacy, {}, NOW);
  t.is(warning?.code, 'self-renewing');
  t.regex(warning?.text ?? '', /none was asked for.*the source token, of the same account, got this one so/);
  const [byIssuer] = issuedWarnings(issued, legacy, { audience: [ISSUER] }, NOW);
  t.regex(byIssuer?.text ?? '', /its audience is the issuer \(the API server's own, unless --api-audiences/);
});

test('self-renewing: only possible where another account asked, or nobody knows which', (t) => {
  for (const source of [stranger, opaque]) {
    const [warning] = issuedWarnings(issued, source, {}, NOW);
    t.is(warning?.code, 'may-be-self-renewing');
    t.regex(warning?.text ?? '', /only RBAC tells/);
  }
});

test('self-renewing: not with the audience of another service', (t) => {
  t.deepEqual(issuedWarnings(other, legacy, { audience: ['factors'] }, NOW), []);
});

test('an issued token of other settings, expired, or stale', (t) => {
  t.deepEqual(codes(issuedWarnings(other, legacy, undefined, NOW)), ['other-settings']);
  const late = report(bound({ audiences: ['factors'], age: 7200 }));
  t.deepEqual(codes(issuedWarnings(late, legacy, { audience: ['factors'] }, NOW)), ['expired']);
  const extended = report(bound({ audiences: ['factors'] }, { warnafter: NOW - 1 }));
  const endless = report(bound({ audiences: ['factors'] }, { warnafter: -8.65e12 }));
  t.deepEqual(codes(issuedWarnings(extended, legacy, { audience: ['factors'] }, NOW)), ['stale']);
  t.deepEqual(codes(issuedWarnings(endless, legacy, { audience: ['factors'] }, NOW)), [], 'no date has it');
});
