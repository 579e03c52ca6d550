import test from 'ava';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, createFakeIngressCertificate } from '../../../support/authority.ts';
import { startKeychainSession } from '../../../support/keychain-session.ts';
import { testWith } from '../../../support/require.ts';
import { ROBOT } from '../../../support/robot.ts';
import { merge } from '../../../support/child.ts';
import { lineIn, type Result, type Run } from '../../../support/in-process.ts';
import { startResident } from '../../../support/resident.ts';
import { findSecret } from '../../../support/secret-scan.ts';
import type { ServerOptions } from '../../../support/token-request-server.ts';
import { commandScene } from '../../../support/command-scene.ts';

const NAMES = [
  'path',
  'profile',
  'kubeconfig',
  'kuberc',
  'cache',
  'keychain',
  'source',
  'dns',
  'tls',
  'proxy',
  'exposed',
  'clock',
  'token',
  'rbac',
  'grant',
  'kubectl',
];

/** `ok profile …` by name. */
function lines({ stdout }: Result): Map<string, string> {
  const found = [...stdout.matchAll(/^(?<state>ok|warn|FAIL|skip) +(?<name>\w+) +(?<rest>.*)$/gm)];
  return new Map(
    found.map(({ groups }) => [groups?.['name'] ?? '', `${groups?.['state']} ${groups?.['rest']}`]),
  );
}

test.serial('all is well: a line for each step, in the order of a call', async (t) => {
  const { run, robot, server } = await commandScene(t);
  const result = await run(['doctor']);
  t.deepEqual([result.code, result.stderr], [0, '']);
  const found = lines(result);
  t.deepEqual([...found.keys()], NAMES);
  t.regex(
    found.get('source') ?? '',
    /^ok a legacy token \(Secret robot-token, no end\) in file ~\/token, for team-a\/robot@/,
  );
  t.regex(found.get('dns') ?? '', /^ok localhost is 127\.0\.0\.1/);
  t.regex(found.get('tls') ?? '', /certificate for localhost by kubectl-sa-token test CA, \d+ days left/);
  t.is(found.get('proxy'), 'ok an API server answers (403 for system:anonymous)');
  t.is(
    found.get('exposed'),
    'ok POST …/token alone: none of the 10 other calls tried reaches the API server',
  );
  t.regex(found.get('clock') ?? '', /^ok [01] s from/);
  t.is(found.get('rbac'), 'ok it may create tokens for team-a/robot');
  t.regex(
    found.get('grant') ?? '',
    /^ok 1h for https:\/\/kubernetes\.default.*, bound to Secret robot-token$/,
  );
  t.regex(result.stdout, /\n\nall checks passed, 3 warnings\n$/);
  t.is(server.exchanges, 2, 'one without a token, one with');
  t.deepEqual(await findSecret(robot.token, { texts: { stdout: result.stdout } }), []);
});

test.serial('for scripts', async (t) => {
  const { run, profile } = await commandScene(t);
  await profile('prod', { server: 'https://nowhere.invalid/kubernetes' });
  const { code, stdout } = await run(['doctor', 'prod', '-o', 'json']);
  const report = JSON.parse(stdout);
  t.is(code, 5);
  t.like(report, { profile: 'prod', ok: false, exitCode: 5, first: 'dns' });
  const states = report.checks.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`);
  t.deepEqual(states.slice(7), [
    'dns fail',
    'tls skip',
    'proxy skip',
    'exposed skip',
    'clock skip',
    'token skip',
    'rbac skip',
    'grant skip',
    'kubectl skip',
  ]);
});

test.serial('RBAC is missing: the Role and RoleBinding to apply, for the account that asks', async (t) => {
  const { run, server } = await commandScene(t);
  server.cluster.deny(ROBOT);
  const result = await run(['doctor', 'prod']);
  t.is(result.code, 4);
  const found = lines(result);
  t.is(found.get('token'), 'ok the API server knows the source token');
  t.regex(
    found.get('rbac') ?? '',
    /^FAIL the source token may not create tokens for team-a\/robot \(403\); have the Role/,
  );
  t.is(found.get('grant'), 'skip not tried: needs rbac');
  const [, manifest = ''] = result.stdout.split(/^fix this first \(rbac\): .*\n\n/m);
  t.regex(
    manifest,
    /kind: Role\n[^]*resourceNames: \["robot"\][^]*kind: RoleBinding[^]*name: robot\n {4}namespace: team-a\n$/,
  );
});

test.serial('a source token that is refused, or that is not there', async (t) => {
  const { run, server, profile } = await commandScene(t);
  server.cluster.deleteSecret({ namespace: 'team-a', name: 'robot-token' });
  const refused = await run(['doctor', 'prod']);
  t.is(refused.code, 4);
  t.regex(
    lines(refused).get('token') ?? '',
    /^FAIL the source token is refused \(401\); put a new one into \S+\/token; or ask .*review prod --source --context CONTEXT$/,
  );
  await profile('prod', { 'source-file': '/nowhere', namespace: 'team-a', 'service-account': 'robot' });
  const absent = await run(['doctor', 'prod']);
  t.is(absent.code, 3);
  t.regex(lines(absent).get('source') ?? '', /^FAIL prod: no source token in file \/nowhere; /);
  t.is(lines(absent).get('token'), 'skip not tried: needs source');
  t.regex(lines(absent).get('proxy') ?? '', /^ok/, 'the way to the server is tried all the same');
});

test.serial('a source token that has expired says so itself', async (t) => {
  const { run, server, sandbox } = await commandScene(t);
  const token = await server.cluster.issueLongToken({
    namespace: 'team-a',
    serviceAccount: 'robot',
    seconds: -60,
  });
  const { code, stdout } = await sandbox.run(['doctor', '--server', server.url, '--source-env', 'T'], {
    env: { T: token },
  });
  t.is(code, 3);
  t.regex(stdout, /FAIL {2}source .*: it has expired; set the variable T to a new one/);
  t.is((await run(['doctor', 'none'])).code, 2);
});

test.serial('no source token, and no way to the server: the way comes first', async (t) => {
  const { run, profile } = await commandScene(t);
  const account = { namespace: 'team-a', 'service-account': 'robot' };
  await profile('prod', { server: 'https://nowhere.invalid', 'source-file': '/nowhere', ...account });
  const { code, stdout } = await run(['doctor', 'prod']);
  t.is(code, 5);
  t.regex(stdout, /^FAIL +source .*\n(?:.*\n)*fix this first \(dns\): check the name/m);
});

test.serial('an API server without TokenRequest', async (t) => {
  const { run, server } = await commandScene(t);
  const unknown = { status: 404, body: '404 page not found\n', headers: { 'Audit-Id': 'x' } };
  server.faults.next(unknown, 2, /\/token$/);
  const result = await run(['doctor', 'prod']);
  t.is(result.code, 4);
  t.regex(
    lines(result).get('proxy') ?? '',
    /^FAIL the API server does not serve TokenRequest \(404\); it is older/,
  );
  const status = { kind: 'Status', message: 'the server could not find the requested resource', code: 404 };
  server.faults.next({ status: 404, body: JSON.stringify(status) }, 1, /\/token$/);
  const { code, stdout, stderr } = await run(['get-token', 'prod']);
  t.deepEqual([code, stdout], [4, '']);
  t.regex(stderr, /the API server does not serve TokenRequest \(404\); it is older than Kubernetes 1\.20 or/);
});

test.serial('an account made anew under the same name', async (t) => {
  const { run, server, tokenFile } = await commandScene(t);
  const long = await server.cluster.issueLongToken({
    namespace: 'team-a',
    serviceAccount: 'robot',
    seconds: 864_000,
  });
  await writeFile(tokenFile, long);
  t.is((await run(['doctor', 'prod'])).code, 0);
  const conflict = {
    kind: 'Status',
    status: 'Failure',
    message: 'the UID in the token request does not match',
    code: 409,
  };
  server.faults.next({ status: 409, body: JSON.stringify(conflict) }, 2, /\/token$/);
  const result = await run(['doctor', 'prod']);
  t.is(result.code, 4);
  t.regex(lines(result).get('proxy') ?? '', /^ok/);
  t.regex(
    lines(result).get('grant') ?? '',
    /^FAIL the account or the bound object was deleted and made again/,
  );
});

const certificates: [string, () => Promise<ServerOptions>, RegExp][] = [
  [
    'the ingress controller’s fake one',
    async () => ({ certificate: await createFakeIngressCertificate() }),
    /^FAIL the ingress controller answered with its own "Kubernetes Ingress Controller Fake Certificate"; the ingress has no TLS/,
  ],
  [
    'one of another name',
    async () => {
      const authority = await createAuthority('a CA');
      const certificate = await authority.issue({ commonName: 'elsewhere', dnsNames: ['elsewhere.example'] });
      return { authority, certificate };
    },
    /^FAIL the server's certificate is not trusted: it is for another name \(subject elsewhere, issuer a CA, names elsewhere\.example\)/,
  ],
  [
    'an expired one',
    async () => {
      const authority = await createAuthority('a CA');
      const certificate = await authority.issue({
        commonName: 'localhost',
        dnsNames: ['localhost'],
        expired: true,
      });
      return { authority, certificate };
    },
    /^FAIL the server's certificate is not trusted: it has expired/,
  ],
];

for (const [title, options, line] of certificates) {
  test.serial(`a certificate: ${title}`, async (t) => {
    const { run, server } = await commandScene(t, await options());
    const result = await run(['doctor', 'prod']);
    t.is(result.code, 5);
    t.regex(lines(result).get('tls') ?? '', line);
    t.is(lines(result).get('token'), 'skip not tried: needs proxy');
    t.is(server.requests.length, 0);
  });
}

test.serial('a certificate that is not checked', async (t) => {
  const { run, profile } = await commandScene(t);
  await profile('prod', { 'certificate-authority': undefined, 'insecure-skip-tls-verify': true });
  const { code, stdout } = await run(['doctor', 'prod']);
  t.is(code, 0);
  t.regex(stdout, /^warn {2}tls .*whoever answers at that address gets the source token; give its CA/m);
});

/** A 403 of an API server. */
const status = (message: string) => JSON.stringify({ kind: 'Status', status: 'Failure', message, code: 403 });

test.serial('what is between: a proxy’s page, a gateway, a lent identity', async (t) => {
  const { run, server } = await commandScene(t);
  const diagnose = async () => lines(await run(['doctor', 'prod'])).get('proxy') ?? '';
  server.faults.next({ html: 404 });
  t.regex(
    await diagnose(),
    /^FAIL that address does not lead to a Kubernetes API: 404 "404 Not Found.*; check --server/,
  );
  server.faults.next('jwt-issuer-not-configured');
  t.regex(
    await diagnose(),
    /^FAIL a gateway in front of the API server refused the token \(401\).*RequestAuthentication/,
  );
  const lent = status(
    'serviceaccounts "robot" is forbidden: User "system:serviceaccount:edge:proxy" cannot create',
  );
  server.faults.next({ status: 403, body: lent });
  t.regex(
    await diagnose(),
    /^FAIL a caller without a token is taken for system:serviceaccount:edge:proxy; .*take it away/,
  );
  server.faults.next({ status: 201, body: '{}' });
  t.regex(await diagnose(), /^FAIL a caller without a token was given one; /);
  const path = status('forbidden: User "system:anonymous" cannot post path "/x/api/v1/namespaces/a"');
  server.faults.next({ status: 403, body: path });
  t.regex(
    await diagnose(),
    /^FAIL that address does not lead to a Kubernetes API: 403 .*; check --server: it ends where/,
  );
});

test.serial('no anonymous access at all is no failure', async (t) => {
  const { run } = await commandScene(t, { anonymousAuth: false });
  const result = await run(['doctor', 'prod']);
  t.is(result.code, 0);
  t.is(lines(result).get('proxy'), 'ok an API server answers (401)');
});

test.serial('what else the proxy lets through', async (t) => {
  const open = await commandScene(t, { exposes: 'everything' });
  const result = await open.run(['doctor', 'prod']);
  t.is(result.code, 0);
  t.regex(
    lines(result).get('exposed') ?? '',
    /^warn more than POST …\/token reaches the API server: GET \/version, .*, GET …\/token, POST …\/token\?dryRun=All; let nothing else through: kubectl sa-token manifest proxy$/,
  );
  const health = await commandScene(t, { exposes: 'token-any-method' });
  t.is(
    lines(await health.run(['doctor', 'prod'])).get('exposed'),
    'ok POST …/token, and GET of the same, and the same with a query, which does nothing',
  );
  await health.profile('prod', { server: health.server.apiUrl });
  t.is(
    lines(await health.run(['doctor', 'prod'])).get('exposed'),
    'ok this is an API server itself, not a proxy',
  );
});

for (const [exposes, calls] of [
  [
    'namespaces',
    'GET /api/v1/namespaces/team-a/secrets, GET /api/v1/namespaces/team-a/serviceaccounts/robot, GET …/token, POST …/token?dryRun=All',
  ],
  ['posts', 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews, POST …/token?dryRun=All'],
] as const) {
  test.serial(`what else the proxy lets through: ${exposes}`, async (t) => {
    const { run } = await commandScene(t, { exposes });
    const line = `warn more than POST …/token reaches the API server: ${calls}; let nothing else through: kubectl sa-token manifest proxy`;
    t.is(lines(await run(['doctor', 'prod'])).get('exposed'), line);
  });
}

test.serial('a wrong clock, and a life that was shortened', async (t) => {
  const { run, profile } = await commandScene(t, { clockSkew: 600_000, maxExpirationSeconds: 3600 });
  await profile('prod', { duration: '24h' });
  const result = await run(['doctor', 'prod']);
  t.is(result.code, 0);
  t.regex(lines(result).get('clock') ?? '', /^warn (?:600|599|601) s behind the server's: .*; set the clock/);
  t.regex(
    lines(result).get('grant') ?? '',
    /^warn 1h for .*: requested expiration of 86400 seconds shortened to 3600 seconds; ask for what/,
  );
});

testWith('secret-service').serial(
  'the keychain: an item written, read, deleted; locked or absent',
  async (t) => {
    const { profile, robot, sandbox, server, caFile } = await commandScene(t);
    const session = await startKeychainSession();
    t.teardown(session.close);
    const { env } = session;
    const resident = startResident(merge(sandbox.env, env));
    t.teardown(resident.close);
    const run: Run = (args, options) => resident.run(lineIn(sandbox, args, options));
    const login = [
      'login',
      'kept',
      '--server',
      server.url,
      '--certificate-authority',
      caFile,
      '--token-stdin',
    ];
    t.is((await run(login, { env, stdin: robot.token })).code, 0);
    const well = await run(['doctor', 'kept'], { env });
    t.is(well.code, 0);
    t.is(lines(well).get('keychain'), 'ok wrote, read and deleted an item');
    t.regex(lines(well).get('source') ?? '', /in keychain, for team-a\/robot@/);
    const left = await sandbox.exec('secret-tool', ['search', '--all', 'service', 'kubectl-sa-token'], {
      env,
    });
    t.is(left.stdout.match(/^\[/gm)?.length, 1, 'the source token alone');

    // A profile that was removed by hand, and its token.
    t.is((await run(['login', 'gone', '--from-profile', 'kept'], { env })).code, 0);
    const file = join(sandbox.home, '.kube', 'sa-token.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^ {2}gone:\n(?: {4}.*\n)+/m, ''));
    const orphan = await run(['doctor', 'kept'], { env });
    t.is(orphan.code, 0);
    t.is(
      lines(orphan).get('keychain'),
      'warn a token is stored for "gone", and there is no such profile; remove it: kubectl sa-token logout gone',
    );
    t.is((await run(['logout', 'gone'], { env })).code, 0);
    t.is(lines(await run(['doctor', 'kept'], { env })).get('keychain'), 'ok wrote, read and deleted an item');

    await session.lock();
    const locked = await run(['doctor', 'kept'], { env });
    t.is(locked.code, 6);
    t.regex(lines(locked).get('keychain') ?? '', /^FAIL the keychain is not available: it is locked/);
    await profile('file', { cache: 'keychain' });
    const absent = await sandbox.run(['doctor', 'file']);
    t.is(absent.code, 6);
    t.regex(
      lines(absent).get('keychain') ?? '',
      /^FAIL the keychain is not available: there is no D-Bus session/,
    );
  },
);

test.serial('settings that would lead the source token elsewhere: the profile comes first', async (t) => {
  const { run, server } = await commandScene(t);
  const env = { KUBECTL_SA_TOKEN_SERVER: 'https://elsewhere.example' };
  const { code, stdout } = await run(['doctor', 'prod'], { env });
  t.is(code, 2);
  t.regex(
    stdout,
    /^FAIL +profile .*this call has server https:\/\/elsewhere\.example\..*; unset KUBECTL_SA_TOKEN_SERVER$/m,
  );
  t.is(server.requests.length, 0);
});

test.serial('bad input', async (t) => {
  const { run, profile } = await commandScene(t);
  for (const [args, line] of [
    [['doctor', 'prod', '-o', 'xml'], /-o xml is not one of json, yaml/],
    [['doctor', 'a', 'b'], /unknown argument: b/i],
  ] as const) {
    const { code, stdout, stderr } = await run([...args]);
    t.deepEqual([code, stdout], [2, '']);
    t.regex(stderr, line);
  }
  await profile('other');
  const several = await run(['doctor']);
  t.is(several.code, 2);
  t.regex(several.stdout, /FAIL {2}profile .*; name one of .*: prod, other/);
});
