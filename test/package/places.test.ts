/** The archive of this platform, unpacked where people unpack things, and run as it lies there. */
import { chmod, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { shippedFiles } from '../../cmd/release/platforms.ts';
import { testUnless } from '../support/require.ts';
import { execute, type RunResult } from '../support/child.ts';
import { hostTarget, unpack, version } from './release.ts';

const target = hostTarget();
const reason = target === undefined ? `no archive is for ${process.platform} ${process.arch}` : undefined;
const place = (
  title: string,
  implementation: (t: ExecutionContext, folder: string) => Promise<void>,
): void => {
  testUnless(reason).serial(title, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'sa-token-place-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    await implementation(t, folder);
  });
};

for (const name of ['with spaces  in it', 'Ünïcødé 名前', "quote's $HOME `x` *", '-dash']) {
  place(`runs with an empty PATH from a folder called ${name}`, async (t, folder) => {
    await unpackHere(join(folder, name));
    for (const program of ['kubectl-sa_token', 'kubectl-sa-token', 'sa-token-engine']) {
      tellsItsVersion(t, await run([join(folder, name, program), 'version'], ''));
    }
  });
}

place('runs through a chain of links, relative ones among them', async (t, folder) => {
  await unpackHere(join(folder, 'store', 'v1'));
  await mkdir(join(folder, 'bin'));
  await symlink('v1', join(folder, 'store', 'current'));
  await symlink('../store/current/kubectl-sa_token', join(folder, 'bin', 'one'));
  await symlink(join(folder, 'bin', 'one'), join(folder, 'bin', 'kubectl-sa_token'));
  tellsItsVersion(t, await run([join(folder, 'bin', 'kubectl-sa_token'), 'version']));
});

place(
  'through a link and with an empty PATH it works, or says in one line what is missing',
  async (t, folder) => {
    await unpackHere(join(folder, 'store'));
    await symlink('store/kubectl-sa_token', join(folder, 'kubectl-sa_token'));
    const ran = await run([join(folder, 'kubectl-sa_token'), 'version'], '');
    if (ran.code === 0) return tellsItsVersion(t, ran);
    t.regex(ran.stderr, /^kubectl-sa-token: .*readlink.*\n$/m);
  },
);

place('the engine finds its keychain module through a link', async (t, folder) => {
  await unpackHere(join(folder, 'store'));
  await symlink('store/sa-token-engine', join(folder, 'engine'));
  await useKeychain(t, join(folder, 'engine'), folder);
});

place('runs from a read-only folder, for a user whose it is not', async (t, folder) => {
  const store = join(folder, 'store');
  await unpackHere(store);
  await chmod(folder, 0o755);
  await chmod(store, 0o555);
  t.teardown(() => chmod(store, 0o755));
  tellsItsVersion(t, await run(asNobody([join(store, 'kubectl-sa_token'), 'version'])));
  t.deepEqual(await readdir(store), target === undefined ? [] : shippedFiles(target).map(({ name }) => name));
});

place('without its engine: one line that says what to do', async (t, folder) => {
  await unpackHere(folder);
  await rm(join(folder, 'sa-token-engine'));
  const { code, stdout, stderr } = await run([join(folder, 'kubectl-sa_token'), 'version']);
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /^kubectl-sa-token: .*sa-token-engine is missing.*\n$/);
});

place('without its keychain module: everything else works', async (t, folder) => {
  await unpackHere(folder);
  await rm(join(folder, 'keyring.node'));
  tellsItsVersion(t, await run([join(folder, 'kubectl-sa_token'), 'version']));
});

place("the user's NODE_OPTIONS are not the engine's", async (t, folder) => {
  await unpackHere(folder);
  const ran = await run([join(folder, 'kubectl-sa_token'), 'version'], undefined, {
    NODE_OPTIONS: `--require ${join(folder, 'missing.cjs')}`,
  });
  tellsItsVersion(t, ran);
});

async function unpackHere(folder: string): Promise<void> {
  if (target) await unpack(target, folder);
}

function run(
  command: string[],
  PATH = process.env['PATH'] ?? '',
  env: Record<string, string> = {},
): Promise<RunResult> {
  return execute(command, { env: { PATH, HOME: join(tmpdir(), 'sa-token-no-home'), ...env } });
}

/** Root may write everywhere. */
function asNobody(command: string[]): string[] {
  return process.getuid?.() === 0
    ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command]
    : command;
}

function tellsItsVersion(t: ExecutionContext, { code, stdout, stderr }: RunResult): void {
  t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `kubectl-sa-token v${version}\n`, stderr: '' });
}

/** Far enough for the native module to be loaded: it then finds no Secret Service, rather than no module. */
async function useKeychain(t: ExecutionContext, program: string, home: string): Promise<void> {
  const env = { HOME: home, DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(home, 'no-bus')}` };
  const ran = await run([program, 'login', 'prod', '--server', 'https://localhost:1'], '', env);
  t.is(ran.code, 6);
  t.regex(ran.stderr, /D-Bus session does not answer/);
}
