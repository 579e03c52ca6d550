/** Every call of a kubeconfig's user goes through the one bounded request, with what that user has to show. */
import { createServer as createPlainServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { loadKubeConfig, type Access } from '../../../src/api/context.ts';
import { keysOfCluster } from '../../../src/api/jwks.ts';
import { readSecretToken } from '../../../src/api/secret.ts';
import { reviewSelf } from '../../../src/api/self-review.ts';
import { reviewToken } from '../../../src/api/token-review.ts';
import { fails } from '../../support/failure.ts';
import { createAuthority } from '../../support/authority.ts';
import { createHost, put, type TestHost } from '../../support/host.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import { withRobot, type Scene } from '../../support/robot.ts';
import type { ServerOptions } from '../../support/token-request-server.ts';

interface World extends Scene {
  host: TestHost;
  /** Sets the user of the one context; it is the admin unless another is given. */
  as: (user: object) => void;
  /** Each call that carries a token and is no exchange, with the time it has. */
  calls: Record<(typeof names)[number], (milliseconds?: number) => Promise<unknown>>;
}

const names = ['secret', 'review', 'keys', 'self'] as const;
const access: Access = { kubeconfig: undefined, context: undefined };

async function setUp(t: ExecutionContext, options?: ServerOptions): Promise<World> {
  const scene = await withRobot(t, options);
  const { server, robot } = scene;
  const host = createHost(t);
  const ca = put(host, 'ca.crt', server.caPem);
  const as = (user: object): void => {
    const cluster = { server: server.apiUrl, 'certificate-authority': ca };
    const content = {
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    put(host, '.kube/config', stringify(content));
  };
  as({ token: server.adminToken });
  const config = () => loadKubeConfig(host, access);
  const settings = { server: server.apiUrl, certificateAuthority: ca };
  const calls: World['calls'] = {
    secret: (milliseconds = 30_000) => readSecretToken(host, 'team-a/robot-token', access, milliseconds),
    review: async (milliseconds = 30_000) => reviewToken(host, config(), robot.token, [], milliseconds),
    keys: async (milliseconds = 30_000) => keysOfCluster(host, config(), milliseconds),
    self: (milliseconds = 30_000) =>
      reviewSelf(host, { ...settings, timeout: milliseconds / 1000 }, robot.token),
  };
  return { ...scene, host, as, calls };
}

test('each call as the kubeconfig’s user', async (t) => {
  const { server, robot, calls } = await setUp(t);
  t.is(await calls.secret(), robot.token);
  t.like(await calls.review(), { authenticated: true, username: 'system:serviceaccount:team-a:robot' });
  t.like(await calls.keys(), { place: `${server.apiUrl}/openid/v1/jwks` });
});

for (const name of names) {
  const apiFailed = { keys: 'keys-unreachable', secret: 'api-failed', review: 'api-failed' };

  test(`${name}: a redirect to plain http is not followed`, async (t) => {
    const { server, calls } = await setUp(t);
    let received = '';
    const thief = createPlainServer((request, response) => {
      received += request.url;
      request.on('data', (chunk: Buffer) => (received += chunk.toString())).on('end', () => response.end());
    });
    t.teardown(() => thief.close());
    const redirect = `http://localhost:${await listenOnLoopback(thief)}/`;
    for (const status of [302, 307, 308]) {
      server.faults.next({ redirect, status }, 1, 'any');
      await fails(t, () => calls[name](), {
        code: 'redirected',
        exitCode: 5,
        line: new RegExp(
          `: the server answered ${status}, a redirect to ${redirect}, which is not followed; `,
        ),
      });
    }
    t.is(received, '');
  });

  test(`${name}: an answer without an end is read up to 1 MiB`, async (t) => {
    const { server, calls } = await setUp(t);
    server.faults.next('endless', 1, 'any');
    const code = { self: 'bad-answer', ...apiFailed }[name];
    await fails(t, () => calls[name](), { code, exitCode: 5, line: /: the answer is larger than 1 MiB; / });
  });

  test(`${name}: an answer that does not come is waited for until the deadline`, async (t) => {
    const { server, calls } = await setUp(t);
    server.faults.next('stall', 1, 'any');
    const code = { self: 'timed-out', ...apiFailed }[name];
    await fails(t, () => calls[name](2000), {
      code,
      exitCode: 5,
      line: /: no answer within [0-2](?:\.\d)? s \([a-z ]+\); /,
    });
  });
}

test('a page that repeats what it was sent shows neither token', async (t) => {
  const { server, robot, calls } = await setUp(t);
  const message = `cannot take ${robot.token} of ${server.adminToken}`;
  server.faults.next({ status: 500, body: JSON.stringify({ kind: 'Status', message }) }, 1, 'any');
  await fails(t, () => calls.review(), {
    code: 'api-failed',
    exitCode: 5,
    line: /: cannot take \[token\] of \[token\]; see whether it answers kubectl/,
  });
});

// What a user can have to show.

test('user and password, and whom to act as', async (t) => {
  const { server, as, calls } = await setUp(t);
  as({ username: 'ann', password: 'p w' });
  await fails(t, () => calls.secret(), { code: 'no-secret-token', exitCode: 2, line: /system:anonymous/ });
  t.is(server.requests.at(-1)?.headers.authorization, `Basic ${Buffer.from('ann:p w').toString('base64')}`);
  as({ token: server.adminToken, as: 'bob' });
  await calls.secret();
  t.like(server.requests.at(-1)?.headers, {
    authorization: `Bearer ${server.adminToken}`,
    'impersonate-user': 'bob',
  });
});

test('a client certificate, from files, data or a credential plugin', async (t) => {
  const authority = await createAuthority('client CA');
  const { server, host, as, calls } = await setUp(t, { requestClientCert: authority.caPem });
  const { certPem, keyPem } = await authority.issue({ commonName: 'laptop', client: true });
  const token = server.adminToken;
  const status = { token, clientCertificateData: certPem, clientKeyData: keyPem };
  for (const user of [
    { token, 'client-certificate': put(host, 'c.crt', certPem), 'client-key': put(host, 'c.key', keyPem) },
    { token, 'client-certificate-data': data(certPem), 'client-key-data': data(keyPem) },
    plugin(host, `cat ${put(host, 'c.json', JSON.stringify({ status }))}`),
  ]) {
    as(user);
    // In turn: there is one kubeconfig.
    // eslint-disable-next-line no-await-in-loop
    await calls.secret();
    t.is(server.requests.at(-1)?.clientCertificate, 'laptop');
  }
  as({ token, 'client-certificate': 'none.crt', 'client-key': 'none.key' });
  await fails(t, () => calls.secret(), {
    code: 'bad-kubeconfig',
    exitCode: 2,
    line: /^user "u": ENOENT: .*none\.crt'; correct the file; nothing was changed$/,
  });
});

function data(text: string): string {
  return Buffer.from(text).toString('base64');
}

function plugin(host: TestHost, script: string, more: object = {}): object {
  const command = put(host, 'plugin', `#!/bin/sh\n${script}\n`, 0o700);
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, ...more } };
}

test('a credential plugin is run as client-go runs it', async (t) => {
  const { server, robot, host, as, calls } = await setUp(t);
  const script = `printf %s "$KUBERNETES_EXEC_INFO" > "$OUT"; printf '{"status":{"token":"%s"}}' "$1$REST"`;
  const [start, rest] = [server.adminToken.slice(0, 9), server.adminToken.slice(9)];
  const env = [
    { name: 'REST', value: rest },
    { name: 'OUT', value: join(host.home, 'info') },
  ];
  as(plugin(host, script, { args: [start], env }));
  t.is(await calls.secret(), robot.token);
  t.deepEqual(JSON.parse(readFileSync(join(host.home, 'info'), 'utf8')), {
    kind: 'ExecCredential',
    apiVersion: 'client.authentication.k8s.io/v1',
    spec: { interactive: false },
  });
});

test('a credential plugin that hangs is named at the deadline, and ended', async (t) => {
  const { server, host, as, calls } = await setUp(t);
  const file = join(host.home, 'pid');
  as(plugin(host, `echo $$ > ${file}; trap '' TERM; sleep 60 & wait; sleep 60`));
  await fails(t, () => calls.review(2000), {
    code: 'context-plugin-failed',
    exitCode: 5,
    line: `the context's credential plugin ${join(host.home, 'plugin')} did not answer within 2 s; see whether kubectl can use that context: kubectl auth whoami; or name another one with --context`,
  });
  t.is(server.connections, 0);
  const pid = Number(readFileSync(file, 'utf8'));
  // eslint-disable-next-line no-await-in-loop
  while (host.isAlive(pid)) await sleep(20);
});

test('a credential plugin that fails, or prints no credential, is named', async (t) => {
  const { host, as, calls } = await setUp(t);
  for (const [script, why] of [
    ['echo first log in >&2; exit 3', 'failed: first log in'],
    ['exit 3', 'failed: Command failed: '],
    ['echo hello', 'printed no credential'],
    [`echo '{"status":{}}'`, 'printed no credential'],
  ] as const) {
    as(plugin(host, script));
    // eslint-disable-next-line no-await-in-loop
    await fails(t, () => calls.keys(), {
      code: 'context-plugin-failed',
      exitCode: 5,
      line: new RegExp(`^the context's credential plugin ${join(host.home, 'plugin')} ${why}`),
    });
  }
});
