/** The Homebrew formula and the Scoop manifest send people to the archives of this very release. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { archiveAddress, archiveName, isForMusl } from '../../cmd/release/platforms.ts';
import { readArchive, released, targets, version, type Target } from './release.ts';

test("the Homebrew formula has each archive for macOS and Linux in its processor's block", async (t) => {
  const formula = await readFile(released('kubectl-sa-token.rb'), 'utf8');
  const unix = targets.filter((target) => target.os !== 'windows' && !isForMusl(target));
  for (const target of unix) {
    const [, system = ''] = formula.split(`on_${target.os === 'darwin' ? 'macos' : 'linux'} do\n`);
    const [, block = ''] = system.split(`on_${target.arch === 'arm64' ? 'arm' : 'intel'} do\n`);
    t.deepEqual(
      block.split('\n', 2).map((line) => line.trim()),
      [`url "${archiveAddress(target, version)}"`, `sha256 "${await hashOf(target)}"`],
    );
  }
  t.is(formula.match(/^ +url /gm)?.length, unix.length);
});

for (const target of targets.filter(({ os }) => os === 'windows'))
  test('the Scoop manifest has the archive for Windows and the programs in it', async (t) => {
    const manifest: {
      version: string;
      bin: string[];
      architecture: Record<string, { url: string; hash: string }>;
    } = JSON.parse(await readFile(released('kubectl-sa-token.json'), 'utf8'));
    t.is(manifest.version, version);
    t.deepEqual(manifest.architecture, {
      '64bit': { url: archiveAddress(target, version), hash: await hashOf(target) },
    });
    const names = (await readArchive(target)).map(({ name }) => name);
    t.deepEqual(
      manifest.bin,
      names.filter((name) => /\.(?:exe|cmd)$/.test(name)),
    );
  });

async function hashOf(target: Target): Promise<string> {
  const lines = (await readFile(released('SHA256SUMS'), 'utf8')).split('\n');
  const name = archiveName(target, version);
  return lines.find((line) => line.endsWith(`  ${name}`))?.split(' ')[0] ?? '';
}
