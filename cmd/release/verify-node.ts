/**
 * Compares the Node binaries that packaging takes from npm with those of nodejs.org, whose sums Node's releasers sign:
 * `npm run verify:node -- --keyring FILE`. The keyring is gpg/pubring.kbx of the repository nodejs/release-keys.
 * `--target` names platforms, `--site` another folder of releases.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { extract } from 'tar';
import { locked, unpackLocked } from './packages.ts';
import { findTarget, isForMusl, targets, type Target } from './platforms.ts';

const verifiable = targets.filter((target) => !isForMusl(target)).map(({ name }) => name);
const { values } = parseArgs({
  options: {
    keyring: { type: 'string' },
    target: { type: 'string', multiple: true, default: verifiable },
    site: { type: 'string', default: 'https://nodejs.org/dist' },
  },
});
if (values.keyring === undefined) throw new Error('give the keys of the Node releasers with --keyring FILE');
const keyring = values.keyring;
const folder = await mkdtemp(join(tmpdir(), 'sa-token-node-'));
try {
  for (const target of values.target.map(findTarget)) await verify(target);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function verify(target: Target): Promise<void> {
  const { name, lock } = target.node;
  const { version } = locked(name, lock);
  const windows = target.os === 'windows';
  const file = windows ? 'win-x64/node.exe' : `node-v${version}-${target.os}-${target.cpu}.tar.gz`;
  const wanted = (await signedSums(version)).get(file);
  if (wanted === undefined) throw new Error(`the signed sums of Node ${version} have no ${file}`);
  const official = await download(`v${version}/${file}`);
  if (sha256(official) !== wanted)
    throw new Error(`${file} of Node ${version} is not the one that was signed`);
  const unpacked = await unpackLocked(name, join(folder, target.name), { lock });
  const ours = await readFile(join(unpacked, 'bin', windows ? 'node.exe' : 'node'));
  if (sha256(ours) !== sha256(windows ? official : await nodeIn(official)))
    throw new Error(`${name}@${version} of npm is not the Node ${version} that was signed`);
  console.log(`${name}@${version} is the signed Node ${version}`);
}

/** SHA-256 by file, of which gpgv says that a Node releaser signed it. */
async function signedSums(version: string): Promise<Map<string, string>> {
  const signed = join(folder, 'SHASUMS256.txt.asc');
  await writeFile(signed, await download(`v${version}/SHASUMS256.txt.asc`));
  // gpgv prints what the signature covers, and nothing around it.
  const text = execFileSync('gpgv', ['--keyring', keyring, '--output', '-', signed], { encoding: 'utf8' });
  return new Map(
    [...text.matchAll(/^([0-9a-f]{64}) {2}(\S+)$/gm)].map(([, sum = '', file = '']) => [file, sum]),
  );
}

async function download(path: string): Promise<Buffer> {
  const response = await fetch(`${values.site}/${path}`);
  if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

async function nodeIn(archive: Buffer): Promise<Buffer> {
  const [file, into] = [join(folder, 'node.tar.gz'), await mkdtemp(join(folder, 'unpacked-'))];
  await writeFile(file, archive);
  await extract({ file, cwd: into, strip: 1, filter: (path) => path.endsWith('/bin/node') });
  return readFile(join(into, 'bin/node'));
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
