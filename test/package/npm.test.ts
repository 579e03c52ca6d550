/** The npm package: packed, installed globally into a prefix of its own, and run from there. */
import test from 'ava';
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { root, npm } from '../../cmd/release/packages.ts';
import { onPath } from '../support/kubectl.ts';
import { testUnless } from '../support/require.ts';
import { createSandbox, type Sandbox } from '../support/runner.ts';
import { version } from './release.ts';

const missing = process.platform === 'win32' ? 'npm links other files on Windows' : noNpm();

testUnless(missing).serial(
  'npm installs three programs, which run without anything but Node on PATH',
  async (t) => {
    const { box, prefix } = await installed();
    t.deepEqual((await readdir(join(prefix, 'bin'))).toSorted(), [
      'kubectl-sa-token',
      'kubectl-sa_token',
      'kubectl_complete-sa_token',
    ]);
    const env = { PATH: [join(prefix, 'bin'), box.env['PATH']].join(delimiter) };
    for (const program of ['kubectl-sa_token', 'kubectl-sa-token']) {
      const told = await box.exec(program, ['version'], { env });
      t.deepEqual([told.code, told.stdout, told.stderr], [0, `kubectl-sa-token v${version}\n`, '']);
    }
    const completed = await box.exec('kubectl_complete-sa_token', ['ver'], { env });
    t.regex(completed.stdout, /^version\t/);
  },
);

testUnless(missing).serial(
  'the npm package has compiled JavaScript, the fast lane, licence and readme; no sources',
  async (t) => {
    const { prefix } = await installed();
    const folder = join(prefix, 'lib/node_modules/kubectl-sa-token');
    const files = (await readdir(folder)).filter((name) => name !== 'node_modules');
    t.deepEqual(files.toSorted(), ['LICENSE', 'README.md', 'dist', 'package.json']);
    const shipped = await readdir(join(folder, 'dist/npm'));
    t.deepEqual(
      shipped.filter((name) => !name.endsWith('.js')),
      ['kubectl-sa-token'],
    );
    const lane = await readFile(join(folder, 'dist/npm/kubectl-sa-token'), 'utf8');
    t.is(lane, await readFile(join(root, 'cmd/kubectl-sa-token'), 'utf8'));
  },
);

testUnless(missing).serial('the fast lane of the npm package starts its JavaScript', async (t) => {
  const { box, prefix } = await installed();
  const lane = join(prefix, 'lib/node_modules/kubectl-sa-token/dist/npm/kubectl-sa-token');
  const told = await box.exec(lane, ['version']);
  t.deepEqual([told.code, told.stdout, told.stderr], [0, `kubectl-sa-token v${version}\n`, '']);
});

let installation: Promise<{ box: Sandbox; prefix: string }> | undefined;

test.after.always(async () => {
  const made = await installation?.catch(() => undefined);
  await made?.box.cleanup();
});

/** Once for all tests. */
function installed(): Promise<{ box: Sandbox; prefix: string }> {
  return (installation ??= install());
}

async function install(): Promise<{ box: Sandbox; prefix: string }> {
  const box = await createSandbox();
  const prefix = join(box.home, 'prefix with space');
  execFileSync(process.execPath, [join(root, 'cmd/release/npm.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  npm(['pack', '--ignore-scripts', '--pack-destination', box.home], root);
  const tarball = join(box.home, `kubectl-sa-token-${version}.tgz`);
  npm(['install', '--global', '--prefix', prefix, '--prefer-offline', '--ignore-scripts', tarball], box.home);
  return { box, prefix };
}

function noNpm(): string | undefined {
  return (process.env['npm_execpath'] ?? onPath('npm')) ? undefined : 'no npm on PATH';
}
