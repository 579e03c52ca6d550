import { once } from 'node:events';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { ask } from '../../../src/http/request.ts';
import type { Settings } from '../../../src/settings/table.ts';
import { fails } from '../../support/failure.ts';
import { createAuthority, createFakeIngressCertificate, LOOPBACK } from '../../support/authority.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';
import { createHost, put, withParts, type TestHost } from '../../support/host.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import { ROBOT, TOKEN_PATH, withRobot, type Scene } from '../../support/robot.ts';
import type { Fault, ServerOptions } from '../../support/token-request-server.ts';

interface World extends Scene {
  host: TestHost;
  label: string;
  /** Settings that trust the server's CA. */
  trusting: Settings;
  post: (settings?: Settings, host?: TestHost, milliseconds?: number) => ReturnType<typeof ask>;
}

async function setUp(t: ExecutionContext, options?: ServerOptions): Promise<World> {
  const scene = await withRobot(t, options);
  const host = createHost(t);
  const trusting = { certificateAuthority: put(host, 'ca.crt', scene.server.caPem) };
  const target = { server: scene.server.url, namespace: ROBOT.namespace, serviceAccount: ROBOT.name };
  const post: World['post'] = (settings = trusting, from = host, milliseconds = 30_000) =>
    ask(from, target, settings, {
      method: 'POST',
      path: TOKEN_PATH,
      token: scene.robot.token,
      body: '{}',
      milliseconds,
    });
  return { ...scene, host, trusting, post, label: `team-a/robot@${scene.server.url}` };
}

const unreachable = (code: string, line: string | RegExp) => ({ code, exitCode: 5, line }) as const;
const escaped = (text: string) => RegExp.escape(text);
const trustHint =
  'give its CA with --certificate-authority FILE, or its name with --tls-server-name; the token was not sent';

test('one POST goes below the server’s own path, with the token and our name', async (t) => {
  const { server, robot, host, post } = await setUp(t);
  const reply = await post();
  t.is(reply.status, 201);
  t.is(server.requests.length, 1);
  const [request] = server.requests;
  t.like(request, { method: 'POST', path: `/kubernetes${TOKEN_PATH}`, body: '{}' });
  t.like(request?.headers, {
    authorization: `Bearer ${robot.token}`,
    'content-type': 'application/json',
    'content-length': '2',
    accept: 'application/json, */*;q=0.8',
    'user-agent': `kubectl-sa-token/0.0.0-dev (${host.platform}/${host.arch})`,
  });
});

test('without a token and a body there is no header for either', async (t) => {
  const { server, host, trusting } = await setUp(t);
  const call = { method: 'GET', path: '/x', milliseconds: 30_000 } as const;
  t.is((await ask(host, { server: server.url }, trusting, call)).status, 404);
  const headers = server.requests[0]?.headers ?? {};
  t.false('authorization' in headers || 'content-type' in headers);
});

test('every warning comes back, and what the server showed of itself', async (t) => {
  const { server, post } = await setUp(t);
  const headers = { Warning: ['299 - "a"', '299 - "b"'] };
  server.faults.next({ status: 200, body: 'x', headers });
  const reply = await post();
  t.deepEqual(reply.warnings, ['299 - "a"', '299 - "b"']);
  t.like(reply.certificate, { subject: 'localhost', issuer: 'kubectl-sa-token test CA' });
});

// Whom to trust.

test('a CA is taken from a file, or from data', async (t) => {
  const { server, post } = await setUp(t);
  const data = { certificateAuthorityData: Buffer.from(server.caPem).toString('base64') };
  t.is((await post(data)).status, 201);
  t.is((await post()).status, 201);
});

test('without a CA it is the system’s, which does not know a test’s', async (t) => {
  const { server, post, label } = await setUp(t);
  const known = `subject localhost, issuer kubectl-sa-token test CA, names localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1`;
  await fails(
    t,
    () => post({}),
    unreachable(
      'untrusted-certificate',
      new RegExp(
        `^${escaped(`${label}: the server's certificate is not trusted: its CA is not trusted here (${known}); ${trustHint}`)}$`,
      ),
    ),
  );
  t.deepEqual(server.requests, []);
});

test('the CA of another server is none for this', async (t) => {
  const { server, host, post } = await setUp(t);
  const other = await createAuthority('another CA');
  const settings = { certificateAuthority: put(host, 'other.crt', other.caPem) };
  await fails(
    t,
    () => post(settings),
    unreachable('untrusted-certificate', /is not trusted: its CA is not trusted here/),
  );
  t.deepEqual(server.requests, []);
});

test('a certificate for another name is refused, unless that is the name to check', async (t) => {
  const authority = await createAuthority('test CA');
  const certificate = await authority.issue({ commonName: 'api.example', dnsNames: ['api.example'] });
  const { server, trusting, post } = await setUp(t, { authority, certificate });
  await fails(
    t,
    () => post(),
    unreachable(
      'untrusted-certificate',
      /: it is for another name \(subject api\.example, issuer test CA, names api\.example\); /,
    ),
  );
  await fails(
    t,
    () => post({ ...trusting, tlsServerName: 'other.example' }),
    unreachable('untrusted-certificate', /: it is for another name/),
  );
  t.deepEqual(server.requests, []);
  t.is((await post({ ...trusting, tlsServerName: 'api.example' })).status, 201);
});

test('a certificate that has ended is refused', async (t) => {
  const authority = await createAuthority('test CA');
  const certificate = await authority.issue({ commonName: 'localhost', ...LOOPBACK, expired: true });
  const { server, post } = await setUp(t, { authority, certificate });
  await fails(
    t,
    () => post(),
    unreachable(
      'untrusted-certificate',
      /: it has expired \(or the clock here is ahead\) \(subject localhost/,
    ),
  );
  t.deepEqual(server.requests, []);
});

test('the ingress controller’s fake certificate is called by its name', async (t) => {
  const { server, post, label } = await setUp(t, { certificate: await createFakeIngressCertificate() });
  await fails(
    t,
    () => post(),
    unreachable(
      'fake-certificate',
      `${label}: the ingress controller answered with its own "Kubernetes Ingress Controller Fake Certificate"; the ingress has no TLS certificate for this host: its "tls" section or Secret is missing, or the host name is wrong`,
    ),
  );
  t.deepEqual(server.requests, []);
});

test('checks are left out only when a setting says so', async (t) => {
  const { post } = await setUp(t, { certificate: await createFakeIngressCertificate() });
  await fails(t, () => post({ insecureSkipTlsVerify: false }), unreachable('fake-certificate', /Fake/));
  const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
  await fails(t, () => post({}, withParts(createHost(t), { env })), unreachable('fake-certificate', /Fake/));
  t.is((await post({ insecureSkipTlsVerify: true })).status, 201);
});

test('a client certificate is shown', async (t) => {
  const authority = await createAuthority('client CA');
  const { server, host, trusting, post } = await setUp(t, { requestClientCert: authority.caPem });
  await fails(
    t,
    () => post(),
    unreachable(
      'cannot-connect',
      /: cannot connect: the TLS handshake failed \(\w+ alert certificate required\); /,
    ),
  );
  const { certPem, keyPem } = await authority.issue({ commonName: 'laptop', client: true });
  const own = { clientCertificate: put(host, 'c.crt', certPem), clientKey: put(host, 'c.key', keyPem) };
  t.is((await post({ ...trusting, ...own })).status, 201);
  t.is(server.requests[0]?.clientCertificate, 'laptop');
  const bundle = put(host, 'both.pem', certPem + keyPem);
  t.is((await post({ ...trusting, clientCertificate: bundle, clientKey: bundle })).status, 201);
});

test('files that are no PEM, or not there, are named before anything is sent', async (t) => {
  const { server, host, trusting, post, label } = await setUp(t);
  const [text, empty] = [put(host, 'text', 'hello'), put(host, 'empty', '')];
  const cannot = 'the CA, client certificate or key cannot be used';
  const noCa = `${label}: the certificate-authority given holds no certificate; certificates and keys are PEM files`;
  for (const settings of [
    { certificateAuthority: text },
    { certificateAuthority: empty },
    { certificateAuthorityData: Buffer.from('hello').toString('base64') },
  ])
    await fails(t, () => post(settings), { code: 'bad-tls-file', exitCode: 2, line: noCa });
  for (const settings of [
    { clientCertificate: text, clientKey: text },
    { clientCertificate: trusting.certificateAuthority ?? '', clientKey: text },
  ])
    await fails(t, () => post({ ...trusting, ...settings }), {
      code: 'bad-tls-file',
      exitCode: 2,
      line: new RegExp(`^${escaped(`${label}: ${cannot} (`)}.*\\); certificates and keys are PEM files$`),
    });
  await fails(t, () => post({ certificateAuthority: '/none/ca.crt' }), {
    code: 'unreadable-file',
    exitCode: 2,
    line: 'certificate-authority: cannot read /none/ca.crt (ENOENT: no such file or directory); check the path and its permissions',
  });
  t.is(server.connections, 0);
});

test('half of a client certificate is told, and not shown as none', async (t) => {
  const authority = await createAuthority('client CA');
  const { server, host, trusting, post } = await setUp(t);
  const { certPem, keyPem } = await authority.issue({ commonName: 'laptop', client: true });
  await fails(t, () => post({ ...trusting, clientCertificate: put(host, 'c.crt', certPem) }), {
    code: 'missing-setting',
    exitCode: 2,
    line: 'a client certificate has no --client-key; give both, or one file with both to both',
  });
  await fails(t, () => post({ ...trusting, clientKey: put(host, 'c.key', keyPem) }), {
    code: 'missing-setting',
    exitCode: 2,
    line: 'a client key has no --client-certificate; give both, or one file with both to both',
  });
  t.is(server.connections, 0);
});

test('a change to another protocol is no answer', async (t) => {
  const { server, post, label } = await setUp(t);
  server.faults.next({ status: 101, headers: { Upgrade: 'x', Connection: 'upgrade' } });
  await fails(t, () => post(), {
    code: 'bad-answer',
    exitCode: 5,
    line: `${label}: the server answered 101, a change to another protocol that nobody asked for; nothing was kept; check what serves this address`,
  });
});

test('an answer that repeats the token, whole, in part or wrapped, is not passed on', async (t) => {
  const { server, robot, post } = await setUp(t);
  const signature = robot.token.split('.')[2] ?? '';
  for (const [text, shown] of [
    [`Authorization: Bearer ${robot.token}`, 'Authorization: Bearer [token]'],
    [`signature: ${signature}`, 'signature: [token]'],
    [robot.token.replace(/.{76}/g, '$&\n'), '(the answer repeats the token, and so is not shown)'],
    [`of a key: ${robot.token.split('.')[0]}`, `of a key: ${robot.token.split('.')[0]}`],
  ] as const) {
    server.faults.next({ status: 502, body: text, headers: { Location: `/?token=${robot.token}` } });
    const { body, headers } = await post();
    t.is(body, shown);
    t.is(headers.location, '/?token=[token]');
  }
});

test('a granted answer keeps its body, and shows the token that it was asked with in no header', async (t) => {
  const { server, robot, post } = await setUp(t);
  const [, , signature = ''] = robot.token.split('.');
  const body = `{"status":{"token":"${robot.token}"}}`;
  server.faults.next({
    status: 201,
    body,
    headers: { Warning: `299 - "${signature}"` },
  });
  const reply = await post();
  t.true(reply.body === body);
  t.deepEqual(reply.warnings, ['299 - "[token]"']);
});

// The way there.

test('HTTPS_PROXY is used, and NO_PROXY obeyed, as kubectl does', async (t) => {
  const { server, trusting, robot, host } = await setUp(t);
  const there = `kube.example.test:${server.port}`;
  const proxy = await startConnectProxy({ names: { [there]: server.port } });
  t.teardown(proxy.close);
  const settings = { ...trusting, tlsServerName: 'localhost' };
  const call = {
    method: 'POST',
    path: TOKEN_PATH,
    token: robot.token,
    body: '{}',
    milliseconds: 30_000,
  } as const;
  const through = (env: Record<string, string>, name = there) =>
    ask(withParts(host, { env }), { server: `https://${name}/kubernetes` }, settings, call);
  const bare = proxy.url.replace('http://', '');
  for (const env of [{ HTTPS_PROXY: proxy.url }, { https_proxy: bare }, { HTTPS_PROXY: `HTTP://${bare}` }])
    t.is((await through(env)).status, 201);
  t.deepEqual(proxy.tunnels, [there, there, there]);
  for (const list of ['kube.example.test', '*', there, 'x.example, .example.test'])
    await t.throwsAsync(through({ HTTPS_PROXY: proxy.url, NO_PROXY: list }), {
      message: /name is not known/,
    });
  t.is(
    (await through({ HTTPS_PROXY: proxy.url }, `localhost:${server.port}`)).status,
    201,
    'never for this machine',
  );
  t.is(proxy.connects.length, 3);
});

for (const [proxy, problem] of [
  [
    'socks5://u:s3cr3t@127.0.0.1:9',
    'proxies of kind socks5:// are not supported; use an http:// or https:// proxy',
  ],
  ['http://u:s3cr3t#pass@127.0.0.1:9', 'is not a whole URL; write it like http://PROXY:PORT'],
  ['http://u:s3cr3t@127.0.0.1:99999', 'is not a whole URL; write it like http://PROXY:PORT'],
  [
    'http://u:s3cr3t%ZZ@127.0.0.1:9',
    'has a "%" that is no character in its user name or password; write "%" as %25',
  ],
] as const) {
  test(`a proxy that cannot be used is told without its password: ${proxy}`, async (t) => {
    const { host, trusting, server } = await setUp(t);
    const from = withParts(host, { env: { HTTPS_PROXY: proxy } });
    const target = { server: 'https://kube.example.test' };
    const call = { method: 'GET', path: '/', milliseconds: 5000 } as const;
    await fails(t, () => ask(from, target, trusting, call), {
      code: 'bad-value',
      exitCode: 2,
      line: `HTTPS_PROXY: ${problem}`,
    });
    t.is(server.connections, 0);
  });
}

test('a proxy that says nothing, or yes and then nothing, does not outlast the deadline', async (t) => {
  for (const answer of ['', 'HTTP/1.1 200 OK\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\nnonsense']) {
    const { trusting, post } = await setUp(t);
    const silent = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write(answer));
      t.teardown(() => socket.destroy());
    });
    const port = await listenOnLoopback(silent);
    t.teardown(() => silent.close());
    const began = performance.now();
    const settings = { ...trusting, proxyUrl: `http://127.0.0.1:${port}` };
    await t.throwsAsync(post(settings, undefined, 500), { name: 'SaTokenError' });
    t.true(performance.now() - began < 5000);
  }
});

test('proxy-url goes before the environment, and its credentials are given', async (t) => {
  const { server, trusting, post, host } = await setUp(t);
  const proxy = await startConnectProxy({ credentials: { username: 'ann', password: 'p w' } });
  t.teardown(proxy.close);
  const env = { HTTPS_PROXY: 'http://localhost:1', NO_PROXY: '*' };
  const reply = await post({ ...trusting, proxyUrl: proxy.urlWithCredentials }, withParts(host, { env }));
  t.is(reply.status, 201);
  t.deepEqual(proxy.tunnels, [`localhost:${server.port}`]);
});

test('a name to check holds through a proxy too', async (t) => {
  const authority = await createAuthority('test CA');
  const certificate = await authority.issue({ commonName: 'api.example', dnsNames: ['api.example'] });
  const { trusting, post } = await setUp(t, { authority, certificate });
  const proxy = await startConnectProxy();
  t.teardown(proxy.close);
  const settings = { ...trusting, proxyUrl: proxy.url };
  t.is((await post({ ...settings, tlsServerName: 'api.example' })).status, 201);
  await fails(t, () => post(settings), unreachable('untrusted-certificate', /it is for another name/));
});

test('a certificate that is not trusted is looked at through the proxy too', async (t) => {
  const { server, post } = await setUp(t);
  const proxy = await startConnectProxy();
  t.teardown(proxy.close);
  await fails(
    t,
    () => post({ proxyUrl: proxy.url }),
    unreachable(
      'untrusted-certificate',
      /\(subject localhost, issuer kubectl-sa-token test CA, names localhost, /,
    ),
  );
  const there = `localhost:${server.port}`;
  t.deepEqual(proxy.tunnels, [there, there]);
  t.is(server.requests.length, 0, 'nothing but a handshake reached the server');
});

test('a proxy that does not let us through is told', async (t) => {
  const { server, trusting, post, label } = await setUp(t);
  const proxy = await startConnectProxy({ credentials: { username: 'ann', password: 'secret-word' } });
  t.teardown(proxy.close);
  const error = await fails(
    t,
    () => post({ ...trusting, proxyUrl: proxy.url }),
    unreachable(
      'cannot-connect',
      `${label}: cannot connect: the HTTP proxy asks for user and password (407): http://USER:PASSWORD@PROXY (through the HTTP proxy ${new URL(proxy.url).host} of proxy-url); check --server, the network, HTTPS_PROXY and NO_PROXY`,
    ),
  );
  t.truthy(error.transient);
  await fails(
    t,
    () => post({ ...trusting, proxyUrl: 'http://localhost:1' }),
    unreachable(
      'cannot-connect',
      /: cannot connect: nothing listens there \(through the HTTP proxy localhost:1 of proxy-url\); /,
    ),
  );
  const elsewhere = withParts(createHost(t), { env: { HTTPS_PROXY: 'http://ann:secret-word@localhost:1' } });
  const call = { method: 'GET', path: '/', milliseconds: 30_000 } as const;
  await fails(
    t,
    () => ask(elsewhere, { server: 'https://kube.example.test' }, {}, call),
    unreachable(
      'cannot-connect',
      /: nothing listens there \(through the HTTP proxy localhost:1 of HTTPS_PROXY\); /,
    ),
  );
  t.deepEqual(server.requests, []);
});

test('plain http is for this machine alone, and goes straight there', async (t) => {
  const { server, post } = await setUp(t, { protocol: 'http' });
  const proxy = await startConnectProxy();
  t.teardown(proxy.close);
  const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
  const reply = await post({}, withParts(createHost(t), { env }));
  t.is(reply.status, 201);
  t.is(reply.certificate, undefined);
  t.deepEqual([server.requests.length, proxy.connects.length], [1, 0]);
});

// What comes back.

test('a redirect is not followed, wherever it leads', async (t) => {
  const { server, post } = await setUp(t);
  for (const redirect of [`${server.url}${TOKEN_PATH}`, 'https://elsewhere.example/', 'http://localhost/'])
    for (const status of [301, 307]) {
      server.faults.next({ redirect, status });
      const reply = await post();
      t.deepEqual([reply.status, reply.headers.location], [status, redirect]);
    }
  t.is(server.requests.length, 6);
});

const unanswered = test.macro<[Fault, string, string | RegExp]>({
  async exec(t, fault, code, line) {
    const { server, post } = await setUp(t);
    server.faults.next(fault);
    // Long enough for busy machines; what never comes is waited for in vain.
    const patience = code === 'timed-out' ? 2500 : 30_000;
    await fails(t, () => post(undefined, undefined, patience), unreachable(code, line));
    t.is(server.requests.length, 1);
  },
  title: (given) => `no answer: ${given}`,
});

test(
  'a server that says nothing',
  unanswered,
  'stall',
  'timed-out',
  /: no answer within 2\.5 s \(waiting for the answer\); check the network and proxy settings, or give more time with --timeout$/,
);
test(
  'one that stops in the middle',
  unanswered,
  'stall-after-headers',
  'timed-out',
  /: no answer within 2\.5 s \(reading the answer\); /,
);
test(
  'one that never ends',
  unanswered,
  'endless',
  'bad-answer',
  /: the answer is larger than 1 MiB; nothing was kept; check what serves this address$/,
);
test(
  'one that hangs up',
  unanswered,
  'reset',
  'cannot-connect',
  /: cannot connect: the other side closed the connection before it had answered in full; /,
);
test(
  'one that sends chunks that are none',
  unanswered,
  'garbage-chunks',
  'bad-answer',
  /: the answer is not HTTP \(HPE_\w+\); /,
);

test('what is not there, or speaks another language, is told', async (t) => {
  const { trusting, host } = await setUp(t);
  const call = { method: 'GET', path: '/', milliseconds: 30_000 } as const;
  const from = (server: string) => () => ask(host, { server }, trusting, call);
  const hint = 'check --server, the network, HTTPS_PROXY and NO_PROXY';
  await fails(
    t,
    from('https://localhost:1'),
    unreachable('cannot-connect', `https://localhost:1: cannot connect: nothing listens there; ${hint}`),
  );
  const name = 'https://sa-token-test.invalid';
  await fails(
    t,
    from(name),
    unreachable(
      'cannot-connect',
      /: cannot connect: the (?:host name is not known|name server does not answer); /,
    ),
  );

  const plain = createPlainServer((_, response) => response.end('hello'));
  const silent = createServer();
  const garbled = createServer((socket) => socket.end('220 mail.example ESMTP\r\n'));
  for (const server of [plain, silent, garbled]) t.teardown(() => server.close());
  const port = await listenOnLoopback(plain);
  await fails(
    t,
    from(`https://localhost:${port}`),
    unreachable('cannot-connect', /: cannot connect: the other side does not speak TLS there; /),
  );
  const garbledPort = await listenOnLoopback(garbled);
  await fails(
    t,
    from(`https://localhost:${garbledPort}`),
    unreachable('cannot-connect', /: cannot connect: the other side does not speak TLS there; /),
  );
  await fails(
    t,
    from(`http://localhost:${garbledPort}`),
    unreachable('bad-answer', /: the answer is not HTTP \(HPE_\w+\); /),
  );
  const closing = createServer((socket) => socket.resetAndDestroy());
  t.teardown(() => closing.close());
  await fails(
    t,
    from(`http://localhost:${await listenOnLoopback(closing)}`),
    unreachable('cannot-connect', /: the other side closed the connection .*: is it https\?; /),
  );
  const silentPort = await listenOnLoopback(silent);
  const sockets = once(silent, 'connection');
  await fails(
    t,
    () => ask(host, { server: `https://localhost:${silentPort}` }, trusting, { ...call, milliseconds: 500 }),
    unreachable('timed-out', /: no answer within 0\.5 s \(connecting\); /),
  );
  for (const socket of await sockets) socket.destroy();
});
