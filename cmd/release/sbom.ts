/**
 * A bill of materials: what one archive is made of, in CycloneDX. Made from what is shipped rather than by `npm sbom`: that one
 * goes by the lock file, so it lists other platforms' packages, and leaves out those that a development package
 * depends on too (yargs). It knows nothing of what Node is made of either.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, projectVersion as ownVersion, type ShippedPackage } from './packages.ts';
import type { UnpackedNode } from './engine/node.ts';
import type { Target } from './platforms.ts';

const own: { license: string; description: string } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

/** @param nodeParts - what the executable's Node is made of, as its `process.versions` has it */
export function billOfMaterials(
  target: Target,
  node: UnpackedNode,
  shipped: ShippedPackage[],
  nodeParts: NodeJS.ProcessVersions,
  time: Date,
): string {
  const name = `kubectl-sa-token@${ownVersion}`;
  const components = [
    nodeComponent(node, nodeParts),
    ...node.libraries.map(libraryComponent),
    ...shipped.map(npmComponent),
  ];
  const content = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: time.toISOString(),
      component: {
        'bom-ref': name,
        type: 'application',
        name: 'kubectl-sa-token',
        version: ownVersion,
        description: own.description,
        licenses: [{ license: { id: own.license } }],
        purl: `pkg:npm/${name}`,
        properties: [{ name: 'platform', value: target.name }],
      },
    },
    components,
    dependencies: [{ ref: name, dependsOn: components.map((component) => component['bom-ref']) }],
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(content))}`;
  return `${JSON.stringify({ serialNumber, ...content }, null, 2)}\n`;
}

function npmComponent({ name, version, license, integrity }: ShippedPackage) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const hashes = [sha512(integrity)];
  return {
    'bom-ref': purl,
    type: 'library',
    name,
    version,
    licenses: [licenceOf(license)],
    purl,
    hashes,
  };
}

/** Node and what is compiled into it: scanners look for OpenSSL first. */
function nodeComponent({ version, purl, hash }: UnpackedNode, nodeParts: NodeJS.ProcessVersions) {
  const { node: _, modules: __, napi: ___, ...parts } = nodeParts;
  return {
    'bom-ref': purl,
    type: 'platform',
    name: 'node',
    version,
    licenses: [{ license: { id: 'MIT' } }],
    purl,
    hashes: [hash],
    components: Object.entries(parts).flatMap(([part, its]) => nodePart(part, its)),
  };
}

/** A part of GCC. */
function libraryComponent({ name, version, purl, license }: UnpackedNode['libraries'][number]) {
  return { 'bom-ref': purl, type: 'library', name, version, licenses: [licenceOf(license)], purl };
}

function nodePart(name: string, version: string | undefined) {
  // What this Node was built without has an empty version.
  if (!version) return [];
  const purl = `pkg:generic/${name}@${version}`;
  return [{ 'bom-ref': purl, type: 'library', name, version, purl }];
}

/** One SPDX name, or an expression of several. */
function licenceOf(license: string): object {
  return /\s/.test(license) ? { expression: license } : { license: { id: license } };
}

function sha512(integrity: string): { alg: 'SHA-512'; content: string } {
  return { alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') };
}

/** A name-based UUID (version 8), so that the same materials have the same serial number. */
function uuidOf(text: string): string {
  const hash = createHash('sha256').update(text).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
