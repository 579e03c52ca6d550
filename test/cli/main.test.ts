import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { entryFile, prepareFolder } from '../../src/entry/folder.ts';
import { createHost, put } from '../support/host.ts';
import { createSandbox } from '../support/runner.ts';
import { runMain } from './in-process.ts';

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

test('a failure that this client was told of a moment ago is its exit code alone', async (t) => {
  const env = { KUBERNETES_EXEC_INFO: '{"apiVersion":"client.authentication.k8s.io/v1"}\n' };
  const host = createHost(t, { argv: ['get-token', 'prod'], env, client: '7', now: () => 1_000_000 });
  put(host, '.kube/sa-token.yaml', 'profiles: {}');
  prepareFolder(host);
  writeFileSync(entryFile(host, 'prod', 'refused'), '1000 7 5\n');
  const { out, err, exitCode } = await runMain(host);
  t.deepEqual({ out, err, exitCode }, { out: '', err: '', exitCode: 5 });
});

test('the working folder may be gone', async (t) => {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const folder = join(sandbox.home, 'gone');
  const script = `mkdir ${folder} && cd ${folder} && rmdir ${folder} && exec "$0" "$@"`;
  const entry = new URL('../../cmd/kubectl-sa-token.ts', import.meta.url).pathname;
  const words = ['-c', script, process.execPath, entry, 'get-token', 'prod', '-v'];
  const { code, stderr } = await sandbox.exec('sh', words);
  t.is(code, 2);
  t.regex(
    stderr,
    /^entry prod: none\nkubectl-sa-token: there is no profile "prod" in \S+\/\.kube\/sa-token\.yaml; /,
  );
});
