/** The npm packages whose code an archive holds: their licences go into it, their names into the SBOM. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { locked, root } from './project.ts';

export interface ShippedPackage {
  name: string;
  version: string;
  license: string;
  /** From the lock file. */
  integrity: string;
  folder: string;
}

/** The packages that bundled files come from; @param inputs - esbuild's list, relative to the repository */
export function bundledPackages(inputs: string[]): ShippedPackage[] {
  const paths = inputs.flatMap(
    (input) => /^node_modules\/((?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? [],
  );
  const packages = paths.map((path) => describePackage(join(root, 'node_modules', path), path));
  // The same version may lie in several places.
  return [...new Map(packages.map((found) => [id(found), found])).values()].toSorted((a, b) =>
    id(a) < id(b) ? -1 : 1,
  );
}

/**
 * @param lockedAs - its path below node_modules, where an install puts it
 * @param lock - the folder of the lock file
 */
export function describePackage(folder: string, lockedAs: string, lock?: string): ShippedPackage {
  const { name, version, license }: ShippedPackage = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  return { name, version, license, integrity: locked(lockedAs, lock).integrity, folder };
}

/** One text with the licences of all: what MIT, ISC, BSD and Apache ask of those who hand their code on. */
export function thirdPartyLicences(packages: ShippedPackage[]): string {
  const rule = '='.repeat(80);
  const texts = packages.map(
    (shipped) => `${rule}\n${id(shipped)}: ${shipped.license}\n${rule}\n\n${licence(shipped)}`,
  );
  return `${texts.join('\n\n').replaceAll('\r\n', '\n').trimEnd()}\n`;
}

function id({ name, version }: ShippedPackage): string {
  return `${name} ${version}`;
}

function licence({ license, folder }: ShippedPackage): string {
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file));
  if (files.length === 0) return `The package brings no text; its package.json says: ${license}`;
  return files
    .toSorted()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n\n');
}
