/** The krew manifest: plugin.yaml of the repository, with the version and hashes of a release put in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';
import { root, projectVersion } from './packages.ts';
import { archiveAddress, archiveName, targets, type Target } from './platforms.ts';

/** krew goes by system and processor alone: where Linux has musl, what it installs says so in one line. */
const known = targets.filter(({ wheel }) => wheel === undefined);

/** @param hashes - SHA-256 by archive name; a platform without one is left as it is */
export function filledManifest(hashes: ReadonlyMap<string, string>): string {
  const document = parseDocument(readFileSync(join(root, 'plugin.yaml'), 'utf8'));
  document.setIn(['spec', 'version'], `v${projectVersion}`);
  const platforms = document.getIn(['spec', 'platforms']);
  if (!isSeq(platforms) || platforms.items.length !== known.length) {
    throw new Error('plugin.yaml and platforms.ts list other platforms');
  }
  for (const platform of platforms.items) {
    if (!isMap(platform)) throw new Error('a platform of plugin.yaml is no mapping');
    const target = targetOf(platform);
    const name = archiveName(target, projectVersion);
    platform.set('uri', archiveAddress(target, projectVersion));
    const hash = hashes.get(name);
    if (hash !== undefined) platform.set('sha256', hash);
  }
  return document.toString({ lineWidth: 0 });
}

function targetOf(platform: YAMLMap): Target {
  const [os, arch] = ['os', 'arch'].map((label) => platform.getIn(['selector', 'matchLabels', label]));
  const found = known.find((target) => target.os === os && target.arch === arch);
  if (found === undefined)
    throw new Error(`plugin.yaml has ${String(os)}/${String(arch)}, platforms.ts has not`);
  return found;
}
