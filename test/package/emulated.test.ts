/** The archive for linux/arm64, run by qemu's user-mode emulation with Debian's libraries for that platform. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testUnless } from '../support/require.ts';
import { execute } from '../support/child.ts';
import { onPath } from '../support/kubectl.ts';
import { unpack, version } from './release.ts';

/** Where Debian's *-arm64-cross packages put them (libc6, libstdc++6). */
const libraries = process.env['QEMU_LD_PREFIX'] ?? '/usr/aarch64-linux-gnu';
const qemu = ['qemu-aarch64-static', 'qemu-aarch64'].map(onPath).find((path) => path !== undefined);

testUnless(missing()).serial('linux-arm64: the engine tells its version, and completes', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sa-token-arm64-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await unpack('linux-arm64', folder);
  const run = (...words: string[]) =>
    execute([qemu ?? '', '-L', libraries, join(folder, 'sa-token-engine'), ...words], {
      env: { HOME: folder },
      timeoutMs: 120_000,
    });
  const told = await run('version');
  t.deepEqual([told.code, told.stdout, told.stderr], [0, `kubectl-sa-token v${version}\n`, '']);
  const completed = await run('__complete', 'ver');
  t.regex(completed.stdout, /^version\t/);
});

testUnless(missing()).serial('linux-arm64: the engine loads its keychain module', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sa-token-arm64-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await unpack('linux-arm64', folder);
  const call = ['login', 'prod', '--server', 'https://localhost:1'];
  const env = { HOME: folder, DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(folder, 'no-bus')}` };
  const ran = await execute([qemu ?? '', '-L', libraries, join(folder, 'sa-token-engine'), ...call], {
    env,
    timeoutMs: 120_000,
  });
  t.is(ran.code, 6);
  t.regex(ran.stderr, /D-Bus session does not answer/);
});

function missing(): string | undefined {
  if (process.platform !== 'linux') return 'user-mode emulation is for Linux';
  if (qemu === undefined) return 'no qemu-aarch64 on PATH';
  return existsSync(join(libraries, 'lib', 'ld-linux-aarch64.so.1'))
    ? undefined
    : `no arm64 libraries in ${libraries}`;
}
