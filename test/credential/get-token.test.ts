import { existsSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ava from 'ava';
import { decodeJwt } from 'jose';
import { AlreadyTold } from '../../src/credential/get-token.ts';
import { isNewerThanProfiles, readEntry } from '../../src/entry/entry.ts';
import { entryFile } from '../../src/entry/folder.ts';
import { fails } from '../failure.ts';
import { put } from '../support/host.ts';
import { age, profilePath, setScene, touchProfile } from './scene.ts';

/** One after the other: in a token's last minute an exchange has two seconds, on a busy machine too. */
const test = ava.serial;

const go = (spec: object = { interactive: false }, version = 'v1') =>
  `${JSON.stringify({ kind: 'ExecCredential', apiVersion: `client.authentication.k8s.io/${version}`, spec })}\n`;
const inHook = (info = go(), ppid = 7) => ({ env: { KUBERNETES_EXEC_INFO: info }, client: String(ppid) });

test('the first call exchanges, the second is answered from the entry', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook();
  t.deepEqual(await scene.hook(), first);
  t.is(scene.server.exchanges, 1);
  t.is(decodeJwt(first.status.token).sub, 'system:serviceaccount:team-a:robot');
  t.is(first.apiVersion, 'client.authentication.k8s.io/v1');
  t.deepEqual(scene.host.written.steps.at(-1), 'entry prod: fresh');
});

test('the answer is in the version that was asked for, whatever was kept', async (t) => {
  const { hook, server } = await setScene(t);
  const v1 = await hook(['prod'], inHook(go({}, 'v1')));
  const v1beta1 = await hook(['prod'], { ...inHook(go({}, 'v1beta1'), 8) });
  t.is(v1beta1.apiVersion, 'client.authentication.k8s.io/v1beta1');
  t.is(v1beta1.status.token, v1.status.token);
  await fails(t, () => hook(['prod'], inHook(go({}, 'v1alpha1'))), {
    code: 'bad-exec-info',
    exitCode: 2,
    line: /asks for apiVersion "client\.authentication\.k8s\.io\/v1alpha1", which is not supported/,
  });
  t.is(server.exchanges, 1);
});

test('calls at once on a cold cache make one exchange', async (t) => {
  const { hook, server } = await setScene(t);
  server.faults.next({ delayMs: 100 });
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => hook(['prod'], { pid: 1000 + index, isAlive: () => true })),
  );
  t.is(new Set(answers.map(({ status }) => status.token)).size, 1);
  t.is(server.exchanges, 1);
});

test('other settings are another entry, and the profile’s stays', async (t) => {
  const { hook, server } = await setScene(t);
  const plain = await hook();
  const other = await hook(['prod', '--audience', 'istio']);
  t.deepEqual(decodeJwt(other.status.token).aud, ['istio']);
  t.deepEqual(await hook(['prod', '--audience=istio']), other);
  t.deepEqual(await hook(['prod'], { env: { KUBECTL_SA_TOKEN_AUDIENCE: 'istio' } }), other);
  t.deepEqual(await hook(), plain);
  t.is(server.exchanges, 2);
});

test('without a profile flags name all, and the claims the account', async (t) => {
  const { hook, host, server } = await setScene(t);
  rmSync(join(host.home, profilePath));
  const words = ['--server', server.url, '--source-file', '~/token', '--certificate-authority', '~/ca.crt'];
  const first = await hook(words);
  t.deepEqual(await hook(words), first);
  t.is(server.exchanges, 1);
});

// A changed setting, a new login or a logout never serves the old token.

test('an edit that changes the token makes a new one', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook();
  scene.writeProfile('    audience: istio\n');
  touchProfile(scene);
  const second = await scene.hook();
  t.not(second.status.token, first.status.token);
  t.deepEqual(decodeJwt(second.status.token).aud, ['istio']);
  t.deepEqual(await scene.hook(), second);
  t.is(scene.server.exchanges, 2);
});

test('an edit that changes nothing of it confirms the entry, without an exchange', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook();
  utimesSync(entryFile(scene.host, 'prod'), 1000, 1000);
  scene.writeProfile('    # a note\n');
  t.deepEqual(await scene.hook(), first);
  const entry = readEntry(scene.host, 'prod');
  t.true(entry !== undefined && isNewerThanProfiles(scene.host, entry));
  t.is(scene.server.exchanges, 1);
});

test('a new source token is noticed with the profile file that a login writes', async (t) => {
  const scene = await setScene(t);
  const { cluster } = scene.server;
  await scene.hook();
  const of = { namespace: 'team-a', serviceAccount: 'robot', secretName: 'second' };
  put(scene.host, 'token', (await cluster.createSecretToken(of)).token);
  touchProfile(scene);
  const second = await scene.hook();
  t.like(decodeJwt(second.status.token), { 'kubernetes.io': { secret: { name: 'second' } } });
  t.is(scene.server.exchanges, 2);
});

test('a profile that is gone is not served from what it left', async (t) => {
  const scene = await setScene(t);
  await scene.hook();
  rmSync(join(scene.host.home, profilePath));
  await fails(t, () => scene.hook(), {
    code: 'unknown-profile',
    exitCode: 2,
    line: /^there is no profile "prod"/,
  });
  t.true(existsSync(entryFile(scene.host, 'prod')));
});

test('a source token that is gone is not served from what it left, once the profile file changes', async (t) => {
  const scene = await setScene(t);
  await scene.hook();
  rmSync(join(scene.host.home, 'token'));
  touchProfile(scene);
  await fails(t, () => scene.hook(), {
    code: 'not-logged-in',
    exitCode: 3,
    line: 'prod: no source token in file ~/token; see what should have put it there',
  });
});

test('a token that was issued while the profiles changed is given, and not kept', async (t) => {
  const scene = await setScene(t);
  scene.server.faults.next({ delayMs: 300 });
  const call = scene.hook();
  await sleep(100);
  scene.writeProfile('    audience: istio\n');
  t.deepEqual(decodeJwt((await call).status.token).aud, [scene.server.issuer]);
  t.false(existsSync(entryFile(scene.host, 'prod')));
  t.deepEqual(decodeJwt((await scene.hook()).status.token).aud, ['istio']);
});

// Ages.

test('an entry is served until its last fifth, and from there renewed behind the scenes', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook();
  const log = put(scene.host, 'renewals', '');
  // What is started again is not the engine here, but a program that notes how it was started.
  const note = 'echo "$@" >>"$LOG"';
  const parts = {
    self: ['/bin/sh', '-c', note, 'sh'] as const,
    argv: ['get-token', 'prod'],
    env: { LOG: log },
  };
  age(scene, 2800);
  t.deepEqual(await scene.hook(['prod'], parts), first);
  t.false(existsSync(entryFile(scene.host, 'prod', 'renewing')));
  age(scene, 2900);
  const answers = await Promise.all([1, 2, 3, 4].map(() => scene.hook(['prod'], parts)));
  for (const answer of answers) t.deepEqual(answer, first);
  while (readFileSync(log, 'utf8') === '') await sleep(20);
  await sleep(100);
  t.is(readFileSync(log, 'utf8'), 'get-token --force-refresh prod\n');
  t.is(statSync(entryFile(scene.host, 'prod', 'renewing')).mode & 0o777, 0o600);
  t.is(scene.server.exchanges, 1);
});

test('a renewal that never came back is forgotten after a minute', async (t) => {
  const scene = await setScene(t);
  await scene.hook();
  age(scene, 2900);
  const log = put(scene.host, 'renewals', '');
  const note = put(scene.host, '.kube/cache/sa-token/prod.renewing', '1\n');
  const parts = { self: ['/bin/sh', '-c', 'echo x >>"$LOG"', 'sh'] as const, env: { LOG: log } };
  await scene.hook(['prod'], parts);
  t.is(readFileSync(note, 'utf8'), '1\n');
  const before = Date.now() / 1000 - 61;
  utimesSync(note, before, before);
  await scene.hook(['prod'], parts);
  while (readFileSync(log, 'utf8') === '') await sleep(20);
  t.not(readFileSync(note, 'utf8'), '1\n');
});

test('a program that cannot be started again costs the renewal, not the call', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook();
  age(scene, 2900);
  t.deepEqual(await scene.hook(['prod'], { self: ['/none/engine'] }), first);
});

test('in its last minute a token goes before a place of the source token that fails', async (t) => {
  const scene = await setScene(t);
  const script = put(scene.host, 'give', `cat '${join(scene.host.home, 'token')}'`);
  const profile = `profiles:
  prod:
    server: ${scene.server.url}
    certificate-authority: ~/ca.crt
    source-command: [sh, ${script}]
`;
  const write = (text: string, written: number) => {
    const then = Date.now() / 1000 + written;
    utimesSync(put(scene.host, profilePath, text), then, then);
  };
  write(profile, -60);
  const { status } = await scene.hook();
  put(scene.host, 'give', 'exit 1');
  age(scene, 3545);
  t.like((await scene.hook()).status, { token: status.token });
  t.regex(scene.host.written.steps.join('\n'), /served for its last seconds, .*source-command ended with/);
  const failure = { code: 'source-command-failed', exitCode: 3, line: /ended with exit code 1/ } as const;
  age(scene, 3571);
  await fails(t, () => scene.hook(), failure);
  age(scene, 3545);
  write(`${profile}    audience: istio\n`, 1);
  await fails(t, () => scene.hook(), failure);
});

test('a variable of another process is another source token, whatever the profile is called', async (t) => {
  const scene = await setScene(t);
  const { server, robot, host } = scene;
  const profile = `profiles: {prod: {server: "${server.url}", certificate-authority: ~/ca.crt, source-env: CI_TOKEN}}`;
  const then = Date.now() / 1000 - 60;
  utimesSync(put(host, profilePath, profile), then, then);
  const other = await server.cluster.createRobot({ namespace: 'team-b', name: 'admin' });
  const as = (token: string, more = {}) =>
    scene.hook(['prod'], { env: { CI_TOKEN: token, ...more } }).then(({ status }) => status.token);
  const first = await as(robot.token);
  t.true((await as(robot.token)) === first);
  t.is(server.exchanges, 1);
  t.is(decodeJwt(await as(other.token)).sub, 'system:serviceaccount:team-b:admin');
  // The rule for 401 holds here too.
  const again = await as(robot.token);
  const asClient = () =>
    scene.hook(['prod'], { env: { CI_TOKEN: robot.token, ...inHook().env }, client: '7' });
  t.true((await asClient()).status.token === again);
  t.false((await asClient()).status.token === again);
});

test('in its last minute a token goes before a place of the source token that hangs', async (t) => {
  const scene = await setScene(t);
  const script = put(scene.host, 'give', `cat '${join(scene.host.home, 'token')}'`);
  const profile = `profiles: {prod: {server: "${scene.server.url}", certificate-authority: ~/ca.crt, source-command: [sh, "${script}"]}}`;
  const then = Date.now() / 1000 - 60;
  utimesSync(put(scene.host, profilePath, profile), then, then);
  const { status } = await scene.hook();
  put(scene.host, 'give', 'exec sleep 20');
  age(scene, 3545);
  const began = performance.now();
  t.like((await scene.hook()).status, { token: status.token });
  t.true(performance.now() - began < 10_000);
});

test('a source-command that fails is run once for all that wait', async (t) => {
  const scene = await setScene(t);
  const runs = join(scene.host.home, 'runs');
  const script = put(scene.host, 'give', `echo x >>'${runs}'; sleep 1; exit 3`);
  const profile = `profiles: {prod: {server: "${scene.server.url}", source-command: [sh, "${script}"]}}`;
  put(scene.host, profilePath, profile);
  const calls = Array.from({ length: 5 }, (_, index) =>
    scene.hook(['prod'], { pid: 2000 + index, isAlive: () => true }).catch((error: unknown) => error),
  );
  for (const error of await Promise.all(calls)) t.regex(String(error), /ended with exit code 3/);
  t.is(readFileSync(runs, 'utf8'), 'x\n');
});

test('in its last minute a token is renewed before the answer', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook();
  age(scene, 3550);
  t.not((await scene.hook()).status.token, first.status.token);
  t.is(scene.server.exchanges, 2);
});

test('when that fails for want of a server, the old one is served to its end', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook();
  for (const fault of [
    'reset',
    { html: 502 },
    { html: 403 },
    { html: 200 },
    'stall',
    { dropToken: true },
  ] as const) {
    age(scene, 3545);
    scene.server.faults.clear();
    scene.server.faults.next(fault, 9);
    t.deepEqual(await scene.hook(['prod', '--timeout', '1s']), first, JSON.stringify(fault));
  }
  age(scene, 3571);
  await fails(t, () => scene.hook(), {
    code: 'bad-answer',
    exitCode: 5,
    line: /^team-a\/robot@/,
  });
});

test('when the API server itself refuses, the old one is not served', async (t) => {
  const scene = await setScene(t);
  await scene.hook();
  age(scene, 3545);
  scene.server.cluster.deny({ namespace: 'team-a', name: 'robot' });
  await fails(t, () => scene.hook(), { code: 'forbidden', exitCode: 4, line: /^team-a\/robot@/ });
});

test('--force-refresh exchanges whatever is cached', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook();
  const second = await scene.hook(['prod', '--force-refresh']);
  t.not(second.status.token, first.status.token);
  t.deepEqual(await scene.hook(), second);
});

// Where entries are kept.

test('without a cache each call exchanges, and nothing is written', async (t) => {
  const scene = await setScene(t);
  await scene.hook(['prod', '--cache', 'none']);
  scene.writeProfile('    cache: none\n');
  await scene.hook();
  await scene.hook();
  t.is(scene.server.exchanges, 3);
  t.false(existsSync(entryFile(scene.host, 'prod')));
});

test('a cache that cannot be written costs an exchange each time, and no failure', async (t) => {
  const scene = await setScene(t);
  const file = put(scene.host, 'file', '');
  for (const KUBECACHEDIR of [join(file, 'cache'), `/${'x'.repeat(4000)}`, '/dev/full']) {
    const parts = { env: { KUBECACHEDIR, KUBERNETES_EXEC_INFO: go() } };
    t.truthy((await scene.hook(['prod'], parts)).status.token);
    t.truthy((await scene.hook(['prod', '--force-refresh'], parts)).status.token);
  }
  t.is(scene.server.exchanges, 6);
});

// Clients that come back.

test('client-go coming back with a token that lives was refused: one exchange, at most once a minute', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook(['prod'], inHook());
  t.deepEqual(await scene.hook(['prod'], inHook(go(), 8)), first, 'another kubectl');
  const second = await scene.hook(['prod'], inHook());
  t.not(second.status.token, first.status.token);
  t.deepEqual(await scene.hook(['prod'], inHook()), second, 'within the minute');
  const later = { ...inHook(), now: () => Date.now() + 61_000 };
  t.notDeepEqual(await scene.hook(['prod'], later), second);
  t.is(scene.server.exchanges, 3);
});

test('other clients come back for harmless reasons', async (t) => {
  const { hook, server } = await setScene(t);
  for (const info of [undefined, go().trim(), ''])
    for (let time = 0; time < 3; time += 1)
      await hook(['prod'], { client: '7', env: info === undefined ? {} : { KUBERNETES_EXEC_INFO: info } });
  t.is(server.exchanges, 1);
});

test('a parent is told of a failure once, and then given the exit code alone', async (t) => {
  const { hook, server } = await setScene(t);
  server.cluster.deny({ namespace: 'team-a', name: 'robot' });
  await fails(t, () => hook(['prod'], inHook()), { code: 'forbidden', exitCode: 4, line: /^team-a\/robot@/ });
  for (let time = 0; time < 5; time += 1) {
    const error = await t.throwsAsync(hook(['prod'], inHook()), { instanceOf: AlreadyTold });
    t.is(error?.exitCode, 4);
  }
  t.is(server.exchanges, 1);
  for (const parts of [inHook(go(), 8), inHook(go().trim()), { env: {} }]) {
    // Who had begun when an exchange failed fails with it.
    await sleep(5);
    await fails(t, () => hook(['prod'], parts), { code: 'forbidden', exitCode: 4, line: /^team-a\/robot@/ });
  }
  t.is(server.exchanges, 4);
  server.cluster.allow({ namespace: 'team-a', name: 'robot' });
  t.truthy(await hook(['prod'], { ...inHook(), now: () => Date.now() + 60_000 }));
});
