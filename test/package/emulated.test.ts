/** The archives for linux/arm64, run by qemu's user-mode emulation with Debian's libraries for that platform. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testUnless } from '../support/require.ts';
import { execute, merge, type Environment, type RunResult } from '../support/child.ts';
import { onPath } from '../support/kubectl.ts';
import { alpine, lacksAlpine } from './alpine.ts';
import { targets, unpack, version } from './release.ts';

/** Where Debian's *-arm64-cross packages put them (libc6, libstdc++6). */
const forGlibc = process.env['QEMU_LD_PREFIX'] ?? '/usr/aarch64-linux-gnu';
const qemu = ['qemu-aarch64-static', 'qemu-aarch64'].map(onPath).find((path) => path !== undefined);

for (const target of targets.filter(({ os, arch }) => os === 'linux' && arch === 'arm64')) {
  const forMusl = target.wheel !== undefined;
  const reason = missing() ?? (forMusl ? lacksAlpine() : lacksGlibc());
  testUnless(reason).serial(
    `${target.name}: the engine tells its version, completes, and loads its keychain module`,
    async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'sa-token-arm64-'));
      t.teardown(() => rm(folder, { recursive: true, force: true }));
      await unpack(target, folder);
      const libraries = forMusl ? alpine('arm64') : forGlibc;
      const run = (words: string[], env: Environment = {}): Promise<RunResult> =>
        execute([qemu ?? '', '-L', libraries, join(folder, 'sa-token-engine'), ...words], {
          env: merge({ HOME: folder }, env),
          timeoutMs: 120_000,
        });
      const told = await run(['version']);
      t.deepEqual([told.code, told.stdout, told.stderr], [0, `kubectl-sa-token v${version}\n`, '']);
      t.regex((await run(['__complete', 'ver'])).stdout, /^version\t/);
      const noBus = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(folder, 'no-bus')}` };
      const ran = await run(['login', 'prod', '--server', 'https://localhost:1'], noBus);
      t.is(ran.code, 6);
      t.regex(ran.stderr, /D-Bus session does not answer/);
    },
  );
}

function missing(): string | undefined {
  if (process.platform !== 'linux') return 'user-mode emulation is for Linux';
  return qemu === undefined ? 'no qemu-aarch64 on PATH' : undefined;
}

function lacksGlibc(): string | undefined {
  return existsSync(join(forGlibc, 'lib', 'ld-linux-aarch64.so.1'))
    ? undefined
    : `no arm64 libraries in ${forGlibc}`;
}
