/** README's lines for an archive, run as they stand against a server that has this release. */
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execute } from '../support/child.ts';
import { onPath } from '../support/kubectl.ts';
import { testUnless } from '../support/require.ts';
import { repository } from '../support/runner.ts';
import { listening } from './listening.ts';
import { hostTarget, released, version } from './release.ts';

const target = hostTarget();
const absent = ['curl', 'sha256sum', 'tar'].filter((program) => onPath(program) === undefined);
const missing = absent.length > 0 ? `no ${absent.join(', ')} on PATH` : undefined;

testUnless(target === undefined ? 'no archive is for this platform' : missing).serial(
  "README's lines for an archive end with a plugin that runs",
  async (t) => {
    const home = await mkdtemp(join(tmpdir(), 'sa-token readme '));
    t.teardown(() => rm(home, { recursive: true, force: true }));
    const server = createServer(({ url = '/' }, response) => {
      createReadStream(released(basename(url)))
        .on('error', () => response.destroy())
        .pipe(response);
    });
    const { port } = await listening(t, server);
    const readme = await readFile(join(repository, 'README.md'), 'utf8');
    const [, block = ''] = /^## Install\n[^]*?^```sh\n([^]*?)^```/m.exec(readme) ?? [];
    const script = block
      .replace(/platform=\w+/, `platform=${target?.os}_${target?.arch}`)
      .replace(/^release=.*$/m, `release=http://127.0.0.1:${port}`);
    t.regex(script, new RegExp(`^version=${version} platform=`));
    const env = { PATH: process.env['PATH'] ?? '', HOME: home };
    const installed = await execute(['sh', '-eu', '-c', script], { cwd: home, env, timeoutMs: 120_000 });
    t.is(installed.code, 0, installed.stderr);
    t.regex(installed.stdout, /^kubectl-sa-token_v.*\.tar\.gz: OK$/m);
    for (const program of ['kubectl-sa_token', 'kubectl-sa-token']) {
      const told = await execute([join(home, '.local/bin', program), 'version'], { env });
      t.deepEqual([told.code, told.stdout, told.stderr], [0, `kubectl-sa-token v${version}\n`, '']);
    }
  },
);
