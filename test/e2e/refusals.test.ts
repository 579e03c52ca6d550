/** Every way in which a server, a proxy or the network fails the hook: one line each, exit code 4 or 5, nothing kept. */
import test, { type ExecutionContext } from 'ava';
import { stat } from 'node:fs/promises';
import { createAuthority, createFakeIngressCertificate } from '../support/authority.ts';
import { ROBOT } from '../support/robot.ts';
import { startServer, type Fault } from '../support/token-request-server.ts';
import { entryPath } from './support/cached.ts';
import { checkFailure, checkNoSecret } from './support/outcome.ts';
import { setScene, usualProfile, type Scene } from './support/scene.ts';

interface Row {
  fault: Fault;
  code: 4 | 5;
  line: RegExp;
}

async function checkFaults(t: ExecutionContext, rows: Row[]): Promise<void> {
  // What may pass is tried again until this time is over.
  const scene = await setScene(t, { profile: { timeout: '1s' } });
  for (const { fault, code, line } of rows) {
    scene.server.reset();
    scene.server.faults.next(fault, 100);
    const result = await scene.hook();
    checkFailure(t, result, { code, line }, JSON.stringify(fault));
    await checkNoSecret(t, scene.robot.token, result);
  }
  await t.throwsAsync(stat(entryPath(scene.home)), { code: 'ENOENT' });
}

async function checkRefusal(t: ExecutionContext, scene: Scene, line: RegExp): Promise<void> {
  scene.server.reset();
  checkFailure(t, await scene.hook(), { code: 4, line }, String(line));
  t.is(scene.server.exchanges, 1, 'a refusal is final');
}

test('the API server refuses: exit code 4 after one request', async (t) => {
  const scene = await setScene(t);
  const { cluster } = scene.server;
  cluster.deny(ROBOT, 'serviceaccounts/token');
  await checkRefusal(t, scene, /may not create tokens.*\(403\).*resourceNames \[robot\]/);
  cluster.allow(ROBOT);
  cluster.deleteSecret({ namespace: 'team-a', name: 'robot-token' });
  await checkRefusal(t, scene, /was refused \(401\).*get a new one, then run: kubectl sa-token login prod /);
  const long = await cluster.issueLongToken({ ...ROBOT, serviceAccount: 'robot', seconds: 86_400 });
  await scene.sh(`printf %s '${long}' >"$HOME/source-token"`);
  await checkRefusal(t, await withBound(scene, 'gone'), /secrets "gone" not found \(404\)/);
  cluster.createSecret({ namespace: 'team-a', name: 'session' });
  await checkRefusal(t, await withBound(scene, 'session', 'other'), /made again/);
});

async function withBound(scene: Scene, name: string, uid?: string): Promise<Scene> {
  const bound = { 'bound-object-kind': 'Secret', 'bound-object-name': name };
  await scene.writeProfile({ ...usualProfile(scene), ...bound, ...(uid ? { 'bound-object-uid': uid } : {}) });
  return scene;
}

test('a proxy or a gateway answers in its place: it is told apart from Kubernetes', (t) =>
  checkFaults(t, [
    { fault: { html: 403 }, code: 4, line: /the proxy, not Kubernetes, answered 403/ },
    { fault: 'jwt-issuer-not-configured', code: 4, line: /a gateway in front of the API server refused/ },
    { fault: { html: 404 }, code: 5, line: /does not lead to a Kubernetes API: 404/ },
    { fault: 'empty-404', code: 5, line: /does not lead to a Kubernetes API: 404 with an empty answer/ },
    { fault: { html: 200 }, code: 5, line: /does not lead to a Kubernetes API: 200/ },
    { fault: { redirect: 'https://elsewhere.example/login' }, code: 5, line: /redirect.*not followed/ },
  ]));

test('the server is overloaded or broken: exit code 5', (t) =>
  checkFaults(t, [
    { fault: 'too-many-requests', code: 5, line: /overloaded \(429\); try again in 1 s/ },
    { fault: { html: 503 }, code: 5, line: /the server failed \(503\): "503 Service Temporarily/ },
    { fault: { html: 502 }, code: 5, line: /the server failed \(502\)/ },
    { fault: 'internal-error', code: 5, line: /the server failed \(500\): .*the signer is not there/ },
    { fault: 'timeout', code: 5, line: /the server failed \(504\)/ },
    { fault: 'reset', code: 5, line: /cannot connect: the other side closed the connection/ },
    { fault: 'stall', code: 5, line: /no answer within [\d.]+ s \(waiting for the answer\)/ },
    { fault: 'stall-after-headers', code: 5, line: /no answer within [\d.]+ s \(reading the answer\)/ },
  ]));

test('an answer that no API server gives is not kept: exit code 5', (t) =>
  checkFaults(t, [
    { fault: 'endless', code: 5, line: /the answer is larger than 1 MiB/ },
    { fault: 'garbage-chunks', code: 5, line: /the answer is not HTTP/ },
    { fault: { dropToken: true }, code: 5, line: /holds no token/ },
    { fault: { controlCharsInToken: true }, code: 5, line: /characters that no token has/ },
    {
      fault: { wrongSubject: 'system:serviceaccount:team-b:robot' },
      code: 5,
      line: /is for "system:.*team-b/,
    },
    { fault: { shortenTo: -60 }, code: 5, line: /has expired already/ },
    { fault: { status: 201, body: '{"status":{"token":"x"}}' }, code: 5, line: /does not say when/ },
  ]));

test('a wrong audience is refused, since the hook asked for another', async (t) => {
  const scene = await setScene(t, { profile: { audience: ['vault'] } });
  scene.server.faults.next({ wrongAudience: 'elsewhere' });
  checkFailure(t, await scene.hook(), { code: 5, line: /lacks the audience vault/ });
});

test('a server that cannot show who it is gets no token: exit code 5', async (t) => {
  const scene = await setScene(t);
  const theirs = await createAuthority('another CA');
  const ours = scene.server.authority;
  const names = { dnsNames: ['localhost'] };
  for (const [certificate, line] of [
    [await theirs.issue({ commonName: 'localhost', ...names }), /not trusted: its CA is not trusted here/],
    [await ours.issue({ commonName: 'x', dnsNames: ['x.example'] }), /not trusted: it is for another name/],
    [await ours.issue({ commonName: 'localhost', ...names, expired: true }), /not trusted: it has expired/],
    [await createFakeIngressCertificate(), /its own "Kubernetes Ingress Controller Fake Certificate"/],
  ] as const) {
    const server = await startServer({ authority: ours, certificate });
    t.teardown(() => server.close());
    await scene.writeProfile({ ...usualProfile(scene), server: server.url });
    checkFailure(t, await scene.hook(), { code: 5, line });
    t.is(server.requests.length, 0);
  }
});

test('nobody listens: exit code 5 after a few tries', async (t) => {
  const scene = await setScene(t);
  await scene.server.close();
  checkFailure(t, await scene.hook(), { code: 5, line: /cannot connect: nothing listens there/ });
});
