/** Programs that are built from a Go module of the repository, whose go.mod and go.sum pin them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder } from './packages.ts';

/**
 * Builds what is not in the cache yet: a minute or two the first time.
 *
 * @param module - the folder of the go.mod
 * @param packages - the import paths of the programs
 * @returns the folder where they are, each under the last part of its import path
 */
export function goPrograms(module: string, packages: readonly string[]): string {
  const pins = createHash('sha256')
    .update(readFileSync(join(module, 'go.mod')))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cacheFolder, basename(module), `${process.platform}-${process.arch}-${pins}`);
  if (existsSync(folder)) return folder;
  mkdirSync(join(folder, '..'), { recursive: true });
  const partial = mkdtempSync(`${folder}-`);
  execFileSync('go', ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-o', partial, ...packages], {
    cwd: module,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  renameSync(partial, folder);
  return folder;
}
