/** What every step of a build needs to know about the project. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extract } from 'tar';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Outside the tree, so that a fresh clone finds what another one fetched. */
export const cacheFolder = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'kubectl-sa-token',
);

interface LockedPackage {
  version: string;
  integrity: string;
  license?: string;
}

export const {
  version: projectVersion,
  description: projectDescription,
  license: projectLicense,
  homepage: projectPage,
}: Record<'version' | 'description' | 'license' | 'homepage', string> = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

/** The description's first half, which is a sentence of its own. */
export const [projectSummary = projectDescription] = projectDescription.split(':');

/**
 * What a lock file says of a package (by its path below node_modules); one that is not in it is not shipped.
 *
 * @param folder - where the lock file is, relative to the repository
 */
export function locked(path: string, folder = '.'): LockedPackage {
  const file = join(folder, 'package-lock.json');
  const lock: { packages: Record<string, LockedPackage> } = JSON.parse(
    readFileSync(join(root, file), 'utf8'),
  );
  const found = lock.packages[`node_modules/${path}`];
  if (found === undefined) throw new Error(`${path} is not in ${file}`);
  return found;
}

/** The one time stamp in a release: SOURCE_DATE_EPOCH where it is set, else the time of the commit. */
export function releaseTime(): Date {
  const given = process.env['SOURCE_DATE_EPOCH'];
  const seconds =
    given ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }).trim();
  if (!/^\d+$/.test(seconds)) throw new Error(`SOURCE_DATE_EPOCH must be whole seconds, not ${seconds}`);
  return new Date(Number(seconds) * 1000);
}

/**
 * Unpacks a locked package into `folder`, and gives its own folder there. The hash is checked each time, not only on
 * the way into the cache.
 *
 * @param of - the folder of the lock file (the repository's own by default), and which of the files (all by default)
 */
export async function unpackLocked(
  name: string,
  folder: string,
  { lock, only }: { lock?: string; only?: string[] } = {},
): Promise<string> {
  const { version, integrity } = locked(name, lock);
  const file = await tarball(name, version);
  const found = `sha512-${createHash('sha512')
    .update(await readFile(file))
    .digest('base64')}`;
  if (found !== integrity) {
    await rm(file);
    throw new Error(`${name}@${version} has the hash ${found}, the lock file wants ${integrity}`);
  }
  const target = join(folder, name);
  await mkdir(target, { recursive: true });
  const wanted = (path: string): boolean => only === undefined || only.includes(path.replace(/^[^/]*\//, ''));
  await extract({ file, cwd: target, strip: 1, filter: wanted });
  return target;
}

async function tarball(name: string, version: string): Promise<string> {
  const folder = join(cacheFolder, 'packages');
  // npm's own name for the file of a scoped package.
  const file = `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`;
  const cached = join(folder, file);
  if (existsSync(cached)) return cached;
  await mkdir(folder, { recursive: true });
  const partial = await mkdtemp(join(folder, 'partial-'));
  try {
    npm(['pack', `${name}@${version}`, '--ignore-scripts', '--pack-destination', partial]);
    await rename(join(partial, file), cached);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return cached;
}

/** The npm that runs this script, else the one on PATH. */
export function npm(args: string[], cwd?: string): string {
  const own = process.env['npm_execpath'];
  const [file, first] = own?.endsWith('.js') ? [process.execPath, [own]] : ['npm', []];
  return execFileSync(file, [...first, ...args, '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** What is handed on with a licence of its own. */
export interface Licensed {
  name: string;
  version: string;
  license: string;
  /** Where the texts are. */
  folder: string;
}

export interface ShippedPackage extends Licensed {
  /** From the lock file. */
  integrity: string;
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
export function thirdPartyLicences(packages: Licensed[]): string {
  const rule = '='.repeat(80);
  const texts = packages.map(
    (shipped) => `${rule}\n${id(shipped)}: ${shipped.license}\n${rule}\n\n${licence(shipped)}`,
  );
  return `${texts.join('\n\n').replaceAll('\r\n', '\n').trimEnd()}\n`;
}

function id({ name, version }: Licensed): string {
  return `${name} ${version}`;
}

function licence({ license, folder }: Licensed): string {
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file));
  if (files.length === 0) return `The package brings no text; its package.json says: ${license}`;
  return files
    .toSorted()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n\n');
}
