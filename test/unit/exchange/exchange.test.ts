import test, { type ExecutionContext } from 'ava';
import { decodeJwt } from 'jose';
import { issue } from '../../../src/exchange/exchange.ts';
import type { Settings } from '../../../src/settings/table.ts';
import { fails } from '../../support/failure.ts';
import { createHost, put, withParts, type TestHost } from '../../support/host.ts';
import { cleanToken, type SourceToken } from '../../../src/source/source.ts';
import { ROBOT, TOKEN_PATH, withRobot, type Scene } from '../../support/robot.ts';
import type { Fault, ServerOptions } from '../../support/token-request-server.ts';

function sourceToken(text: string): SourceToken {
  const token = cleanToken(text, 'the token');
  if (token === undefined) throw new Error('no token');
  return token;
}

interface World extends Scene {
  host: TestHost;
  settings: Settings;
  exchangeWith: (
    over?: Settings,
    more?: { token?: string; host?: TestHost; account?: string },
  ) => ReturnType<typeof issue>;
}

async function setUp(t: ExecutionContext, options?: ServerOptions): Promise<World> {
  const scene = await withRobot(t, options);
  const host = createHost(t);
  const settings: Settings = {
    server: scene.server.url,
    certificateAuthority: put(host, 'ca.crt', scene.server.caPem),
    timeout: 20,
  };
  const exchangeWith: World['exchangeWith'] = (over = {}, more = {}) => {
    const serviceAccount = more.account ?? ROBOT.name;
    const target = { server: scene.server.url, namespace: ROBOT.namespace, serviceAccount };
    return issue(
      more.host ?? host,
      target,
      { ...settings, ...over },
      sourceToken(more.token ?? scene.robot.token),
    );
  };
  return { ...scene, host, settings, exchangeWith };
}

const sent = ({ server }: Scene, index = 0): { spec: object; metadata: object } =>
  JSON.parse(server.requests[index]?.body ?? '');

test('a clock that is set back meanwhile: the end is told by what it is now', async (t) => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5);
  const world = await setUp(t, { now: () => now });
  let looks = 0;
  // Five hours ahead when it asks, and right when it is answered.
  const host = withParts(world.host, { now: () => (looks++ === 0 ? now + 18_000_000 : now) });
  const { asked, life } = await world.exchangeWith({ duration: 3600 }, { host });
  const end = asked + life;
  t.true(end <= now / 1000 + 3600 && end > now / 1000 + 3580, `${end}`);
});

test('an exchange gives a token, and when it was asked for and for how long', async (t) => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5);
  const world = await setUp(t, { now: () => now });
  const host = withParts(world.host, { now: () => now });
  const { token, ...rest } = await world.exchangeWith({ duration: 3600 }, { host });
  t.like(rest, { asked: now / 1000, notes: [], skew: 0, life: 3600 });
  t.is(decodeJwt(token).sub, 'system:serviceaccount:team-a:robot');
});

test('the request is bound to the token’s own Secret and carries the account’s uid', async (t) => {
  const world = await setUp(t);
  const { token } = await world.exchangeWith({ audience: ['istio'], duration: 900 });
  t.like(world.server.requests[0], { method: 'POST', path: `/kubernetes${TOKEN_PATH}` });
  t.deepEqual(sent(world), {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: 'robot', namespace: 'team-a', uid: world.robot.uid },
    spec: {
      audiences: ['istio'],
      expirationSeconds: 900,
      boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: world.robot.secretName },
    },
  });
  const issued = decodeJwt(token);
  t.like(issued, { aud: ['istio'], 'kubernetes.io': { secret: { name: world.robot.secretName } } });
});

test('a long-lived TokenRequest token, bound and unbound, and an opaque one', async (t) => {
  const world = await setUp(t);
  const { cluster } = world.server;
  const of = { namespace: 'team-a', serviceAccount: 'robot', seconds: 86_400 };
  const boundSecret = world.robot.secretName;
  await world.exchangeWith({}, { token: await cluster.issueLongToken({ ...of, boundSecret }) });
  await world.exchangeWith({}, { token: await cluster.issueLongToken(of) });
  await world.exchangeWith({}, { token: cluster.registerOpaqueToken(of) });
  const uid = world.robot.secretUid;
  t.like(sent(world, 0).spec, { boundObjectRef: { name: boundSecret, uid } });
  t.deepEqual(sent(world, 1).spec, {});
  t.deepEqual(sent(world, 2), {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: 'robot', namespace: 'team-a' },
    spec: {},
  });
});

test('a life that is shortened is kept, and told', async (t) => {
  const { exchangeWith } = await setUp(t, { maxExpirationSeconds: 7200 });
  const { life, notes } = await exchangeWith({ duration: 86_400 });
  t.is(life, 7200);
  t.deepEqual(notes, ['requested expiration of 86400 seconds shortened to 7200 seconds']);
});

test('a clock hours off, here or there, changes neither the life nor the plan', async (t) => {
  for (const skew of [-86_400, -3600, 3600, 86_400]) {
    const { server, host, exchangeWith } = await setUp(t);
    const wrong = withParts(host, { now: () => Date.now() - skew * 1000 });
    const before = Math.floor(wrong.now() / 1000);
    const issued = await exchangeWith({ duration: 3600 }, { host: wrong });
    // The server's Date has whole seconds.
    t.true(issued.life >= 3599 && issued.life <= 3601);
    t.true(Math.abs((issued.skew ?? 0) - skew) <= 2);
    t.true(Math.abs(issued.asked - before) <= 2, 'on the local clock');
    t.is(server.exchanges, 1);
  }
});

// Tries.

const recovered = test.macro<[Fault, number]>({
  async exec(t, fault, times) {
    const { server, host, exchangeWith } = await setUp(t);
    server.faults.next(fault, times);
    t.is((await exchangeWith()).life, 3600);
    t.is(server.requests.length, times + 1);
    t.is(host.written.steps.filter((step) => step.includes('next try in')).length, times);
  },
  title: (given) => `over in a moment: ${given}`,
});

test('a closed connection', recovered, 'reset', 2);
test('an overloaded server', recovered, { status: 429, headers: { 'Retry-After': '0' } }, 2);
test('a 503 page', recovered, { html: 503 }, 1);
test('a 502 page', recovered, { html: 502 }, 2);
test('a 500', recovered, 'internal-error', 1);
test('a 504', recovered, 'timeout', 1);

test('what a server asks for is waited', async (t) => {
  const { server, exchangeWith } = await setUp(t);
  server.faults.next('too-many-requests');
  await exchangeWith();
  const [first, second] = server.requests;
  t.true((second?.at ?? 0) - (first?.at ?? 0) >= 1000);
});

const final = test.macro<[Fault, string, 4 | 5]>({
  async exec(t, fault, code, exitCode) {
    const { server, exchangeWith } = await setUp(t);
    server.faults.next(fault, 9);
    // Long enough for busy machines; what never comes is waited for in vain.
    const timeout = fault === 'stall' ? 2 : 20;
    await fails(t, () => exchangeWith({ timeout }), { code, exitCode, line: /^team-a\/robot@https:/ });
    t.is(server.requests.length, 1);
  },
  title: (given) => `asked once: ${given}`,
});

test('a redirect', final, { redirect: 'https://elsewhere.example/' }, 'redirected', 5);
test('an empty 404', final, 'empty-404', 'not-the-endpoint', 5);
test('HTML with 200', final, { html: 200 }, 'not-the-endpoint', 5);
test('a proxy’s 403', final, { html: 403 }, 'proxy-refused', 4);
test('a gateway that does not know the issuer', final, 'jwt-issuer-not-configured', 'gateway-refused', 4);
test('an answer without a token', final, { dropToken: true }, 'bad-answer', 5);
test('a token with control characters', final, { controlCharsInToken: true }, 'bad-answer', 5);
test('another subject', final, { wrongSubject: 'system:serviceaccount:team-a:admin' }, 'bad-answer', 5);
test('a token that has ended', final, { shortenTo: -60 }, 'bad-answer', 5);
test('a server that says nothing', final, 'stall', 'timed-out', 5);
test(
  'a server that asks for more time than there is',
  final,
  { status: 429, headers: { 'Retry-After': '60' } },
  'overloaded',
  5,
);
test('a 1 GiB answer', final, 'endless', 'bad-answer', 5);

test('another audience is refused when one was asked for', async (t) => {
  const { server, exchangeWith } = await setUp(t);
  server.faults.next({ wrongAudience: 'other' }, 2);
  await fails(t, () => exchangeWith({ audience: ['istio'] }), {
    code: 'bad-answer',
    exitCode: 5,
    line: /: the issued token lacks the audience istio; nothing was kept/,
  });
  t.is((await exchangeWith()).life, 3600);
});

test('one deadline holds for all tries, and the last word of the server is told', async (t) => {
  const { server, exchangeWith } = await setUp(t);
  server.faults.next({ html: 502 }, 99);
  await fails(t, () => exchangeWith({ timeout: 3 }), {
    code: 'server-failed',
    exitCode: 5,
    line: /: the server failed \(502\): /,
  });
  t.true(server.requests.length >= 2 && server.requests.length <= 5);
});

test('what the API server refuses is refused once, and told', async (t) => {
  const { server, robot, exchangeWith } = await setUp(t);
  const refusals: [string, () => unknown, Settings?, string?][] = [
    ['account-not-found', () => server.cluster.allow(ROBOT, { name: 'ghost' }), {}, 'ghost'],
    ['invalid-request', () => undefined, { duration: 60 }],
    ['account-not-found', () => undefined, { boundObjectKind: 'Pod', boundObjectName: 'x' }],
    ['forbidden', () => server.cluster.deny(ROBOT)],
    ['unauthorized', () => server.cluster.deleteSecret({ namespace: 'team-a', name: robot.secretName })],
  ];
  for (const [code, change, over, account = 'robot'] of refusals) {
    server.reset();
    change();
    await fails(t, () => exchangeWith(over, { account }), {
      code,
      exitCode: 4,
      line: /^team-a\/(?:robot|ghost)@/,
    });
    t.is(server.requests.length, 1);
  }
});

test('an account made anew is a conflict, not a surprise', async (t) => {
  const world = await setUp(t);
  const { cluster } = world.server;
  // Opaque to the server, with the claims of the old account: what is left of a token after its account was replaced.
  const old = world.robot.token;
  cluster.recreateAccount(ROBOT);
  cluster.opaqueTokens.set(old, ROBOT);
  await fails(t, () => world.exchangeWith({ boundObjectKind: 'none' }), {
    code: 'conflict',
    exitCode: 4,
    line: /the account or the bound object was deleted and made again: Operation cannot be fulfilled on TokenRequest/,
  });
});

test('an Authorization header that gets lost on the way is called that', async (t) => {
  const { server, exchangeWith } = await setUp(t);
  await fails(t, () => exchangeWith({}, { token: 'unknown-token' }), {
    code: 'unauthorized',
    exitCode: 4,
    line: /the source token was refused \(401\)/,
  });
  const message =
    'serviceaccounts "robot" is forbidden: User "system:anonymous" cannot create resource "serviceaccounts/token"';
  const body = JSON.stringify({ kind: 'Status', status: 'Failure', message, reason: 'Forbidden', code: 403 });
  server.faults.next({ status: 403, body });
  await fails(t, () => exchangeWith(), {
    code: 'anonymous',
    exitCode: 4,
    line: /the API server saw no token/,
  });
});

test('the steps that -v shows name no token', async (t) => {
  const { host, robot, exchangeWith } = await setUp(t);
  const { token } = await exchangeWith();
  t.deepEqual(host.written.steps.length, 2);
  const shown = host.written.steps.join('\n');
  t.false(shown.includes(robot.token) || shown.includes(token));
});
