/** The packages of other platforms, which an install leaves out: fetched by npm, held against the lock file. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { extract } from 'tar';
import { cacheFolder, locked } from './project.ts';

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
