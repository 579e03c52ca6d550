import type { ExecutionContext } from 'ava';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, LOOPBACK } from '../support/authority.ts';
import { call } from '../support/http-client.ts';
import { testWith } from '../support/require.ts';
import { ROBOT, TOKEN_PATH, withRobot } from '../support/robot.ts';
import { createSandbox } from '../support/runner.ts';
import { findSecret } from '../support/secret-scan.ts';
import type { ServerOptions } from '../support/token-request-server.ts';
import { startNginx, type NginxOptions } from './nginx.ts';
import { exchange, send, type RawRequest } from './raw-request.ts';
import { PREFIX, refusals } from './nginx-refusals.ts';

const withNginx = testWith('nginx');

async function setUp(t: ExecutionContext, options: Partial<NginxOptions> = {}, server?: ServerOptions) {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const scene = await withRobot(t, server);
  const upstream = `localhost:${scene.server.port}`;
  const usual = { upstream, upstreamName: 'localhost', caPem: scene.server.caPem };
  const nginx = await startNginx(sandbox, { ...usual, ...options });
  t.teardown(nginx.close);
  // What the start asked of nginx is no part of the test.
  scene.server.reset();
  const ask = (request: Partial<RawRequest> = {}) =>
    send(nginx.port, {
      path: `${PREFIX}${TOKEN_PATH}`,
      ...request,
      headers: {
        Authorization: `Bearer ${scene.robot.token}`,
        'Content-Type': 'application/json',
        ...request.headers,
      },
    });
  return { sandbox, nginx, ask, ...scene };
}

withNginx('POST …/token passes: prefix stripped, token and body as they were, no other header', async (t) => {
  const { ask, server, robot } = await setUp(t);
  const body = JSON.stringify({ spec: { audiences: ['factors'] } });
  const answer = await ask({ body, headers: { 'X-Other': 'x', Cookie: 'a=b', 'User-Agent': 'someone/1' } });
  t.is(answer.status, 201);
  t.regex(answer.text, /"token":"eyJ/);
  const [seen] = server.requests;
  t.like(seen, { method: 'POST', path: TOKEN_PATH, body, status: 201 });
  t.deepEqual(seen?.headers, {
    host: 'localhost',
    connection: 'close',
    'content-length': String(body.length),
    authorization: `Bearer ${robot.token}`,
    'content-type': 'application/json',
    'user-agent': 'someone/1',
    'x-forwarded-for': '127.0.0.1',
  });
  t.is(server.requests.length, 1);
});

withNginx('names with dots and dashes pass, and the refusals of the API server come back', async (t) => {
  const { ask, server } = await setUp(t);
  await server.cluster.createRobot({ namespace: 'team-a', name: 'r2.d-2.bot' });
  const other = TOKEN_PATH.replace('robot', 'r2.d-2.bot');
  t.is((await ask({ path: `${PREFIX}${other}` })).status, 403);
  t.is(server.requests[0]?.path, other);
  const anonymous = await ask({ headers: { Authorization: '' } });
  t.is(anonymous.status, 403);
  t.regex(anonymous.text, /system:anonymous/);
  t.is((await ask({ headers: { Authorization: 'Bearer wrong' } })).status, 401);
});

withNginx('everything else is refused by nginx and never reaches the API server', async (t) => {
  const { ask, server } = await setUp(t);
  const answers = await Promise.all(
    refusals.map(async ([title, request, expected]) => ({ title, expected, answer: await ask(request) })),
  );
  for (const { title, expected, answer } of answers) {
    t.true(expected.includes(answer.status), `${title}: ${answer.status}`);
    t.notRegex(answer.text, /nginx\/|"kind"/, title);
  }
  t.deepEqual([server.requests.length, server.connections, server.exchanges], [0, 0, 0]);
});

withNginx('request smuggling: two lengths, or a second request in the body', async (t) => {
  const { nginx, server, robot } = await setUp(t);
  const head = `POST ${PREFIX}${TOKEN_PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${robot.token}\r\n`;
  const hidden = 'GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n';
  for (const framing of [
    `Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}  `,
    `Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    `Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  ]) {
    t.regex(String((await exchange(nginx.port, `${head}Connection: close\r\n${framing}`)).status), /^[45]/);
  }
  t.is(server.requests.filter(({ path }) => path !== TOKEN_PATH).length, 0);
});

withNginx('headers whose name nobody can list are not passed on', async (t) => {
  const { ask, server } = await setUp(t);
  const headers = {
    'Impersonate-Extra-Scopes': 'all',
    'X-Remote-Extra-Scopes': 'all',
    'Proxy-Authorization': 'Basic x',
    'X-Forwarded-Proto': 'http',
    Impersonate_User: 'admin',
  };
  t.is((await ask({ headers })).status, 201);
  const seen = Object.keys(server.requests[0]?.headers ?? {});
  t.deepEqual(
    seen.filter((name) => /impersonate|remote|proxy|forwarded-proto/.test(name)),
    [],
  );
});

withNginx('Warning, Retry-After and the clock of the API server come back', async (t) => {
  const { ask, server } = await setUp(t, {}, { maxExpirationSeconds: 3600, clockSkew: 3_600_000 });
  const long = await ask({ body: JSON.stringify({ spec: { expirationSeconds: 86_400 } }) });
  t.is(long.status, 201);
  t.regex(
    long.text,
    /^Warning: 299 - "requested expiration of 86400 seconds shortened to 3600 seconds"\r?$/im,
  );
  const dates = [...long.text.matchAll(/^Date: (?<date>.*)\r$/gim)].map(({ groups }) =>
    Date.parse(groups?.['date'] ?? ''),
  );
  t.is(dates.length, 1);
  t.true(Math.abs((dates[0] ?? 0) - Date.now() - 3_600_000) < 5000);
  server.faults.next('too-many-requests');
  const busy = await ask();
  t.is(busy.status, 429);
  t.regex(busy.text, /^Retry-After: 1\r?$/im);
});

withNginx('the certificate of the API server is verified: its CA, and its name', async (t) => {
  const stranger = await createAuthority('another CA');
  const untrusted = await setUp(t, { caPem: stranger.caPem });
  t.is((await untrusted.ask()).status, 502);
  t.is(untrusted.server.requests.length, 0);
  const misnamed = await setUp(t, { upstreamName: 'kubernetes.default.svc' });
  t.is((await misnamed.ask()).status, 502);
  t.is(misnamed.server.requests.length, 0);
});

withNginx('the API server is asked for by its name in the cluster', async (t) => {
  const authority = await createAuthority('cluster CA');
  const names = ['kubernetes', 'kubernetes.default.svc'];
  const certificate = await authority.issue({ commonName: 'kube-apiserver', dnsNames: names });
  const upstreamName = 'kubernetes.default.svc';
  const { ask, server } = await setUp(
    t,
    { caPem: authority.caPem, upstreamName },
    { authority, certificate },
  );
  t.is((await ask()).status, 201);
  t.is(server.requests[0]?.headers.host, upstreamName);
});

withNginx('no token is in the log or in any file of nginx', async (t) => {
  const { ask, nginx, robot } = await setUp(t);
  const issued = /"token":"(?<token>[^"]+)"/.exec((await ask()).text)?.groups?.['token'] ?? '';
  await ask({ path: `${PREFIX}${TOKEN_PATH}?access_token=${robot.token}` });
  await ask({ body: robot.token.padEnd(70_000, ' ') });
  await ask({ body: robot.token.padEnd(20_000, ' ') });
  await ask({ method: 'GET' });
  const log = await nginx.accessLog();
  const lines = log.split('\n').filter((line) => line.includes('"method"'));
  t.deepEqual(
    lines.slice(-5).map((line) => Number(/"status":(?<status>\d+)/.exec(line)?.groups?.['status'])),
    [201, 404, 413, 400, 405],
  );
  for (const secret of [robot.token, issued])
    t.deepEqual(await findSecret(secret, { roots: [nginx.folder] }), []);
  for (const folder of ['body', 'proxy']) {
    const path = join(nginx.folder, folder);
    if (await stat(path).catch(() => undefined)) t.deepEqual(await readdir(path), []);
  }
});

withNginx('a token in a query or a path is in no log, whatever else is wrong with the request', async (t) => {
  const { ask, nginx, robot } = await setUp(t);
  const inQuery = `${PREFIX}${TOKEN_PATH}?access_token=${robot.token}`;
  const inPath = [`${PREFIX}/${robot.token}`, `${PREFIX}/${robot.token.replaceAll('.', '%2E')}/token?a=b`];
  const big = 'x'.repeat(70_000);
  for (const path of [inQuery, ...inPath]) {
    t.is((await ask({ path })).status, 404);
    t.is((await ask({ path, body: big })).status, 404);
    t.is((await ask({ path, body: big, chunked: true })).status, 404);
    await ask({ path, method: 'GET', headers: { Upgrade: 'websocket' } });
    // No chunk begins so.
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`;
    t.regex(String((await exchange(nginx.port, `${head}zz\r\n`)).status), /^40[04]$/);
  }
  const log = await nginx.accessLog();
  t.deepEqual(await findSecret(robot.token, { roots: [nginx.folder] }), []);
  t.notRegex(log, /eyJ/);
  t.is(log.match(/"path":"\(not shown: a token is in it\)"/g)?.length, 10);
});

withNginx('what is wrong on the way to the API server is in the error log', async (t) => {
  const stranger = await createAuthority('another CA');
  const { ask, nginx } = await setUp(t, { caPem: stranger.caPem });
  t.is((await ask()).status, 502);
  t.regex(await nginx.accessLog(), /\[error\].*upstream SSL certificate verify error/);
});

withNginx('the log has the path as it was written, without its query', async (t) => {
  const { ask, nginx } = await setUp(t);
  const written = [`${PREFIX}${TOKEN_PATH.replace('robot/', 'robot%2F')}`, `${PREFIX}/${TOKEN_PATH}`];
  for (const path of [...written, `${PREFIX}${TOKEN_PATH}?a=b`]) await ask({ path });
  const log = await nginx.accessLog();
  const paths = [...log.matchAll(/"path":"(?<path>[^"]*)"/g)].map(({ groups }) => groups?.['path']);
  t.deepEqual(paths.slice(-3), [...written, `${PREFIX}${TOKEN_PATH}`]);
});

withNginx('the product gets its token through it, over TLS', async (t) => {
  const authority = await createAuthority('entrance CA');
  const certificate = await authority.issue({ commonName: 'localhost', ...LOOPBACK });
  const { sandbox, nginx, server, robot } = await setUp(t, { certificate });
  const ca = join(sandbox.home, 'ca.crt');
  await writeFile(ca, authority.caPem);
  const flags = ['--server', `https://localhost:${nginx.port}${PREFIX}`, '--certificate-authority', ca];
  const run = (...more: string[]) =>
    sandbox.run(['get-token', ...flags, '--source-env', 'CI_TOKEN', '-o', 'token', ...more], {
      env: { CI_TOKEN: robot.token },
    });
  const { code, stdout, stderr } = await run();
  t.deepEqual([code, stderr], [0, '']);
  const reviews = `${server.apiUrl}/apis/authentication.k8s.io/v1/tokenreviews`;
  const review = { token: server.adminToken, body: { spec: { token: stdout.trim() } }, caPem: server.caPem };
  t.regex((await call(reviews, review)).body, /"authenticated":true/);
  server.cluster.deny(ROBOT);
  const denied = await run('--force-refresh');
  t.is(denied.code, 4);
  t.regex(denied.stderr, /may not create tokens for this account \(403\)/);
});

withNginx('an address that is not served tells what is', async (t) => {
  const { sandbox, nginx, robot } = await setUp(t);
  const server = `http://127.0.0.1:${nginx.port}/elsewhere`;
  const { code, stderr } = await sandbox.run(['get-token', '--server', server, '--source-env', 'CI_TOKEN'], {
    env: { CI_TOKEN: robot.token },
  });
  t.is(code, 5);
  t.regex(stderr, /404 "sa-token proxy: only POST \/kubernetes\/api\/v1\/namespaces\/NAMESPACE/);
});

withNginx('another prefix, or none', async (t) => {
  const { ask, server } = await setUp(t, { prefix: '/' });
  t.is((await ask({ path: TOKEN_PATH })).status, 201);
  t.is((await ask()).status, 404);
  t.is((await ask({ path: '/version', method: 'GET' })).status, 404);
  t.is(server.requests.length, 1);
  const dotted = await setUp(t, { prefix: '/a.b' });
  t.is((await dotted.ask({ path: `/a.b${TOKEN_PATH}` })).status, 201);
  t.is((await dotted.ask({ path: `/axb${TOKEN_PATH}` })).status, 404);
});
