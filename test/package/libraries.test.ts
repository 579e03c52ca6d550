/** What the Linux binaries ask of the system: nothing that a stock Debian, Ubuntu, Fedora or UBI lacks. */
import test from 'ava';
import { neededBy } from './formats.ts';
import { readArchive, targets } from './release.ts';

/** glibc's own and the compiler's; libatomic is not installed by default anywhere. */
const libraries = new Set([
  'ld-linux-aarch64.so.1',
  'ld-linux-x86-64.so.2',
  'libc.so.6',
  'libdl.so.2',
  'libgcc_s.so.1',
  'libm.so.6',
  'libpthread.so.0',
  'librt.so.1',
  'libstdc++.so.6',
]);
/** The newest of each kind that RHEL 8 has, the oldest system that Node 24 is built for. */
const newest: Record<string, string> = { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11', GCC: '7.0.0' };

for (const target of targets.filter(({ os, wheel }) => os === 'linux' && wheel === undefined)) {
  for (const file of ['sa-token-engine', 'keyring.node']) {
    test(`${target.name}: ${file} needs no library and no symbol that a stock system lacks`, async (t) => {
      const found = (await readArchive(target)).find(({ name }) => name === file);
      const needed = neededBy(found?.content ?? Buffer.alloc(0));
      t.log(needed.libraries.join(' '));
      t.true(needed.libraries.includes('libc.so.6'));
      t.deepEqual(
        needed.libraries.filter((name) => !libraries.has(name)),
        [],
      );
      t.true(needed.versions.some((version) => version.startsWith('GLIBC_2.')));
      t.deepEqual(needed.versions.filter(isTooNew), []);
    });
  }
}

const musl: Record<string, string[]> = {
  'sa-token-engine': ['libstdc++.so.6', 'libgcc_s.so.1', 'libc'],
  'libstdc++.so.6': ['libc', 'libgcc_s.so.1'],
  'libgcc_s.so.1': ['libc'],
  'keyring.node': ['libc'],
};

for (const target of targets.filter(({ wheel }) => wheel !== undefined)) {
  test(`${target.name}: nothing needs more than musl and the two libraries beside it`, async (t) => {
    const entries = await readArchive(target);
    for (const [file, wanted] of Object.entries(musl)) {
      const found = entries.find(({ name }) => name === file);
      const { libraries: needed } = neededBy(found?.content ?? Buffer.alloc(0));
      t.deepEqual(
        needed.map((name) => name.replace(/^libc(?:\.musl-.*\.so\.1|\.so)$/, 'libc')),
        wanted,
        file,
      );
    }
  });
}

function isTooNew(symbolVersion: string): boolean {
  const [kind = '', version = ''] = symbolVersion.split('_');
  return version.localeCompare(newest[kind] ?? '', 'en', { numeric: true }) > 0;
}
