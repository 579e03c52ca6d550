/** The image of cmd/release/Containerfile, built by buildah, and its files copied into a stock Debian as other images do. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execute } from '../support/child.ts';
import { onPath } from '../support/kubectl.ts';
import { testUnless } from '../support/require.ts';
import { repository } from '../support/runner.ts';
import { chroot, lacksChroots, onCopy } from './chroots.ts';
import { hostTarget, releaseFolder, version } from './release.ts';

const target = hostTarget();
const noBuildah = onPath('buildah') === undefined ? 'no buildah on PATH' : undefined;
const missing = target?.os === 'linux' ? (lacksChroots() ?? noBuildah) : 'no image is for this platform';

testUnless(missing).serial('the image holds the plugin, which runs where it is copied to', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sa-token-image-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const store = [
    '--root',
    join(folder, 'store'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    'vfs',
  ];
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: folder };
  const buildah = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await execute(['buildah', ...store, ...words], {
      env,
      timeoutMs: 120_000,
    });
    t.is(code, 0, stderr);
    return stdout.trim();
  };
  const recipe = join(repository, 'cmd/release/Containerfile');
  const platform = `linux/${target?.arch}`;
  await buildah(
    'build',
    '--isolation',
    'chroot',
    '--platform',
    platform,
    '-f',
    recipe,
    '-t',
    'sa-token',
    releaseFolder,
  );
  const image = await buildah('mount', await buildah('from', 'sa-token'));

  const layer = join(folder, 'layer');
  await mkdir(layer);
  const place = '/usr/local/lib/kubectl-sa-token';
  const script = `cp -a '${image}/.' "$root${place}" && chroot "$root" env PATH="$PATH:${place}" kubectl-sa_token version`;
  const { stdout, stderr } = await execute(onCopy(chroot('trixie'), layer, script), { env });
  t.deepEqual([stdout, stderr], [`kubectl-sa-token v${version}\n`, '']);
});
