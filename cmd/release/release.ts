/**
 * Makes a release: `npm run package`, or `npm run package -- --target linux-amd64` for one platform; `--out` says
 * where to, `--sign` what signs the binaries (cmd/release/sign.sh). A run for all platforms makes packages and manifests of
 * package managers too, and needs Go. What is fetched (by npm, for musl by pip) is pinned by hashes, and kept for the next
 * time. Two runs of one commit give the same bytes, as long as they run on the same platform (V8's code cache is in the
 * archives that the platform that packages runs, and in no other).
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packageTarget, writeResult, type Release } from './archive.ts';
import { bundleEngine } from './engine/bundle.ts';
import { homebrewFormula } from './homebrew.ts';
import { filledManifest } from './krew.ts';
import { releaseTime, root, projectVersion } from './packages.ts';
import { archiveName, findTarget, targets } from './platforms.ts';
import { scoopManifest } from './scoop.ts';

// Before any Date is made: a zip holds local time.
process.env['TZ'] = 'UTC';
const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: targets.map((target) => target.name) },
    out: { type: 'string', default: join(root, 'dist') },
    sign: { type: 'string' },
  },
});
const chosen = values.target.map(findTarget);
const out = resolve(values.out);
await mkdir(out, { recursive: true });
// What an earlier run left is no part of this release.
const earlier = (await readdir(out)).filter((name) =>
  /^(?:kubectl-sa-token[_.].*|sa-token\.yaml|SHA256SUMS)$/.test(name),
);
for (const name of earlier) await rm(join(out, name));
// Of a run for some platforms there are no manifests: they would send people to archives that were not made.
const whole = chosen.length === targets.length;
const release: Release = {
  bundle: await bundleEngine(),
  time: releaseTime(),
  out,
  whole,
  sign: values.sign,
  hashes: new Map(),
};
for (const target of chosen) {
  const size = await packageTarget(target, release);
  console.log(`${archiveName(target, projectVersion)}  ${(size / 1e6).toFixed(1)} MB`);
}
if (whole) {
  await writeResult('sa-token.yaml', filledManifest(release.hashes), release);
  await writeResult('kubectl-sa-token.rb', homebrewFormula(release.hashes), release);
  await writeResult('kubectl-sa-token.json', scoopManifest(release.hashes), release);
}
const names = [...release.hashes.keys()].toSorted();
const sums = names.map((name) => `${release.hashes.get(name)}  ${name}\n`);
await writeResult('SHA256SUMS', sums.join(''), release);
