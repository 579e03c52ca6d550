import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ava from 'ava';
import { decodeJwt } from 'jose';
import { RepeatedFailure } from '../../../src/credential/get-token.ts';
import { isOfProfileFile, readEntry } from '../../../src/cache/entry.ts';
import { logOut } from '../../../src/login/log-out.ts';
import { entryFile, listEntries } from '../../../src/cache/folder.ts';
import { processSpace } from '../../../src/base/lock.ts';
import { fails } from '../../support/failure.ts';
import { put } from '../../support/host.ts';
import {
  age,
  hasServed,
  profilePath,
  setScene,
  touchProfile,
  type Scene,
} from '../../support/credential-scene.ts';

const requested = async ({ server }: Scene): Promise<void> => {
  while (server.requests.length === 0) await sleep(10);
};

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
  t.deepEqual(scene.host.written.steps.at(-1), 'entry prod: serve');
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
  scene.writeProfile('    # a note\n');
  const isVouched = () => isOfProfileFile(scene.host, readEntry(scene.host, 'prod')?.profile);
  t.false(isVouched());
  t.deepEqual(await scene.hook(), first);
  t.true(isVouched());
  t.is(scene.server.exchanges, 1);
});

test('another source token in its file counts at once', async (t) => {
  const scene = await setScene(t);
  const { cluster } = scene.server;
  await scene.hook();
  const of = { namespace: 'team-a', serviceAccount: 'robot', secretName: 'second' };
  put(scene.host, 'token', (await cluster.createSecretToken(of)).token);
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

test('a source token that is gone is not served from what it left', async (t) => {
  const scene = await setScene(t);
  await scene.hook();
  rmSync(join(scene.host.home, 'token'));
  await fails(t, () => scene.hook(), {
    code: 'not-logged-in',
    exitCode: 3,
    line: 'prod: no source token in file ~/token; check what writes it',
  });
});

test('a token that was issued while the profiles changed is given, and never served for what they say now', async (t) => {
  const scene = await setScene(t);
  scene.server.faults.next({ delayMs: 300 });
  const call = scene.hook();
  await requested(scene);
  scene.writeProfile('    audience: istio\n');
  t.deepEqual(decodeJwt((await call).status.token).aud, [scene.server.issuer]);
  t.is(readEntry(scene.host, 'prod')?.profile, undefined);
  t.deepEqual(decodeJwt((await scene.hook()).status.token).aud, ['istio']);
});

test('an edit with an old time, made while source-command ran, is one too', async (t) => {
  const scene = await setScene(t);
  const [token, ready, goOn] = ['token', 'ready', 'go-on'].map((name) => join(scene.host.home, name));
  const script = put(
    scene.host,
    'give',
    `: >'${ready}'; until [ -e '${goOn}' ]; do sleep 0.02; done; cat '${token}'`,
  );
  const profile = (more: string) =>
    put(
      scene.host,
      profilePath,
      `profiles: {prod: {server: "${scene.server.url}", certificate-authority: ~/ca.crt, source-command: [sh, "${script}"]${more}}}`,
    );
  profile('');
  const call = scene.hook();
  while (!existsSync(ready ?? '')) await sleep(20);
  // As \`cp -p\`: the inode stays, and the time is of long ago.
  utimesSync(profile(', audience: istio'), 1000, 1000);
  put(scene.host, 'go-on', '');
  await call;
  t.deepEqual(decodeJwt((await scene.hook()).status.token).aud, ['istio']);
});

test('a logout that comes meanwhile leaves no entry of a call that it overtook', async (t) => {
  const scene = await setScene(t);
  scene.server.faults.next({ delayMs: 300 });
  const call = scene.hook();
  await requested(scene);
  await logOut(scene.host, 'prod', false);
  t.truthy((await call).status.token);
  t.false(existsSync(entryFile(scene.host, 'prod')));
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
  for (const name of listEntries(host)) hasServed(scene, name);
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
  // A call that waits for its end gives a new token.
  put(scene.host, 'give', `sleep 4; cat '${join(scene.host.home, 'token')}'`);
  age(scene, 3545);
  t.like((await scene.hook()).status, { token: status.token });
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

test('client-go coming back with a token that lives was refused: one exchange, and the next after a while', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook(['prod'], inHook());
  t.deepEqual(await scene.hook(['prod'], inHook(go(), 8)), first, 'another kubectl');
  t.deepEqual(await scene.hook(['prod'], inHook()), first, 'seconds after its issue');
  hasServed(scene);
  const second = await scene.hook(['prod'], inHook());
  t.not(second.status.token, first.status.token);
  t.deepEqual(await scene.hook(['prod'], inHook()), second, 'and at once again');
  const later = { ...inHook(), now: () => Date.now() + 11_000 };
  t.notDeepEqual(await scene.hook(['prod'], later), second);
  t.is(scene.server.exchanges, 3);
});

test('an edit of the profile file does not switch the rule off', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook(['prod'], inHook());
  hasServed(scene);
  scene.writeProfile('    # a note\n');
  t.not((await scene.hook(['prod'], inHook())).status.token, first.status.token);
  t.is(scene.server.exchanges, 2);
});

test('a client without the newline counts too, one without the variable when it comes back twice, a script never', async (t) => {
  const calls = {
    'without the newline': { env: { KUBERNETES_EXEC_INFO: go().trim() }, exchanges: [1, 2] },
    'without the variable': { env: {}, exchanges: [1, 1, 2] },
    'an empty one': { env: { KUBERNETES_EXEC_INFO: '' }, exchanges: [1, 1, 2] },
    'a script': { env: {}, words: ['prod', '-o', 'json'], exchanges: [1, 1, 1, 1] },
    'a renewal': { env: inHook().env, words: ['prod', '--force-refresh'], exchanges: [1, 2, 3] },
  };
  for (const [what, { exchanges, ...call }] of Object.entries(calls)) {
    const scene = await setScene(t);
    const counts: number[] = [];
    for (const _ of exchanges) {
      await scene.hook('words' in call ? call.words : ['prod'], { client: '7', env: call.env });
      counts.push(scene.server.exchanges);
      hasServed(scene);
    }
    t.deepEqual(counts, exchanges, what);
  }
});

test('client-go that is refused a token of a few seconds is told of it once, where a person looks on', async (t) => {
  const scene = await setScene(t);
  const onTerminal = { ...inHook(), errIsTerminal: () => true };
  for (const _ of [1, 2, 3]) await scene.hook(['prod'], onTerminal);
  t.regex(
    scene.host.written.err,
    /^kubectl-sa-token: prod: the API server of this context refuses a token that was issued \d s ago; it may be another cluster than https:\S+\/kubernetes: kubectl sa-token doctor prod\n$/,
  );
  const piped = await setScene(t);
  for (const _ of [1, 2, 3]) await piped.hook(['prod'], inHook());
  t.is(piped.host.written.err, '');
});

test('a forced exchange that fails is told, and not made again at once', async (t) => {
  const scene = await setScene(t);
  const first = await scene.hook(['prod'], inHook(go().trim()));
  hasServed(scene);
  scene.server.cluster.deny({ namespace: 'team-a', name: 'robot' });
  const again = () => scene.hook(['prod'], inHook(go().trim()));
  await fails(t, again, { code: 'forbidden', exitCode: 4, line: /^team-a\/robot@/ });
  t.deepEqual(await again(), first);
  t.is(scene.server.requests.length, 2);
});

test('a folder of entries that is not ours is no cache: its notes are not believed, its locks not waited for', async (t) => {
  const scene = await setScene(t);
  const folder = join(scene.host.home, '.kube/cache/sa-token');
  await scene.hook(['prod'], inHook());
  const failure = { at: Date.now(), code: 'timed-out', message: 'their words' };
  const lie = JSON.stringify({ clients: { 7: { at: Date.now(), exitCode: 6 } }, failure });
  put(scene.host, '.kube/cache/sa-token/prod.failed', lie);
  put(scene.host, '.kube/cache/sa-token/prod.lock', `${process.pid} ${processSpace()} 0\n`);
  renameSync(folder, `${folder}-of-others`);
  symlinkSync(`${folder}-of-others`, folder);
  const before = readdirSync(folder).sort();
  for (const count of [2, 3]) {
    t.truthy((await scene.hook(['prod'], inHook())).status.token);
    t.is(scene.server.exchanges, count);
  }
  t.deepEqual(readdirSync(folder).sort(), before);
});

test('a client is told of a failure once, and then given the exit code alone', async (t) => {
  const { hook, server } = await setScene(t);
  server.cluster.deny({ namespace: 'team-a', name: 'robot' });
  await fails(t, () => hook(['prod'], inHook()), { code: 'forbidden', exitCode: 4, line: /^team-a\/robot@/ });
  for (let time = 0; time < 5; time += 1) {
    const error = await t.throwsAsync(hook(['prod'], inHook()), { instanceOf: RepeatedFailure });
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
