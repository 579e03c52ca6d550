/** What every step of a build needs to know about the project. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));

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

export const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

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
