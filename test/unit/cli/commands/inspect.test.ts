import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { startServer } from '../../../support/token-request-server.ts';
import { ROBOT } from '../../../support/robot.ts';
import { findSecret } from '../../../support/secret-scan.ts';
import { checkRows, commandScene, type BadInput } from '../../../support/command-scene.ts';

test.serial('both tokens, what to know of them, and never a token', async (t) => {
  const { run, robot, server } = await commandScene(t);
  const before = await run(['inspect', 'prod']);
  t.deepEqual([before.code, before.stderr], [0, '']);
  t.regex(before.stdout, /^team-a\/robot@https:\/\/localhost:\d+\/kubernetes \(profile "prod"\)\n/);
  t.regex(before.stdout, /\nsource token: file ~\/token\n {2}kind {8}legacy: kept in a Secret\n/);
  t.regex(
    before.stdout,
    /\n {2}bound to {4}Secret robot-token\n {2}issued {6}not said\n {2}expires {5}never\n/,
  );
  t.regex(before.stdout, /\nissued token: none is cached; --exchange gets one\n/);
  t.regex(before.stdout, /\nwarning: source token: a legacy token: .*get secret robot-token/);
  t.regex(before.stdout, /\nwarning: source token: it never expires/);
  t.is(server.requests.length, 0);

  const exchanged = await run(['inspect', 'prod', '--exchange', '--duration', '30m']);
  t.regex(exchanged.stdout, /\nissued token: new\n {2}kind {8}of a TokenRequest\n/);
  t.regex(exchanged.stdout, /\(\d+m left\)\n/);
  t.regex(exchanged.stdout, /\nwarning: issued token: who steals it can renew it for ever/);
  const issued = await run(['get-token', 'prod', '-o', 'token']);
  const after = await run(['inspect', 'prod', '-v']);
  t.regex(after.stdout, /\nissued token: cached\n/);
  const texts = { before: before.stdout, exchanged: exchanged.stdout, after: after.stdout + after.stderr };
  for (const secret of [robot.token, issued.stdout.trim()])
    t.deepEqual(await findSecret(secret, { texts }), []);
});

test.serial('for scripts: claims, dates, seconds and stable warnings', async (t) => {
  const { run, robot } = await commandScene(t);
  await run(['get-token', 'prod']);
  const { stdout } = await run(['inspect', 'prod', '-o', 'json']);
  const { source, issued, target, warnings } = JSON.parse(stdout);
  t.is(target.serviceAccount, 'robot');
  t.is(source.claims['kubernetes.io/serviceaccount/service-account.uid'], robot.uid);
  t.is(issued.claims['kubernetes.io'].secret.uid, robot.secretUid);
  t.is(issued.secondsGranted, 3600);
  t.true(issued.secondsLeft > 3500 && issued.secondsLeft <= 3600);
  t.regex(issued.expirationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  t.deepEqual(
    warnings.map(({ code, token }: { code: string; token: string }) => `${token} ${code}`),
    ['source legacy', 'source no-expiry', 'issued self-renewing'],
  );
  t.regex((await run(['inspect', 'prod', '-o', 'yaml'])).stdout, /^profile: prod\n/);
});

test.serial('a token that was issued for other settings is said to be so', async (t) => {
  const { run, profile } = await commandScene(t);
  await run(['get-token', 'prod']);
  await profile('prod', { duration: '2h' });
  const { stdout } = await run(['inspect', 'prod']);
  t.regex(stdout, /warning: issued token: it was issued for other settings/);
});

test.serial('signatures, with the keys of the API server, or of an issuer that is named', async (t) => {
  const { run, server, context } = await commandScene(t);
  await run(['get-token', 'prod']);
  const both = await run(['inspect', 'prod', '--context', 'admin']);
  t.is(both.code, 0);
  t.is(
    both.stdout.match(/signature {3}valid \(keys at https:\/\/localhost:\d+\/openid\/v1\/jwks\)/g)?.length,
    2,
  );

  // Keys are for everybody where an issuer is meant to be found.
  const jwks = JSON.stringify(server.cluster.settings.signer.jwks);
  const configuration = JSON.stringify({ jwks_uri: `${server.apiUrl}/public/jwks` });
  server.faults.next({ status: 200, body: jwks }, 1, /^\/public\/jwks$/);
  server.faults.next(
    { status: 200, body: configuration },
    1,
    /^\/public\/\.well-known\/openid-configuration$/,
  );
  const named = await run(['inspect', 'prod', '--issuer-url', `${server.apiUrl}/public/`]);
  t.is(named.code, 0);
  t.is(named.stdout.match(/signature {3}valid/g)?.length, 2);
  await context('nobody', {});
  const refused = await run(['inspect', 'prod', '--context', 'nobody']);
  t.deepEqual([refused.code, refused.stdout], [5, '']);
  t.regex(
    refused.stderr,
    /cannot read the issuer's keys at .*system:anonymous.*; see whether the context may read them/,
  );
  t.notRegex(refused.stderr, /--context NAME/);
});

test.serial(
  'an issuer that only the token names vouches for nobody: self-consistent, never valid',
  async (t) => {
    // Whoever makes a token can make its keys too, and serve them.
    const forger = await startServer({ ownSigningKey: true });
    t.teardown(forger.close);
    const { run } = await commandScene(t);
    const ca = Buffer.from(forger.caPem).toString('base64');
    const { signer } = forger.cluster.settings;
    const token = await signer.sign({ iss: forger.apiUrl, sub: 'system:serviceaccount:team-a:robot' });
    const jwks = JSON.stringify(signer.jwks);
    const configuration = JSON.stringify({ jwks_uri: `${forger.apiUrl}/openid/v1/jwks` });
    forger.faults.next({ status: 200, body: configuration }, 9, /^\/\.well-known\/openid-configuration$/);
    forger.faults.next({ status: 200, body: jwks }, 9, /^\/openid\/v1\/jwks$/);
    const inspect = (...flags: string[]) =>
      run(
        ['inspect', '--token-stdin', '--server', forger.url, '--certificate-authority-data', ca, ...flags],
        {
          stdin: token,
        },
      );
    const alone = await inspect('--verify');
    t.is(alone.code, 0);
    t.regex(
      alone.stdout,
      /signature {3}self-consistent \(keys at \S+\/openid\/v1\/jwks, which only the token names: --context or --issuer-url says more\)/,
    );
    t.notRegex(alone.stdout, /signature {3}valid/);
    const { token: value } = JSON.parse((await inspect('--verify', '-o', 'json')).stdout);
    t.is(value.signature.state, 'self-consistent');
    t.regex((await inspect('--issuer-url', forger.apiUrl)).stdout, /signature {3}valid/);
  },
);

test.serial('a token that its issuer did not sign: the report, the line, exit code 4', async (t) => {
  const { run, tokenFile, context } = await commandScene(t);
  const other = await startServer({ ownSigningKey: true });
  t.teardown(other.close);
  await context(
    'other',
    { token: other.adminToken },
    {
      server: other.apiUrl,
      'certificate-authority': undefined,
      'certificate-authority-data': Buffer.from(other.caPem).toString('base64'),
    },
  );
  await run(['get-token', 'prod']);
  const foreign = await run(['inspect', 'prod', '--context', 'other']);
  t.is(foreign.code, 4);
  t.regex(
    foreign.stdout,
    /signature {3}unknown: its key is not among those at .*legacy tokens may be missing/,
  );
  t.regex(foreign.stdout, /signature {3}UNKNOWN KEY/);
  t.regex(
    foreign.stderr,
    /^kubectl-sa-token: the issued token: it is signed with key \S+, which is not among the keys at https/,
  );

  await other.cluster.createRobot(ROBOT);
  const long = await other.cluster.issueLongToken({
    namespace: 'team-a',
    serviceAccount: 'robot',
    seconds: 864_000,
  });
  const forged = `${long.slice(0, long.lastIndexOf('.'))}.${Buffer.alloc(256).toString('base64url')}`;
  await writeFile(tokenFile, forged);
  const bad = await run(['inspect', 'prod', '--context', 'other']);
  t.is(bad.code, 4);
  t.regex(bad.stdout, /signature {3}INVALID/);
  t.regex(bad.stderr, /the source token: its signature does not fit the keys at/);
});

test.serial('a token from standard input', async (t) => {
  const { run, robot, server } = await commandScene(t);
  const { code, stdout } = await run(['inspect', '--token-stdin', '--context', 'admin'], {
    stdin: robot.token,
  });
  t.is(code, 0);
  t.regex(stdout, /^token: standard input\n {2}kind {8}legacy[^]*signature {3}valid/);
  const opaque = await run(['inspect', '--token-stdin'], { stdin: server.adminToken });
  t.regex(opaque.stdout, /not a JWT: nothing can be read in it/);
});

test.serial('bad input: one line that says what to do, and nothing on standard output', async (t) => {
  const { run, tokenFile } = await commandScene(t);
  const rows: BadInput[] = [
    [['inspect'], 2, /no profile named, .*; name one of .*: prod/],
    [['inspect', 'none'], 2, /there is no profile "none"/],
    [
      ['inspect', 'prod', '-o', 'xml'],
      2,
      /-o xml is not one of json, yaml; see "kubectl sa-token inspect --help"/,
    ],
    [
      ['inspect', 'prod', '--issuer-url', 'http://keys.example'],
      2,
      /--issuer-url: must be an https:\/\/ address/,
    ],
    [
      ['inspect', 'prod', '--issuer-url', 'a', '--context', 'b'],
      2,
      /--issuer-url and --context exclude each other/,
    ],
    [['inspect', 'prod', '--context', 'none'], 2, /the kubeconfig has no context "none"; .*: admin/],
    [
      ['inspect', 'prod', '--verify'],
      2,
      /"kubernetes\/serviceaccount" is no https:\/\/ address.*--context NAME/,
    ],
    [['inspect', 'prod', '--token-stdin'], 2, /--token-stdin and PROFILE exclude each other/, 'x'],
    [['inspect', '--token-stdin', '--exchange'], 2, /--token-stdin and --exchange exclude each other/, 'x'],
    [['inspect', '--token-stdin'], 2, /standard input: is empty/, ''],
  ];
  await checkRows(t, run, rows);
  await writeFile(tokenFile, '');
  const { code, stderr } = await run(['inspect', 'prod']);
  t.is(code, 3);
  t.regex(stderr, /no source token in file ~\/token/);
});
