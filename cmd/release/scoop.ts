/** The Scoop manifest of a release: for a bucket, Windows, from the archive. */
import { projectDescription, projectLicense, projectPage, projectVersion } from './packages.ts';
import { archiveAddress, archiveName, shippedFiles, targets } from './platforms.ts';

/** @param hashes - SHA-256 by archive name */
export function scoopManifest(hashes: ReadonlyMap<string, string>): string {
  const [target, ...more] = targets.filter(({ os }) => os === 'windows');
  if (target === undefined || more.length > 0) throw new Error('there is more than one archive for Windows');
  const version = { url: archiveAddress(target, '$version'), hash: { url: '$baseurl/SHA256SUMS' } };
  const manifest = {
    version: projectVersion,
    description: projectDescription,
    homepage: projectPage,
    license: projectLicense,
    architecture: {
      '64bit': {
        url: archiveAddress(target, projectVersion),
        hash: hashes.get(archiveName(target, projectVersion)),
      },
    },
    bin: shippedFiles(target).flatMap(({ name }) => (/\.(?:exe|cmd)$/.test(name) ? [name] : [])),
    checkver: 'github',
    autoupdate: { architecture: { '64bit': version } },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
