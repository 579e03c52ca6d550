/** Every file below some folders as it is at one moment, to tell what was stored, changed or removed since. */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** By path: mode, time of the last change of content in ms, and a digest of the content. */
export type Snapshot = Readonly<Record<string, string>>;

/** @param without - a folder that is left out */
export async function snapshot(roots: readonly string[], without: string): Promise<Snapshot> {
  const found: Record<string, string> = {};
  for (const root of roots) await visit(root, without, found);
  return found;
}

async function visit(folder: string, without: string, found: Record<string, string>): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    if (path === without) continue;
    const stats = await lstat(path);
    const mode = stats.mode.toString(8);
    if (stats.isDirectory()) {
      found[path] = mode;
      await visit(path, without, found);
    } else found[path] = `${mode} ${stats.mtimeMs} ${await digest(path, stats.isSymbolicLink())}`;
  }
}

async function digest(path: string, link: boolean): Promise<string> {
  const content = link ? await readlink(path) : await readFile(path);
  return createHash('sha256').update(content).digest('hex');
}

/** Paths that are new, gone or not as they were. */
export function changed(before: Snapshot, after: Snapshot): string[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return paths.filter((path) => before[path] !== after[path]);
}
