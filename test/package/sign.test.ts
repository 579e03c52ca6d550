/** cmd/release/sign.sh: signs for Windows where there is a key, and says so in one line where there is none. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { root } from '../../cmd/release/packages.ts';
import { execute, type RunResult } from '../support/child.ts';
import { onPath } from '../support/kubectl.ts';
import { testUnless } from '../support/require.ts';
import { readArchive, targets } from './release.ts';

const absent = ['osslsigncode', 'openssl', 'sh'].filter((program) => onPath(program) === undefined);

testUnless(absent.length > 0 ? `no ${absent.join(', ')} on PATH` : undefined)(
  'the executable for Windows is signed with the key that there is',
  async (t) => {
    const { folder, file } = await executable(t);
    const make = (command: string): Buffer =>
      execFileSync('sh', ['-ec', command], { cwd: folder, stdio: 'pipe' });
    make(`openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=publisher -keyout key.pem -out cert.pem \\
      -addext keyUsage=digitalSignature -addext extendedKeyUsage=codeSigning
      echo secret >password
      openssl pkcs12 -export -inkey key.pem -in cert.pem -passout file:password -out publisher.p12`);
    const key = {
      WINDOWS_P12: join(folder, 'publisher.p12'),
      WINDOWS_P12_PASSWORD: join(folder, 'password'),
    };
    const signed = await sign('windows', file, key);
    t.is(signed.code, 0, signed.stdout + signed.stderr);
    t.notRegex(signed.stdout, /::notice::/);
    const verified = await execute(['osslsigncode', 'verify', '-CAfile', 'cert.pem', '-in', file], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '' },
    });
    t.regex(verified.stdout, /Signature verification: ok/);
  },
);

for (const os of ['windows', 'darwin'])
  testUnless(onPath('sh') === undefined ? 'no sh on PATH' : undefined)(
    `without a key a file for ${os} stays as it is, with a notice`,
    async (t) => {
      const { file } = await executable(t);
      const before = await readFile(file);
      const { code, stdout } = await sign(os, file, {});
      t.is(code, 0);
      t.regex(stdout, new RegExp(`^::notice::program for ${os} is not signed by a known publisher: .*\\n$`));
      t.deepEqual(await readFile(file), before);
    },
  );

/** The keychain module for Windows, which is smaller than the engine. */
async function executable(t: ExecutionContext): Promise<{ folder: string; file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'sa-token-sign-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'program');
  for (const target of targets.filter(({ os }) => os === 'windows')) {
    const module = (await readArchive(target)).find(({ name }) => name === 'keyring.node');
    await writeFile(file, module?.content ?? '');
  }
  return { folder, file };
}

function sign(os: string, file: string, key: Record<string, string>): Promise<RunResult> {
  return execute([join(root, 'cmd/release/sign.sh'), os, file], {
    env: { PATH: process.env['PATH'] ?? '', ...key },
  });
}
