/**
 * What is measured of ours, always that of the tree as it is: the archive of this machine's platform, unpacked, and
 * the bare executable beside it. Kept outside the tree until a source changes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toolsFor, makeExecutable } from '../../cmd/release/engine/executable.ts';
import { cacheFolder, root, projectVersion } from '../../cmd/release/packages.ts';
import { archiveName, isHost, targets, type Target } from '../../cmd/release/platforms.ts';

export interface Programs {
  /** The platform, as archives name it. */
  readonly target: string;
  /** The release archive, unpacked. */
  readonly installed: string;
  readonly archiveBytes: number;
  /** The same Node by the same pkg around an empty script: what any Node executable costs. */
  readonly bare: string;
  /** Around one POST over TLS and nothing else: what any cold exchange by Node costs. Arguments: URL, CA file, token file. */
  readonly post: string;
}

/** Where the bench keeps what takes long to make. */
export const benchCache = join(cacheFolder, 'bench');

const mains = {
  bare: '\n',
  post: `
const { readFileSync } = require('node:fs');
const { request } = require('node:https');
const [url, ca, token] = process.argv.slice(-3);
const headers = { Authorization: 'Bearer ' + readFileSync(token), 'Content-Type': 'application/json' };
const options = { method: 'POST', ca: readFileSync(ca), headers, agent: false };
request(url, options, (answer) => {
  process.exitCode = answer.statusCode === 201 ? 0 : 1;
  answer.resume();
}).end('{}');
`,
} as const;

/** @throws Error where no release is made for this platform, or packaging fails */
export async function ourPrograms(): Promise<Programs> {
  const target = targets.find(isHost);
  if (target === undefined) throw new Error(`no release for ${process.platform} on ${process.arch}`);
  const folder = join(benchCache, `engine-${digestOfSources()}`);
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) await make(target, folder);
  const archive = join(folder, archiveName(target, projectVersion));
  return {
    target: target.name,
    installed: join(folder, 'installed'),
    archiveBytes: statSync(archive).size,
    bare: join(folder, 'bare'),
    post: join(folder, 'post'),
  };
}

/** All that an archive is made from, and this file. */
function digestOfSources(): string {
  const files = globSync(['cmd/**', 'src/**', '.ci/**', 'package-lock.json', 'test/bench/programs.ts'], {
    cwd: root,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

async function make(target: Target, folder: string): Promise<void> {
  console.error(`bench: packaging ${target.name} from the tree, and two executables to hold it against`);
  await mkdir(benchCache, { recursive: true });
  const draft = await mkdtemp(join(benchCache, 'partial-'));
  try {
    const script = join(root, 'cmd/release/release.ts');
    execFileSync(process.execPath, [script, '--target', target.name, '--out', draft], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const installed = join(draft, 'installed');
    await mkdir(installed);
    execFileSync('tar', ['-xzf', join(draft, archiveName(target, projectVersion)), '-C', installed]);
    for (const [name, main] of Object.entries(mains)) await makeBare(target, name, main, draft);
    const old = (await readdir(benchCache)).filter((name) => name.startsWith('engine-'));
    for (const name of old) await rm(join(benchCache, name), { recursive: true, force: true });
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Unpacked by tar like the engine: the kernel maps a file that was written in small pieces at another price than a copy. */
async function makeBare(target: Target, name: string, main: string, folder: string): Promise<void> {
  const work = join(folder, 'work');
  await mkdir(work);
  const made = await makeExecutable(
    target,
    { main, chunks: new Map(), inputs: [] },
    await toolsFor(target, work),
    work,
  );
  await rename(made, join(work, name));
  const archive = join(work, 'bare.tar');
  execFileSync('tar', ['-cf', archive, '-C', work, name]);
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  await rm(work, { recursive: true });
}
