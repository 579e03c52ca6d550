/** One executable: the platform's Node with the bundle put into it, by pkg but for musl. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withNote, withoutDebugSections } from '../binary/elf.ts';
import { adHocSigned } from '../binary/macho.ts';
import { withoutSignature } from '../binary/pe.ts';
import { locked, unpackLocked } from '../packages.ts';
import { isHost, targets, type Target } from '../platforms.ts';
import type { Bundle } from './bundle.ts';
import { unpackNode, type UnpackedNode } from './node.ts';
import type { SeaRequest } from './sea.ts';

const engineName = 'sa-token-engine';
/** By what the program calls itself in stack traces; the name below the folder, as the blob holds it. */
const mainName = 'kubectl-sa-token.cjs';

const settings = {
  disableExperimentalSEAWarning: true,
  useSnapshot: false,
  // The main script is 1 kB, and the cache that Node would make of it different every time.
  useCodeCache: false,
  // NODE_OPTIONS is for the user's own programs: --require or --inspect has no place in a credential plugin.
  execArgvExtension: 'none',
};

export interface Tools {
  /** The Node that the executable is made of. */
  node: UnpackedNode;
  /** This machine's Node of the same version: the blob has its format, the code cache its V8. */
  builder: string;
}

/** @param folder - an empty one */
export async function toolsFor(target: Target, folder: string): Promise<Tools> {
  const builder = await builderNode(target, join(folder, 'builder'));
  return { node: await unpackNode(target, join(folder, 'node')), builder };
}

async function builderNode(
  { name, node: { name: nodeName, lock } }: Target,
  folder: string,
): Promise<string> {
  const { version } = locked(nodeName, lock);
  if (process.version === `v${version}`) return process.execPath;
  const host = targets.find(isHost)?.node.name;
  if (host === undefined || locked(host, lock).version !== version)
    throw new Error(`${name} takes Node ${version}, which this machine has not; this is ${process.version}`);
  const unpacked = await unpackLocked(host, folder, { lock });
  return join(unpacked, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** @returns a Node's `process.versions` */
export function versionsOf(node: string): NodeJS.ProcessVersions {
  const script = 'console.log(JSON.stringify(process.versions))';
  return JSON.parse(execFileSync(node, ['--eval', script], { encoding: 'utf8' }));
}

/**
 * @param tools - from toolsFor
 * @param folder - an empty one, for everything that packaging leaves behind
 */
export async function makeExecutable(
  target: Target,
  bundle: Bundle,
  { builder, node }: Tools,
  folder: string,
): Promise<string> {
  const assets = await writeChunks(target, bundle, builder, join(folder, 'chunks'));
  await writeFile(join(folder, mainName), bundle.main);
  const output = join(folder, engineName);
  if (target.wheel === undefined) {
    await putNode(target, node, folder);
    runPkg(builder, folder, {
      entry: join(folder, mainName),
      options: {
        signature: false,
        targets: [{ ...pkgTarget(target), nodeRange: `node${node.version}`, output }],
        // Relative to the temporary folder that pkg makes below ours: an absolute path would end up in the blob.
        seaConfig: { main: `../${mainName}`, ...settings, assets } as SeaRequest['options']['seaConfig'] &
          object,
      },
    });
  } else {
    const blob = await makeBlob(builder, assets, folder);
    const bare = withoutDebugSections(await readFile(join(node.folder, 'node')));
    await writeFile(output, withNote(fused(bare), 'NODE_SEA_BLOB', blob));
  }
  if (target.os === 'darwin') await writeFile(output, adHocSigned(await readFile(output), engineName));
  await chmod(output, 0o755);
  return output;
}

/**
 * What pkg does, without it: pkg would run the target's Node, which needs musl; and its injector (LIEF) moves a
 * position-independent program by a page, where of arm64's not all symbols come along.
 */
async function makeBlob(builder: string, assets: Record<string, string>, folder: string): Promise<Buffer> {
  const [config, output] = ['sea.json', 'sea.blob'];
  await writeFile(join(folder, config), JSON.stringify({ main: mainName, output, ...settings, assets }));
  // Node says on standard error that it is done.
  runNode(builder, ['--experimental-sea-config', config], { cwd: folder, errors: 'pipe' });
  return readFile(join(folder, output));
}

/** Told to look for a blob. */
function fused(node: Buffer): Buffer {
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';
  const at = node.indexOf(`${fuse}0`);
  if (at === -1) throw new Error('this Node has no fuse of single executables');
  const copy = Buffer.from(node);
  copy.write('1', at + fuse.length);
  return copy;
}

function pkgTarget({ os, cpu }: Target) {
  const platform = { linux: 'linux', darwin: 'macos', windows: 'win' } as const;
  return { platform: platform[os], arch: cpu };
}

/** Lays Node where pkg keeps what it downloaded (it cannot be given the binary of a platform other than its own). */
async function putNode(
  target: Target,
  { folder: unpacked, version }: UnpackedNode,
  folder: string,
): Promise<void> {
  const cache = join(folder, '.pkg-cache', 'sea');
  const archive = `node-v${version}-${target.os === 'windows' ? 'win' : target.os}-${target.cpu}`;
  const windows = target.os === 'windows';
  const node = join(cache, windows ? `${archive}.exe` : join(archive, 'bin', 'node'));
  await mkdir(join(node, '..'), { recursive: true });
  const binary = await readFile(join(unpacked, windows ? 'node.exe' : 'node'));
  await writeFile(
    node,
    { linux: withoutDebugSections, darwin: same, windows: withoutSignature }[target.os](binary),
    { mode: 0o755 },
  );
  const download = join(cache, `${archive}.${windows ? 'zip' : 'tar.gz'}`);
  for (const marker of [`${node}.ok`, download, `${download}.ok`]) await writeFile(marker, '');
}

const same = (binary: Buffer): Buffer => binary;

/** The chunks as files, and their caches where this machine's V8 is the target's: `{ asset: file }`. */
async function writeChunks(
  target: Target,
  bundle: Bundle,
  builder: string,
  folder: string,
): Promise<Record<string, string>> {
  await mkdir(folder);
  const assets: Record<string, string> = {};
  for (const [name, text] of bundle.chunks) {
    assets[name] = join(folder, basename(name));
    await writeFile(assets[name], text, 'latin1');
  }
  if (!isHost(target)) return assets;
  runNode(builder, ['--random-seed=1', join(import.meta.dirname, 'code-cache.ts'), ...Object.keys(assets)], {
    cwd: folder,
  });
  const caches = Object.entries(assets).map(([name, file]) => [`${name}.cache`, `${file}.cache`]);
  return { ...assets, ...Object.fromEntries(caches) };
}

function runPkg(builder: string, folder: string, request: SeaRequest): void {
  const script = join(import.meta.dirname, 'sea.ts');
  // TMPDIR too, for the relative path of the main script.
  const env = { HOME: folder, USERPROFILE: folder, TMPDIR: folder, TEMP: folder, TMP: folder };
  runNode(builder, [script, JSON.stringify(request)], { env });
}

interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Where standard error goes: through, or into the error of a failure. */
  errors?: 'inherit' | 'pipe';
}

/** Without the options of whoever packages. */
function runNode(node: string, args: string[], { env, cwd, errors = 'inherit' }: RunOptions): void {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  execFileSync(node, args, { cwd, env: { ...inherited, ...env }, stdio: ['ignore', 'ignore', errors] });
}
