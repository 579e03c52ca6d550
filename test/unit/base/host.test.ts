import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { windowsHome } from '../../../src/base/host.ts';
import { testWith } from '../../support/require.ts';
import { sourceUrl } from '../../support/source-url.ts';
import { createSandbox, type RunOptions, type RunResult } from '../../support/runner.ts';

/** Runs a script in a process of its own, which sees `host`, the real one, and the words behind it as argv. */
async function run(
  t: ExecutionContext,
  script: string,
  words: string[] = [],
  options?: RunOptions,
): Promise<RunResult & { home: string }> {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const whole = `import { systemHost } from ${sourceUrl('src/base/host.ts')}; const host = systemHost(); ${script}`;
  const args = ['--input-type=module', '--eval', whole, '--', 'script', ...words];
  return { ...(await sandbox.exec(process.execPath, args, options)), home: sandbox.home };
}

test('the real host is this process', async (t) => {
  const show = `const { env, stdin, ...rest } = host; host.out(JSON.stringify({ ...rest, set: env.SET, now: host.now() }));`;
  const { stdout, home } = await run(t, show, ['get-token', 'prod'], { env: { SET: 'x' } });
  const shown: Record<string, unknown> = JSON.parse(stdout);
  t.like(shown, {
    argv: ['get-token', 'prod'],
    set: 'x',
    home,
    cwd: home,
    platform: process.platform,
    node: process.version,
  });
  t.regex(String(shown['client']), new RegExp(`^${process.pid}(?::\\d+)?$`));
  t.is(shown['uid'], process.geteuid?.());
  t.true(Math.abs(Number(shown['now']) - Date.now()) < 60_000);
});

test('in an exec hook, variables that change what is trusted do not count', async (t) => {
  const trusted = {
    NODE_EXTRA_CA_CERTS: '/evil.pem',
    SSL_CERT_FILE: '/evil.pem',
    SSL_CERT_DIR: '/evil',
    NODE_OPTIONS: '--no-deprecation',
  };
  const names = JSON.stringify(Object.keys(trusted));
  const show = `host.out(JSON.stringify(${names}.filter((name) => host.env[name] ?? process.env[name])));`;
  const left = async (env: Record<string, string>) => {
    const { stdout } = await run(t, show, [], { env: { ...trusted, ...env } });
    const found: unknown = JSON.parse(stdout);
    return found;
  };
  t.deepEqual(await left({ KUBERNETES_EXEC_INFO: '{}' }), []);
  t.deepEqual(await left({ KUBERNETES_EXEC_INFO: ' ' }), []);
  t.deepEqual(await left({}), Object.keys(trusted));
});

test('HOME goes before the password database, and an empty one is none', async (t) => {
  const show = 'host.out(host.home);';
  t.is((await run(t, show, [], { env: { HOME: '/elsewhere' } })).stdout, '/elsewhere');
  for (const HOME of ['', undefined])
    t.is((await run(t, show, [], { env: { HOME } })).stdout, userInfo().homedir);
});

const asRoot = testWith('root');

asRoot(
  'a user that nobody knows has no home, and so no file in the folder that it is called in',
  async (t) => {
    const script = 'process.setuid(4712345); host.out(systemHost().home);';
    t.is((await run(t, script, [], { env: { HOME: undefined } })).stdout, '/');
  },
);

test('-v shows each step on standard error, without tokens; behind -- it is another command’s', async (t) => {
  const trace = 'host.trace("step\\n eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln");';
  for (const word of ['-v', '--verbose']) t.is((await run(t, trace, ['x', word])).stderr, 'step  [token]\n');
  t.is((await run(t, trace, ['run', '--', '-v'])).stderr, '');
  t.is((await run(t, trace)).stderr, '');
});

test('signals that are held come when they are let go, and are told at once', async (t) => {
  const script = `
    let told = 0;
    const release = host.holdSignals(() => (told += 1));
    process.kill(process.pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 100));
    host.out('still here, told ' + told);
    release();
    await new Promise((resolve) => setTimeout(resolve, 5000));`;
  const { stdout, signal } = await run(t, script);
  t.deepEqual([stdout, signal], ['still here, told 1', 'SIGTERM']);
});

test('processes that are there are alive, others are not', async (t) => {
  const script = `host.out(JSON.stringify([host.isAlive(process.pid), host.isAlive(1), host.isAlive(2 ** 22 + 1)]));`;
  t.is((await run(t, script)).stdout, '[true,true,false]');
});

test('the exit code that was set is that of the end', async (t) => {
  t.is((await run(t, 'host.setExitCode(7); setInterval(() => {}, 1000); host.exit();')).code, 7);
  t.is((await run(t, 'setInterval(() => {}, 1000); host.exit();')).code, 0);
});

test('a long text is written whole', async (t) => {
  const { stdout } = await run(t, 'host.out("x".repeat(2 ** 21)); host.exit();');
  t.is(stdout.length, 2 ** 21);
});

test('the home on Windows is the folder where client-go looks for a kubeconfig', async (t) => {
  const { cleanup, home } = await createSandbox();
  t.teardown(cleanup);
  const [own, drive, profile] = ['own', 'drive', 'profile'].map((name) => join(home, name));
  const env = { HOME: own, HOMEDRIVE: home, HOMEPATH: '/drive', USERPROFILE: profile };
  t.is(windowsHome({}), undefined);
  t.is(windowsHome(env), own, 'none is there: the first that is set');
  mkdirSync(drive ?? '');
  t.is(windowsHome(env), drive, 'the first that is there');
  mkdirSync(profile ?? '');
  t.is(windowsHome(env), profile, 'USERPROFILE before HOMEDRIVE and HOMEPATH');
  put(profile);
  t.is(windowsHome(env), profile);
  put(drive);
  t.is(windowsHome(env), drive, 'with a kubeconfig, HOMEDRIVE and HOMEPATH before USERPROFILE');
  t.is(windowsHome({ ...env, HOMEPATH: '' }), profile, 'one without the other is no folder');
});

function put(folder = ''): void {
  mkdirSync(join(folder, '.kube'));
  writeFileSync(join(folder, '.kube/config'), '');
}
