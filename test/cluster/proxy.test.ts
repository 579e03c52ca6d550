/** Real nginx with the configuration that `manifest proxy` prints, before a real API server, whose audit log is the witness. */
import { request } from 'node:https';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import type { ExecutionContext } from 'ava';
import { startNginx } from './nginx.ts';
import { send } from './raw-request.ts';
import { PREFIX, refusals } from './nginx-refusals.ts';
import { createAuthority, LOOPBACK } from '../support/authority.ts';
import { listenOnLoopback } from '../support/loopback.ts';
import { requirement } from '../support/require.ts';
import { ROBOT, TOKEN_PATH } from '../support/robot.ts';
import { findSecret } from '../support/secret-scan.ts';
import type { AuditEvent } from './audit-log.ts';
import type { ControlPlane } from './control-plane.ts';
import { onEachMinor } from './each-subject.ts';
import { need, setUpLaptop, type Laptop } from './laptop.ts';

const INTERNAL = /^system:(?:apiserver|kube-)|^admin$/;

onEachMinor((test) => {
  test('POST …/token passes the proxy; nothing else reaches the API server', async (t, plane) => {
    t.timeout(240_000);
    if (!requirement(t, 'nginx')) return;
    const laptop = await setUpLaptop(t, plane);
    await plane.makeNamespace(ROBOT.namespace);
    await plane.makeServiceAccount(ROBOT.namespace, ROBOT.name);
    const made = { namespace: ROBOT.namespace, serviceAccount: ROBOT.name, secretName: 'robot-token' };
    const { token } = await plane.makeLegacyToken(made);
    await plane.allowTokenRequests(ROBOT.namespace, ROBOT.name);
    await checkRefusals(t, plane, laptop, token);
    await checkProduct(t, plane, laptop, token);
    await checkAnonymous(t, plane, laptop);
  });
});

async function checkRefusals(t: ExecutionContext, plane: ControlPlane, laptop: Laptop, token: string) {
  const nginx = await startNginx(laptop, { upstream: new URL(plane.url).host, caPem: plane.caPem });
  t.teardown(nginx.close);
  const ask = async (change: object, headers: object = {}) =>
    (
      await send(nginx.port, {
        path: `${PREFIX}${TOKEN_PATH}`,
        ...change,
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      })
    ).status;

  const before = (await requestsOf(plane)).length;
  const tally = new Map<number, number>();
  for (const [title, change, expected] of refusals) {
    const status = await ask(change, change.headers);
    t.true(expected.includes(status), `${title}: ${status}`);
    tally.set(status, (tally.get(status) ?? 0) + 1);
  }
  const reached = (await requestsOf(plane)).length - before;
  t.is(reached, 0, 'the audit log has none of them');

  t.is(await ask({}), 201);
  t.is(await ask({ path: `${PREFIX}${TOKEN_PATH.replace('robot', 'default')}` }), 403);
  const passed = (await requestsOf(plane)).slice(before);
  const seen = passed.map(({ verb, requestURI, responseStatus }) => [verb, requestURI, responseStatus?.code]);
  t.deepEqual(seen, [
    ['create', TOKEN_PATH, 201],
    ['create', TOKEN_PATH.replace('robot', 'default'), 403],
  ]);
  const statuses = [...tally].map(([status, count]) => `${count} × ${status}`).join(', ');
  t.log(`proxy: refused ${refusals.length} (${statuses}), in the audit log ${reached}; passed 2, in it 2`);
  t.deepEqual(await findSecret(token, { roots: [nginx.folder] }), [], 'no credential in what nginx wrote');
}

/** What callers asked of the API server: neither itself nor the test's own administrator. */
async function requestsOf(plane: ControlPlane): Promise<AuditEvent[]> {
  return (await plane.auditEvents()).filter(({ user }) => !INTERNAL.test(user.username));
}

/** Login through it, kubectl past it, and the word of a server that grants less than was asked. */
async function checkProduct(t: ExecutionContext, plane: ControlPlane, laptop: Laptop, token: string) {
  const authority = await createAuthority('entrance CA');
  const certificate = await authority.issue({ commonName: 'localhost', ...LOOPBACK });
  const options = { upstream: new URL(plane.url).host, caPem: plane.caPem, certificate };
  const nginx = await startNginx(laptop, options);
  t.teardown(nginx.close);
  const ca = join(laptop.home, 'entrance.crt');
  await writeFile(ca, authority.caPem);
  const server = `https://localhost:${nginx.port}${PREFIX}`;
  const flags = ['--server', server, '--certificate-authority', ca, '--duration', '24h', '--token-stdin'];
  const login = await laptop.plugin(['login', 'prod', ...flags], { stdin: token });
  t.is(login.code, 0);
  t.regex(login.stderr, /requested expiration of 86400 seconds shortened to 7200 seconds/);
  t.regex(
    await need(laptop.plugin(['inspect', 'prod'])),
    /warning: issued token: asked for 86400 s, granted 7200 s/,
  );
  await need(laptop.sh('kubectl sa-token kubeconfig prod'));
  await need(laptop.sh('kubectl config set-context prod --cluster=test --user=prod'));
  t.like(await laptop.sh('kubectl --context prod get --raw /api'), { code: 0, stderr: '' });
  const list = await laptop.plugin(['list']);
  t.regex(list.stderr, /^warning: prod: cached token: asked for 86400 s, granted 7200 s: /);
  const issued = await laptop.issued('prod');
  for (const secret of [token, issued])
    t.deepEqual(await findSecret(secret, { texts: { log: await nginx.accessLog() } }), []);
}

/** How people see that a proxy leads to Kubernetes: nobody is told no by the API server itself. Ours lets POST alone. */
async function checkAnonymous(t: ExecutionContext, plane: ControlPlane, laptop: Laptop) {
  const port = await startOpenProxy(t, plane);
  const url = `http://127.0.0.1:${port}${PREFIX}${TOKEN_PATH}`;
  const status = JSON.parse(await need(laptop.sh(`curl -sS ${url}`)));
  t.like(status, { kind: 'Status', code: 403, reason: 'Forbidden' });
  t.regex(status.message, /User "system:anonymous" cannot get resource "serviceaccounts\/token"/);
}

/** A proxy that passes everything below the prefix, as an Ingress does. */
async function startOpenProxy(t: ExecutionContext, plane: ControlPlane): Promise<number> {
  const proxy = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? '').slice(PREFIX.length);
    const options = { method: incoming.method, headers: incoming.headers, ca: plane.caPem };
    const passed = request(`${plane.url}${path}`, options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  t.teardown(() => proxy.close());
  return listenOnLoopback(proxy);
}
