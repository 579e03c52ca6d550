/** The bill of materials in each archive: valid by CycloneDX's own schema, and true of what the archive holds. */
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { isForMusl, packageName } from '../../cmd/release/platforms.ts';
import { readArchive, released, targets, version, type Target } from './release.ts';

interface Component {
  name: string;
  version: string;
  purl: string;
  cpe?: string;
  licenses?: object[];
  components?: Component[];
}

for (const target of targets) {
  test(`${target.name}: the SBOM in the archive is the one beside it, and valid`, async (t) => {
    const text = await billOf(target);
    t.is(text, await readFile(released(packageName(target, version, 'cdx.json')), 'utf8'));
    t.is(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text), null);
  });

  test(`${target.name}: the SBOM names Node, its parts, the dependencies and its own keychain module`, async (t) => {
    const { components }: { components: Component[] } = JSON.parse(await billOf(target));
    const names = components.map(({ name }) => name);
    const libraries = isForMusl(target) ? ['libstdc++', 'libgcc'] : [];
    const packages = ['yargs', 'yaml', 'jose', '@kubernetes/client-node', target.keyringPackage];
    for (const wanted of [...packages, ...libraries]) t.true(names.includes(wanted), wanted);
    t.is(names.filter((name) => name.startsWith('@napi-rs/keyring-')).length, 1);
    t.false(names.includes('esbuild'));
    t.deepEqual(
      components.filter(({ licenses }) => licenses === undefined),
      [],
    );
    const node = components.find(({ name }) => name === 'node');
    t.is(node?.cpe, `cpe:2.3:a:nodejs:node.js:${node?.version}:*:*:*:*:*:*:*`);
    const openssl = node?.components?.find(({ name }) => name === 'openssl');
    t.is(openssl?.purl, `pkg:github/openssl/openssl@${openssl?.version}`);
    t.is(openssl?.cpe, `cpe:2.3:a:openssl:openssl:${openssl?.version}:*:*:*:*:*:*:*`);
  });

  test(`${target.name}: the SBOM names the Rust crates that left their paths in the keychain module`, async (t) => {
    const { components }: { components: Component[] } = JSON.parse(await billOf(target));
    const module = components.find(({ name }) => name === target.keyringPackage);
    const listed = new Set(module?.components?.map((crate) => `${crate.name}-${crate.version}`));
    const binary = (await readArchive(target)).find(({ name }) => name === 'keyring.node')?.content;
    // What a panic would show: …/registry/src/REGISTRY-HASH/NAME-VERSION/…
    const paths = binary
      ?.toString('latin1')
      .matchAll(/registry[/\\]src[/\\][\w.-]+[/\\]([\w-]+-\d[\w.-]*)[/\\]/g);
    const found = new Set([...(paths ?? [])].map(([, crate = '']) => crate));
    t.true(found.size >= 5);
    t.deepEqual(
      [...found].filter((crate) => !listed.has(crate)),
      [],
    );
  });
}

async function billOf(target: Target): Promise<string> {
  const entries = await readArchive(target);
  return entries.find(({ name }) => name === 'sbom.cdx.json')?.content.toString() ?? '';
}
