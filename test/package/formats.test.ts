/** Each platform's binaries are that platform's, and in the state its loader wants. */
import test from 'ava';
import { certificateTable, describe, readSignature, sectionNames } from './formats.ts';
import { readArchive, targets, type Target } from './release.ts';

const formats = { linux: 'ELF', darwin: 'Mach-O', windows: 'PE' } as const;
const adHoc = 0x2;

for (const target of targets) {
  test(`${target.name}: the engine and the keychain module are for this platform`, async (t) => {
    for (const name of [engineName(target), 'keyring.node']) {
      t.deepEqual(
        describe(await fileOf(target, name)),
        { format: formats[target.os], cpu: target.arch },
        name,
      );
    }
  });
}

for (const target of targets.filter(({ os }) => os === 'linux')) {
  test(`${target.name}: the engine has no symbol table and no debug sections, and can be linked against`, async (t) => {
    const names = sectionNames(await fileOf(target, engineName(target)));
    t.deepEqual(
      names.filter((name) => name === '.symtab' || name.startsWith('.debug')),
      [],
    );
    for (const wanted of ['.text', '.dynsym', '.dynamic']) t.true(names.includes(wanted), wanted);
  });
}

for (const target of targets.filter(({ os }) => os === 'darwin')) {
  test(`${target.name}: the engine has an ad-hoc signature that holds for every page`, async (t) => {
    const file = await fileOf(target, engineName(target));
    const signature = readSignature(file);
    t.truthy(signature);
    if (signature === undefined) return;
    t.not(signature.flags & adHoc, 0);
    t.is(signature.identifier, 'sa-token-engine');
    t.is(signature.limit, signature.offset);
    t.is(signature.end, file.length);
    t.deepEqual(signature.wrongPages, []);
  });

  test(`${target.name}: the keychain module is signed too`, async (t) => {
    const signature = readSignature(await fileOf(target, 'keyring.node'));
    t.deepEqual(signature?.wrongPages, []);
  });
}

test('windows-amd64: the engine has no signature, rather than a broken one', async (t) => {
  const target = targets.find(({ os }) => os === 'windows');
  t.truthy(target);
  if (target) t.deepEqual(certificateTable(await fileOf(target, engineName(target))), [0, 0]);
});

function engineName({ os }: Target): string {
  return os === 'windows' ? 'kubectl-sa_token.exe' : 'sa-token-engine';
}

async function fileOf(target: Target, wanted: string): Promise<Buffer> {
  const entry = (await readArchive(target)).find(({ name }) => name === wanted);
  if (entry === undefined) throw new Error(`${target.name} has no ${wanted}`);
  return entry.content;
}
