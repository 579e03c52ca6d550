import test from 'ava';
import { judgeSelf } from '../../../src/api/self-review.ts';
import type { Reply } from '../../../src/http/request.ts';
import { fails } from '../../support/failure.ts';

const SERVER = 'https://api.example';

function reply(status: number, body: unknown, headers = {}): Reply {
  return { status, headers, warnings: [], body: typeof body === 'string' ? body : JSON.stringify(body) };
}

test('who it is, whatever is left out', (t) => {
  const userInfo = { username: 'u', uid: '1', groups: ['a', 2], extra: { k: ['v'], broken: 'x' } };
  t.deepEqual(judgeSelf(SERVER, reply(201, { status: { userInfo } })), {
    server: SERVER,
    username: 'u',
    uid: '1',
    groups: ['a'],
    extra: { k: ['v'], broken: [] },
  });
  t.like(judgeSelf(SERVER, reply(201, { status: { userInfo: { username: 'u' } } })), {
    uid: undefined,
    groups: [],
    extra: {},
  });
});

const status = (code: number, message = '') => reply(code, { kind: 'Status', message, code });

for (const [title, answer, code, exitCode, line] of [
  ['refused', status(401, 'Unauthorized'), 'issued-token-refused', 4, /refused \(401\)/],
  ['forbidden', status(403, 'no'), 'whoami-forbidden', 4, /may not ask who it is \(403\): no; /],
  ['a proxy’s page', reply(404, '<h1>404</h1>'), 'not-served', 5, /does not serve SelfSubjectReview \(404\)/],
  ['a proxy’s 405', reply(405, ''), 'not-served', 5, /\(405\)/],
  [
    'a gateway’s line',
    reply(401, 'Jwt issuer is not configured'),
    'api-failed',
    5,
    /in front of the API server/,
  ],
  ['an empty yes', reply(201, '{}'), 'not-served', 5, /\(201\)/],
  ['a redirect', reply(302, '', { location: 'https://x' }), 'redirected', 5, /redirect to https:\/\/x/],
  ['a failure', status(500, 'oops'), 'api-failed', 5, /answered 500: oops/],
] as const) {
  test(`no answer: ${title}`, async (t) => {
    await fails(t, () => judgeSelf(SERVER, answer), { code, exitCode, line });
  });
}
