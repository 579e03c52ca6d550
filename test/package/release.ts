/** The archives under test: those in dist, or in the folder that SA_TOKEN_DIST names. */
import { unzipSync } from 'fflate';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extract, list, type ReadEntry } from 'tar';
import { projectVersion } from '../../cmd/release/packages.ts';
import { archiveName, findTarget, isHost, targets, type Target } from '../../cmd/release/platforms.ts';
import { repository } from '../support/runner.ts';

export { targets, projectVersion as version, type Target };

export const releaseFolder = process.env['SA_TOKEN_DIST'] ?? join(repository, 'dist');

export interface ArchivedEntry {
  name: string;
  content: Buffer;
  /** Of a tar only. */
  metadata?: { type: string; mode: number; owner: string; modified: number };
}

/** The path of a file of the release. */
export function released(name: string): string {
  const path = join(releaseFolder, name);
  if (!existsSync(path))
    throw new Error(`there is no ${name} in ${releaseFolder}: run \`npm run package\` first`);
  return path;
}

export function archivePath(target: Target): string {
  return released(archiveName(target, projectVersion));
}

export async function readArchive(target: Target): Promise<ArchivedEntry[]> {
  const file = archivePath(target);
  if (file.endsWith('.zip')) {
    const files = unzipSync(await readFile(file));
    return Object.entries(files).map(([name, content]) => ({ name, content: Buffer.from(content) }));
  }
  const reading: Promise<ArchivedEntry>[] = [];
  await list({ file, onReadEntry: (entry) => reading.push(readEntry(entry)) });
  return Promise.all(reading);
}

async function readEntry(entry: ReadEntry): Promise<ArchivedEntry> {
  const { path: name, type, mode = 0, uid = 0, gid = 0, uname = '', gname = '', mtime } = entry;
  const owner = `${uid}:${gid}:${uname}:${gname}`;
  const content = await entry.concat();
  return { name, content, metadata: { type, mode: mode & 0o7777, owner, modified: mtime?.getTime() ?? 0 } };
}

/** What this machine can run; undefined where no archive is for it. */
export function hostTarget(): Target | undefined {
  return targets.find(isHost);
}

export async function unpack(target: Target | string, folder: string): Promise<void> {
  const found = typeof target === 'string' ? findTarget(target) : target;
  await mkdir(folder, { recursive: true });
  if (found.os !== 'windows') return extract({ file: archivePath(found), cwd: folder });
  for (const { name, content } of await readArchive(found)) await writeFile(join(folder, name), content);
}
