/** Archives whose bytes depend on nothing but their content, their file list and the release time. */
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { create } from 'tar';
import type { ShippedFile } from './targets.ts';

export interface ArchivedFile extends ShippedFile {
  /** Where its content is. */
  path: string;
}

/** @param folder - an empty one, to lay the files out in */
export async function writeTar(
  file: string,
  files: ArchivedFile[],
  time: Date,
  folder: string,
): Promise<void> {
  for (const { name, path, mode } of files) {
    await copyFile(path, join(folder, name));
    await chmod(join(folder, name), mode);
  }
  const names = files.map(({ name }) => name);
  // portable: no owner, no access time, nothing of the machine in gzip's header either.
  await create({ file, cwd: folder, portable: true, mtime: time, gzip: { level: 9 } }, names);
}

export async function writeZip(file: string, files: ArchivedFile[], time: Date): Promise<void> {
  // A zip holds local time, and so would depend on the zone of who packages.
  if (time.getTimezoneOffset() !== 0) throw new Error('run with TZ=UTC');
  const unix = 3;
  const entries: Zippable = {};
  for (const { name, path, mode } of files) {
    const attributes = ((0o100000 | mode) << 16) >>> 0;
    entries[name] = [await readFile(path), { level: 9, mtime: time, os: unix, attrs: attributes }];
  }
  await writeFile(file, zipSync(entries));
}
