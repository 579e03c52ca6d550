import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { entryFile, prepareFolder } from '../../src/cache/folder.ts';
import { createHost, put } from '../support/host.ts';
import { createSandbox, repository } from '../support/runner.ts';
import { runMain } from '../support/in-process.ts';

function broken(): never {
  throw new TypeError('x is not a function');
}

function gone(): never {
  throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
}

test('a bug is exit code 1 and one line that asks for a report', async (t) => {
  const { err, exitCode } = await runMain(createHost(t, { argv: ['version'], out: broken }));
  t.is(exitCode, 1);
  t.is(
    err,
    'kubectl-sa-token: unexpected failure: TypeError: x is not a function; please report it with the output of the same command and -v\n',
  );
});

test('a reader that is gone is told nothing, and neither is a standard error that is', async (t) => {
  const piped = await runMain(createHost(t, { argv: ['version'], out: gone }));
  t.deepEqual([piped.err, piped.exitCode], ['', 1]);
  const deaf = await runMain(createHost(t, { argv: ['list', '-o', 'xml'], err: gone }));
  t.is(deaf.exitCode, 2);
});

test('with -v a failure is followed by its code', async (t) => {
  const traced: string[] = [];
  const trace = (step: string): void => void traced.push(step);
  await runMain(createHost(t, { argv: ['list', '-o', 'xml'], trace }));
  await runMain(createHost(t, { argv: ['version'], out: broken, trace }));
  await runMain(createHost(t, { argv: ['-v'], trace }));
  t.deepEqual(traced, ['code: bad-usage', 'code: unexpected', 'code: bad-usage']);
});

test('a failure that this client has shown a moment ago is its exit code alone', async (t) => {
  const env = { KUBERNETES_EXEC_INFO: '{"apiVersion":"client.authentication.k8s.io/v1"}\n' };
  const host = createHost(t, { argv: ['get-token', 'prod'], env, client: '7', now: () => 1_000_000 });
  put(host, '.kube/sa-token.yaml', 'profiles: {}');
  prepareFolder(host);
  writeFileSync(entryFile(host, 'prod', 'failed'), '{"at":1000000,"exitCode":5,"client":"7"}\n');
  const { out, err, exitCode } = await runMain(host);
  t.deepEqual({ out, err, exitCode }, { out: '', err: '', exitCode: 5 });
});

const inHook = (config?: object) => ({
  KUBERNETES_EXEC_INFO: JSON.stringify({
    apiVersion: 'client.authentication.k8s.io/v1',
    spec: { interactive: false, cluster: { server: 'https://api.example', config } },
  }),
});

/** What a kubeconfig's exec entry may do to us, and the part of it that the line names. */
const hostile: [string[], NodeJS.ProcessEnv, string][] = [
  [['login', 'prod', '--source-command', 'touch owned'], inHook(), '"login"'],
  [['logout', '--all', '--forget'], inHook(), '"logout"'],
  [['review', '--source', '--kubeconfig', 'evil'], inHook(), '"review"'],
  [['doctor'], inHook(), '"doctor"'],
  [['__complete', 'get-token', ''], inHook(), '"__complete"'],
  [['--help'], inHook(), '"--help"'],
  [[], inHook(), 'a call without a command'],
  [['get-token', 'prod', '--source-command', 'touch owned'], inHook(), '"--source-command"'],
  [['get-token', 'prod', '-o', 'token'], inHook(), '"-o"'],
  [['get-token', 'prod', '--force-refresh'], inHook(), '"--force-refresh"'],
  [
    ['get-token', 'prod'],
    { ...inHook(), KUBECTL_SA_TOKEN_SERVER: 'https://evil.example' },
    'the variable KUBECTL_SA_TOKEN_SERVER',
  ],
  [
    ['get-token', 'prod'],
    { ...inHook(), KUBECTL_SA_TOKEN_CACHE: 'none' },
    'the variable KUBECTL_SA_TOKEN_CACHE',
  ],
  [
    ['get-token', 'prod'],
    inHook({ profile: 'prod', server: 'https://evil.example' }),
    'the cluster extension\'s "server"',
  ],
];

for (const [argv, env, named] of hostile)
  test(`in a hook nothing is done but for: ${argv.join(' ')} ${Object.keys(env).slice(1).join(' ')} ${named}`, async (t) => {
    const touched = 'source-command: touch owned; exit 1';
    const host = createHost(t, { argv, env });
    put(host, '.kube/sa-token.yaml', `profiles:\n  prod:\n    server: https://h.example\n    ${touched}\n`);
    const { out, err, exitCode } = await runMain(host);
    t.deepEqual([out, exitCode], ['', 2]);
    t.is(
      err,
      `kubectl-sa-token: a kubeconfig may only name the profile ("get-token PROFILE"), so ${named} is refused (KUBERNETES_EXEC_INFO is set); set it in the profile: kubectl sa-token login --help\n`,
    );
    const left = readdirSync(host.home, { recursive: true, encoding: 'utf8' }).sort();
    t.deepEqual(left, ['.kube', '.kube/sa-token.yaml']);
  });

test('a hook takes its profile from the words, else from the cluster’s extension', async (t) => {
  const look = async (argv: string[], config?: object) => {
    const host = createHost(t, { argv, env: inHook(config) });
    put(host, '.kube/sa-token.yaml', 'profiles: {}');
    return (await runMain(host)).err;
  };
  t.regex(await look(['get-token', 'prod'], { profile: 'dev' }), /there is no profile "prod"/);
  t.regex(await look(['get-token'], { profile: 'dev' }), /there is no profile "dev"/);
  t.regex(await look(['get-token']), /no profile named/);
  t.regex(await look(['get-token'], { apiVersion: 'other.example/v1', profile: 'dev' }), /no profile named/);
});

test('the working folder may be gone', async (t) => {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const folder = join(sandbox.home, 'gone');
  const script = `mkdir ${folder} && cd ${folder} && rmdir ${folder} && exec "$0" "$@"`;
  const entry = join(repository, 'cmd', 'kubectl-sa-token.ts');
  const words = ['-c', script, process.execPath, entry, 'get-token', 'prod', '-v'];
  const { code, stderr } = await sandbox.exec('sh', words);
  t.is(code, 2);
  t.regex(
    stderr,
    /^entry prod: none\nkubectl-sa-token: there is no profile "prod" in \S+\/\.kube\/sa-token\.yaml; /,
  );
});
