/**
 * A bill of materials: what one archive is made of, in CycloneDX. Made from what is shipped rather than by `npm sbom`: that one
 * goes by the lock file, so it lists other platforms' packages, and leaves out those that a development package
 * depends on too (yargs). It knows nothing of what Node and the keychain module are made of either.
 */
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PackageURL } from 'packageurl-js';
import type { UnpackedNode } from './engine/node.ts';
import { cpeOf, nodePart } from './node-parts.ts';
import { projectDescription, projectLicense, projectVersion, type ShippedPackage } from './packages.ts';
import type { Target } from './platforms.ts';

const { ComponentType } = Enums;

/** @param nodeParts - what the executable's Node is made of, as its `process.versions` has it */
export function billOfMaterials(
  target: Target,
  node: UnpackedNode,
  shipped: ShippedPackage[],
  nodeParts: NodeJS.ProcessVersions,
  time: Date,
): string {
  const own = component(ComponentType.Application, npmUrl('kubectl-sa-token', projectVersion), {
    description: projectDescription,
    licenses: licencesOf(projectLicense),
    properties: new Models.PropertyRepository([new Models.Property('platform', target.name)]),
  });
  const components = [
    nodeComponent(node, nodeParts),
    ...node.libraries.map(libraryComponent),
    ...shipped.map((each) =>
      each.name === target.keyringPackage ? withCrates(npmComponent(each), each.folder) : npmComponent(each),
    ),
  ];
  for (const { bomRef } of components) own.dependencies.add(bomRef);
  const bom = new Models.Bom({
    metadata: new Models.Metadata({ timestamp: time, component: own }),
    components: new Models.ComponentRepository(components),
  });
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  const written = (): string => serializer.serialize(bom, { sortLists: true, space: 2 });
  bom.serialNumber = `urn:uuid:${uuidOf(written())}`;
  return `${written()}\n`;
}

function npmComponent({ name, version, license, integrity }: ShippedPackage): Models.Component {
  return component(ComponentType.Library, npmUrl(name, version), {
    licenses: licencesOf(license),
    hashes: hashesOf(integrity),
  });
}

/** Node and what is compiled into it: scanners look for OpenSSL first. */
function nodeComponent(
  { version, purl, hash }: UnpackedNode,
  nodeParts: NodeJS.ProcessVersions,
): Models.Component {
  const { node: _, modules: __, napi: ___, ...parts } = nodeParts;
  const found = component(ComponentType.Platform, PackageURL.fromString(purl), {
    licenses: licencesOf('MIT'),
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm[hash.alg], hash.content]]),
    cpe: cpeOf('nodejs:node.js', version),
  });
  found.name = 'node';
  for (const [name, its] of Object.entries(parts)) {
    // What this Node was built without has an empty version.
    if (!its) continue;
    const { type, namespace, name: known, cpe } = nodePart(name);
    const url = new PackageURL(type, namespace, known, its);
    add(found, component(ComponentType.Library, url, cpe === undefined ? {} : { cpe: cpeOf(cpe, its) }));
  }
  return found;
}

/** A part of GCC. */
function libraryComponent({ purl, license }: UnpackedNode['libraries'][number]): Models.Component {
  return component(ComponentType.Library, PackageURL.fromString(purl), { licenses: licencesOf(license) });
}

/** The Rust crates in the keychain module, as the list says that its package brings. */
function withCrates(module: Models.Component, folder: string): Models.Component {
  const list = readFileSync(join(folder, 'LICENSE.third-party.md'), 'utf8');
  const rows = [...list.matchAll(/^\| ([\w-]+) \| (\d[^ |]*) \| ([^|]+) \|$/gm)];
  if (rows.length === 0) throw new Error(`${module.name} lists no crates`);
  for (const [, name = '', version = '', license = ''] of rows) {
    const url = new PackageURL('cargo', undefined, name, version);
    add(module, component(ComponentType.Library, url, { licenses: licencesOf(license) }));
  }
  return module;
}

function add(whole: Models.Component, part: Models.Component): void {
  whole.components.add(part);
  whole.dependencies.add(part.bomRef);
}

/** Named and referred to by its package URL. */
function component(
  type: Enums.ComponentType,
  url: PackageURL,
  more: Models.OptionalComponentProperties,
): Models.Component {
  const purl = url.toString();
  const name = url.type === 'npm' && url.namespace ? `${url.namespace}/${url.name}` : url.name;
  return new Models.Component(type, name, { version: url.version ?? '', purl, bomRef: purl, ...more });
}

function npmUrl(name: string, version: string): PackageURL {
  const [last = '', scope] = name.split('/').toReversed();
  return new PackageURL('npm', scope, last, version);
}

/** One SPDX name, or an expression of several. */
function licencesOf(license: string): Models.LicenseRepository {
  const found = /\s/.test(license) ? new Models.LicenseExpression(license) : new Models.SpdxLicense(license);
  return new Models.LicenseRepository([found]);
}

function hashesOf(integrity: string): Models.HashDictionary {
  const content = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
  return new Models.HashDictionary([[Enums.HashAlgorithm['SHA-512'], content]]);
}

/** A name-based UUID (version 8), so that the same materials have the same serial number. */
function uuidOf(text: string): string {
  const hash = createHash('sha256').update(text).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
