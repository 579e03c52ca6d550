import test from 'ava';
import { setScene } from '../../../support/credential-scene.ts';
import { withParts } from '../../../support/host.ts';
import { findSecret } from '../../../support/secret-scan.ts';
import { runMain } from '../../../support/in-process.ts';

async function setUp(t: Parameters<typeof setScene>[0]) {
  const scene = await setScene(t);
  const get = async (...argv: string[]) => {
    scene.host.written.out = scene.host.written.err = '';
    scene.host.written.exitCode = undefined;
    const { out, err, exitCode } = await runMain(withParts(scene.host, { argv: ['get-token', ...argv] }));
    return { out, err, exitCode };
  };
  return { ...scene, get };
}

test('every format prints the same token, one line each, and nothing beside it', async (t) => {
  const { get, server } = await setUp(t);
  const { out: token } = await get('prod', '-o', 'token');
  t.regex(token, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const quiet = { err: '', exitCode: undefined };
  t.deepEqual(await get('prod', '-o', 'header'), { out: `Authorization: Bearer ${token}`, ...quiet });
  const json = await get('prod', '-o=json', '--output', 'json').then(({ exitCode }) => exitCode);
  t.is(json, 2, 'a format that is given twice');
  const { out: status } = await get('prod', '--output=json');
  t.like(JSON.parse(status), { token: token.trim() });
  const { out: credential } = await get('prod');
  t.deepEqual(JSON.parse(credential), {
    kind: 'ExecCredential',
    apiVersion: 'client.authentication.k8s.io/v1',
    spec: { interactive: false },
    status: JSON.parse(status),
  });
  for (const text of [token, status, credential]) t.regex(text, /^[^\n]+\n$/);
  t.is(server.exchanges, 1);
});

test('what only yargs can read is answered alike', async (t) => {
  const { get } = await setUp(t);
  const { out } = await get('prod', '-o', 'token');
  t.deepEqual(await get('prod', '--force-refresh=false', '-o', 'token'), {
    out,
    err: '',
    exitCode: undefined,
  });
});

test('a short flag and its value in one word, as kubectl takes them', async (t) => {
  const { get, host } = await setUp(t);
  const { out } = await get('prod', '-o', 'token');
  t.deepEqual(await get('prod', '-otoken'), { out, err: '', exitCode: undefined });
  t.deepEqual(await get('prod', '-nteam-a', '-otoken'), await get('prod', '-n', 'team-a', '-o', 'token'));
  t.regex((await get('prod', '-oyaml')).err, /-o yaml is not one of/);
  t.regex((await get('prod', '-xyz')).err, /unknown arguments: x, y, z/);
  t.is((await runMain(withParts(host, { argv: ['list', '-oname'] }))).out, 'prod\n');
});

test('a failure is one line, an exit code, and nothing on standard output, in every format', async (t) => {
  const { get, server, robot } = await setUp(t);
  server.cluster.deny({ namespace: 'team-a', name: 'robot' });
  for (const format of ['exec-credential', 'token', 'header', 'json']) {
    const { out, err, exitCode } = await get('prod', '-o', format);
    t.is(out, '');
    t.is(exitCode, 4);
    t.regex(err, /^kubectl-sa-token: team-a\/robot@https:[^\n]+\n$/);
    t.deepEqual(await findSecret(robot.token, { texts: { err } }), []);
  }
});

test('what a server says of the token it was given is masked', async (t) => {
  const { get, server, robot } = await setUp(t);
  server.faults.next({ status: 403, body: `no entry for ${robot.token}` });
  const { err } = await get('prod');
  t.regex(err, /the proxy, not Kubernetes, answered 403 "no entry for \[token\]"/);
  t.deepEqual(await findSecret(robot.token, { texts: { err } }), []);
});
