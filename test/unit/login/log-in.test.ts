import { existsSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { logIn, type Login, type LoginRequest } from '../../../src/login/log-in.ts';
import { readEntry } from '../../../src/cache/entry.ts';
import { entryFile } from '../../../src/cache/folder.ts';
import type { Host } from '../../../src/base/host.ts';
import { readProfiles } from '../../../src/settings/profiles.ts';
import { fails } from '../../support/failure.ts';
import { put, withParts } from '../../support/host.ts';
import { profilePath, setScene, type Scene } from '../../support/credential-scene.ts';

/** Every login here reads its token from a file: the keychain of this process is a person's own. */
interface World extends Scene {
  login: (
    flags?: LoginRequest['flags'],
    over?: Partial<LoginRequest>,
    parts?: Partial<Host>,
  ) => Promise<Login>;
}

async function setUp(t: ExecutionContext, options?: Parameters<typeof setScene>[1]): Promise<World> {
  const scene = await setScene(t, options);
  rmSync(join(scene.host.home, profilePath));
  const usual = {
    server: scene.server.url,
    certificateAuthority: '~/ca.crt',
    sourceFile: '~/token',
    timeout: '20s',
  };
  const login: World['login'] = (flags = {}, over = {}, parts = {}) =>
    logIn(withParts(scene.host, parts), {
      profile: 'prod',
      flags: { ...usual, ...flags },
      proposed: {},
      verify: true,
      force: false,
      handedIn: undefined,
      fromProfile: undefined,
      askToken: () => Promise.reject(new Error('not asked for')),
      confirm: () => Promise.resolve(undefined),
      ...over,
    });
  return { ...scene, login };
}

function nothingIsKept(t: ExecutionContext, { host }: Scene): void {
  const folder = join(host.home, '.kube');
  const found = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  t.deepEqual(
    found.filter((each) => !each.isDirectory()),
    [],
  );
}

test('a login proves the token by one exchange, which the first call is then answered from', async (t) => {
  const world = await setUp(t);
  t.deepEqual(await world.login(), {
    target: { server: world.server.url, namespace: 'team-a', serviceAccount: 'robot' },
    place: 'file ~/token',
    life: 3600,
    warnings: [],
  });
  t.is(world.server.exchanges, 1);
  await world.hook();
  t.is(world.server.exchanges, 1);
});

test('what a login kept holds after an edit of the profile file that changes nothing of it', async (t) => {
  const world = await setUp(t);
  await world.login();
  // Saved again by hand.
  utimesSync(join(world.host.home, profilePath), 1000, 1000);
  await world.hook();
  t.is(world.server.exchanges, 1);
});

test('account and namespace are taken from the token, so that the server is all there is to say', async (t) => {
  const world = await setUp(t);
  await world.login();
  t.like(readProfiles(world.host).get('prod')?.(), { namespace: 'team-a', serviceAccount: 'robot' });
});

test('what flags say goes before what the token says', async (t) => {
  const world = await setUp(t);
  world.server.cluster.createAccount({ namespace: 'team-a', name: 'other' });
  world.server.cluster.allow({ namespace: 'team-a', name: 'robot' }, { name: 'other' });
  const { target } = await world.login({ serviceAccount: 'other' });
  t.is(target.serviceAccount, 'other');
  t.like(readProfiles(world.host).get('prod')?.(), { serviceAccount: 'other' });
});

test('an opaque token works when flags say all, and else what is missing is asked for', async (t) => {
  const world = await setUp(t);
  const opaque = world.server.cluster.registerOpaqueToken({ namespace: 'team-a', serviceAccount: 'robot' });
  put(world.host, 'token', opaque);
  await fails(t, () => world.login(), {
    code: 'missing-setting',
    exitCode: 2,
    line: 'the call has no --namespace; the source token does not say it either (is it a whole JWT, and not base64 of one?): give it as a flag or in the profile',
  });
  nothingIsKept(t, world);
  t.is((await world.login({ namespace: 'team-a', serviceAccount: 'robot' })).life, 3600);
});

test('an unverified login asks nobody', async (t) => {
  const world = await setUp(t);
  t.is((await world.login({}, { verify: false })).life, undefined);
  t.is(world.server.requests.length, 0);
  t.true(readProfiles(world.host).has('prod'));
  t.is(readEntry(world.host, 'prod'), undefined);
});

test('less than asked, insecure settings and a token that dies with a Pod are told', async (t) => {
  const world = await setUp(t, { maxExpirationSeconds: 7200 });
  const flags = { duration: '24h', insecureSkipTlsVerify: true, certificateAuthority: undefined };
  t.deepEqual((await world.login(flags)).warnings, [
    'insecure-skip-tls-verify: whoever answers at that address gets the source token',
    'requested expiration of 86400 seconds shortened to 7200 seconds',
  ]);
  const nested = { namespace: 'team-a', serviceaccount: { name: 'robot' }, pod: { name: 'p', uid: 'u' } };
  const claims = Buffer.from(JSON.stringify({ 'kubernetes.io': nested })).toString('base64url');
  put(world.host, 'token', `x.${claims}.y`);
  t.deepEqual((await world.login({}, { verify: false })).warnings, [
    'the source token is bound to Pod p and dies with it',
  ]);
});

test('a login that fails leaves nothing behind', async (t) => {
  const world = await setUp(t);
  world.server.cluster.deny({ namespace: 'team-a', name: 'robot' });
  await fails(t, () => world.login(), { code: 'forbidden', exitCode: 4, line: /^team-a\/robot@/ });
  nothingIsKept(t, world);
  put(world.host, 'token', 'two words');
  await fails(t, () => world.login(), { code: 'bad-token', exitCode: 2, line: /holds more than one word/ });
  rmSync(join(world.host.home, 'token'));
  await fails(t, () => world.login(), {
    code: 'not-logged-in',
    exitCode: 3,
    line: 'prod: no source token in file ~/token; check what writes it',
  });
  await fails(t, () => world.login({ server: undefined }), {
    code: 'missing-setting',
    exitCode: 2,
    line: 'profile "prod" has no --server; add --server https://HOST/kubernetes (the address up to "/api")',
  });
  await fails(t, () => world.login({ namespace: 'team/a' }), {
    code: 'bad-value',
    exitCode: 2,
    line: /^--namespace: /,
  });
  nothingIsKept(t, world);
});

test('a login that fails leaves what was there as it was', async (t) => {
  const world = await setUp(t);
  await world.login();
  const files = () =>
    ['sa-token.yaml', 'cache/sa-token/prod.entry'].map((file) =>
      readFileSync(join(world.host.home, '.kube', file), 'utf8'),
    );
  const before = files();
  world.server.cluster.deny({ namespace: 'team-a', name: 'robot' });
  await fails(t, () => world.login({ audience: 'istio' }), {
    code: 'forbidden',
    exitCode: 4,
    line: /^team-a\/robot@/,
  });
  t.deepEqual(files(), before);
  t.truthy((await world.hook()).status.token);
});

test('a broken profile file is not touched, and no token asked for or sent', async (t) => {
  const world = await setUp(t);
  const file = put(world.host, profilePath, 'profiles: [');
  await fails(t, () => world.login(), {
    code: 'bad-profile-file',
    exitCode: 2,
    line: /^~\/\.kube\/sa-token\.yaml:\d+: /,
  });
  t.is(readFileSync(file, 'utf8'), 'profiles: [');
  t.is(world.server.requests.length, 0);
});

test('a profile that cannot be written is told, and no entry is kept', async (t) => {
  const world = await setUp(t);
  const env = { KUBECTL_SA_TOKEN_CONFIG: join(world.host.home, 'token', 'x.yaml') };
  await fails(t, () => world.login({}, {}, { env }), {
    code: 'unwritable-file',
    exitCode: 2,
    line: /^cannot write ~\/token\/x\.yaml\.lock \(/,
  });
  nothingIsKept(t, world);
});

/** Answers, and keeps the questions. */
function person(answer: boolean | undefined) {
  const questions: string[] = [];
  const confirm = async (question: string) => {
    questions.push(question);
    return answer;
  };
  return { questions, confirm };
}

const replaces = (changes: string) =>
  `profile "prod" has a login already: ${changes}. Nothing was sent or changed; add --force to replace it, or take another profile name`;

test('a login over another account asks on a terminal, and needs --force in a pipe', async (t) => {
  const world = await setUp(t);
  await world.login();
  const other = await world.server.cluster.createRobot({ namespace: 'team-b', name: 'robot' });
  put(world.host, 'token', other.token);
  const before = readProfiles(world.host).get('prod')?.();
  const sent = world.server.requests.length;
  const changes = 'it is for team-a/robot, not team-b/robot';
  await fails(t, () => world.login({ namespace: 'team-b' }), {
    code: 'login-replaces',
    exitCode: 2,
    line: replaces(changes),
  });
  const no = person(false);
  await fails(t, () => world.login({ namespace: 'team-b' }, no), {
    code: 'interrupted',
    exitCode: 1,
    line: 'interrupted; nothing was written',
  });
  t.deepEqual(no.questions, [`This replaces the login of "prod": ${changes}. Replace it?`]);
  t.deepEqual(readProfiles(world.host).get('prod')?.(), before);
  t.is(world.server.requests.length, sent, 'no token is sent before somebody agreed');
  t.like(await world.login({ namespace: 'team-b' }, person(true)), { target: { namespace: 'team-b' } });
  put(world.host, 'token', world.robot.token);
  const forced = person(true);
  const login = await world.login({ namespace: 'team-a' }, { force: true, ...forced });
  t.like(login, { target: { namespace: 'team-a' } });
  t.deepEqual(forced.questions, []);
});

test('a login over another server asks, wherever the address came from', async (t) => {
  const world = await setUp(t);
  await world.login();
  const elsewhere = 'https://evil.example/kubernetes';
  const refused = {
    code: 'login-replaces',
    exitCode: 2 as const,
    line: replaces(`it is for ${world.server.url}, not ${elsewhere}`),
  };
  await fails(t, () => world.login({ server: elsewhere }), refused);
  const proposed = { server: elsewhere };
  await fails(t, () => world.login({ server: undefined }, { proposed }), refused);
  const env = { KUBECTL_SA_TOKEN_SERVER: elsewhere };
  await fails(t, () => world.login({ server: undefined }, {}, { env }), refused);
  t.like(readProfiles(world.host).get('prod')?.(), { server: world.server.url });
  await world.login();
});

test('the token of another account is no new login of a profile, unless the call names the account', async (t) => {
  const world = await setUp(t);
  await world.login();
  const sent = world.server.requests.length;
  const other = await world.server.cluster.createRobot({ namespace: 'team-b', name: 'robot' });
  put(world.host, 'token', other.token);
  await fails(t, () => world.login({}, { force: true }), {
    code: 'wrong-account',
    exitCode: 2,
    line: 'the token is of team-b/robot, but profile "prod" is for team-a/robot; use another profile name, or name the account with --namespace and --service-account',
  });
  t.is(world.server.requests.length, sent);
  t.like(readProfiles(world.host).get('prod')?.(), { namespace: 'team-a', serviceAccount: 'robot' });
});

test('what was proposed counts before the profile, and flags before that', async (t) => {
  const world = await setUp(t);
  await world.login({ duration: '2h', audience: ['one'] });
  await world.login({ duration: '30m' }, { proposed: { duration: 900, audience: ['two'] } });
  t.like(readProfiles(world.host).get('prod')?.(), { duration: 1800, audience: ['two'] });
});

test('a second login keeps what the profile says, and what the flags say goes before it', async (t) => {
  const world = await setUp(t);
  await world.login({ audience: ['istio'], duration: '2h' });
  await world.login({ duration: '30m' });
  t.like(readProfiles(world.host).get('prod')?.(), { audience: ['istio'], duration: 1800 });
});

test('a new login ends what was kept of the old one, and what was told of its failures', async (t) => {
  const world = await setUp(t);
  await world.login();
  await world.hook(['prod', '--audience', 'istio']);
  const folder = join(world.host.home, '.kube/cache/sa-token');
  for (const kind of ['failed', 'clients', 'renewing'] as const)
    writeFileSync(entryFile(world.host, 'prod', kind), 'x');
  t.true(readdirSync(folder).length > 4);
  const first = readEntry(world.host, 'prod');
  await world.login();
  t.deepEqual(readdirSync(folder).sort(), ['prod.entry', 'prod.retry']);
  t.not(readEntry(world.host, 'prod')?.credential, first?.credential);
});

test('a login ends a remembered refusal even where there never was an entry', async (t) => {
  const world = await setUp(t);
  put(world.host, '.kube/cache/sa-token/prod.failed', 'x');
  await world.login({ cache: 'none' });
  t.deepEqual(readdirSync(join(world.host.home, '.kube/cache/sa-token')), []);
});

const unread = () => Promise.reject(new Error('it is not read'));

test('a token that is given, and a flag that names another place for it, exclude each other', async (t) => {
  const world = await setUp(t);
  const refused = {
    code: 'bad-usage',
    exitCode: 2 as const,
    line: 'a token is given, and --source-file names another place for it; see "kubectl sa-token login --help"',
  };
  await fails(t, () => world.login({}, { handedIn: unread }), refused);
  await world.login();
  const sent = world.server.requests.length;
  await fails(t, () => world.login({}, { profile: 'dev', fromProfile: 'prod' }), refused);
  t.is(world.server.requests.length, sent);
  t.false(readProfiles(world.host).has('dev'));
});

test('of a profile that is not there nothing can be taken', async (t) => {
  const world = await setUp(t);
  await fails(t, () => world.login({ sourceFile: undefined }, { fromProfile: 'none' }), {
    code: 'unknown-profile',
    exitCode: 2,
    line: /^there is no profile "none" in /,
  });
  nothingIsKept(t, world);
});

const trustHint = 'if it is needed, name the file with --certificate-authority';

test('a variable that adds trust here, and does not in a hook, is told', async (t) => {
  const world = await setUp(t);
  const flags = { certificateAuthority: undefined };
  for (const name of ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS']) {
    const env = { ...world.host.env, [name]: '/ca' };
    // oxlint-disable-next-line no-await-in-loop
    const { warnings } = await world.login(flags, { verify: false, force: true }, { env });
    t.deepEqual(warnings, [`kubectl's hook does not use ${name}: ${trustHint}`]);
    rmSync(join(world.host.home, profilePath));
  }
  const env = { ...world.host.env, SSL_CERT_FILE: '/ca' };
  t.deepEqual((await world.login({}, { verify: false }, { env })).warnings, [], 'the CA is named');
});

test('signals wait while a login is stored, and only then', async (t) => {
  const world = await setUp(t);
  const steps: string[] = [];
  const seen = (step: string) => steps.push(`${step}: ${existsSync(join(world.host.home, profilePath))}`);
  const holdSignals = () => {
    seen('held');
    return () => void seen('released');
  };
  await world.login({}, {}, { holdSignals });
  t.deepEqual(steps, ['held: false', 'released: true']);
});

test('a cache that cannot be written does not fail a login', async (t) => {
  const world = await setUp(t);
  const env = { KUBECACHEDIR: join(world.host.home, 'token') };
  await world.login({}, {}, { env });
  t.true(readProfiles(world.host).has('prod'));
});

test('what cannot be removed of an old entry does not fail a login', async (t) => {
  const world = await setUp(t);
  await world.login();
  const first = await world.hook();
  put(world.host, '.kube/cache/sa-token/prod.renewing/theirs', '');
  await world.login();
  t.not((await world.hook()).status.token, first.status.token);
});
