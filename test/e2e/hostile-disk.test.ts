/** A cache that cannot be written, for want of leave, of room, or of a name short enough: the call succeeds all the same. */
import test, { type ExecutionContext } from 'ava';
import { chmod, chown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { testWith } from '../support/require.ts';
import { parseCredential } from './support/cached.ts';
import { checkCredential } from './support/outcome.ts';
import { execInfo, setScene, type Scene } from './support/scene.ts';

const withMounts = testWith('private-mounts');
const asRoot = testWith('root');

/** Two calls by two clients, in a mount namespace of their own that ends with them; then what is on the disk. */
async function callsOn(t: ExecutionContext, scene: Scene, prepare: string) {
  const calls =
    'kubectl-sa_token get-token prod || exit; sh -c "kubectl-sa_token get-token prod; exit" || exit';
  const script = `cache="$HOME/.kube/cache"; mkdir -p "$cache"; ${prepare}\n${calls}; ls -A "$cache" "$cache/sa-token" >&2; :`;
  const result = await scene.sandbox.exec('unshare', ['--mount', 'sh', '-c', script], {
    execInfo: execInfo(),
  });
  t.is(result.code, 0, result.stderr);
  const answers = result.stdout.trimEnd().split('\n').map(parseCredential);
  t.is(answers.length, 2);
  return { answers, left: result.stderr };
}

withMounts('the cache is on a read-only file system', async (t) => {
  const scene = await setScene(t);
  await callsOn(t, scene, 'mount -t tmpfs -o ro none "$cache"');
  t.is(scene.server.exchanges, 2);
});

withMounts('the whole home is read-only', async (t) => {
  const scene = await setScene(t);
  await callsOn(t, scene, 'mount --bind "$HOME" "$HOME"; mount -o remount,ro,bind "$HOME"');
  t.is(scene.server.exchanges, 2);
});

withMounts('the cache is on a full disk: no half-written entry is left', async (t) => {
  const scene = await setScene(t);
  const full = 'mount -t tmpfs -o size=64k none "$cache"; head -c 1M /dev/zero >"$cache/filler" 2>/dev/null';
  const { left } = await callsOn(t, scene, full);
  t.is(scene.server.exchanges, 2);
  t.notRegex(left, /\.tmp|\.entry/);
});

withMounts('the disk has no room for one more file', async (t) => {
  const scene = await setScene(t);
  // The folders take three; the lock is the last that finds a place.
  for (const inodes of [2, 3, 4, 5, 6]) {
    const { left } = await callsOn(t, scene, `mount -t tmpfs -o nr_inodes=${inodes} none "$cache"`);
    t.notRegex(left, /\.tmp/, `${inodes} inodes`);
  }
});

withMounts('the disk becomes full under an entry that is to be renewed: the entry stays whole', async (t) => {
  const scene = await setScene(t);
  const prepare = [
    'mount -t tmpfs -o size=64k none "$cache"',
    'kubectl-sa_token get-token prod >/dev/null',
    'head -c 1M /dev/zero >"$cache/filler" 2>/dev/null',
    'KUBERNETES_EXEC_INFO= kubectl-sa_token get-token prod --force-refresh >/dev/null',
  ];
  await callsOn(t, scene, prepare.join('\n'));
  t.true(scene.server.exchanges >= 2);
});

asRoot('a cache folder that may not be written or entered', async (t) => {
  const scene = await setScene(t);
  await chmod(scene.home, 0o755);
  const cache = join(scene.home, '.kube', 'cache');
  for (const file of ['.kube', 'ca.crt', 'source-token', '.kube/sa-token.yaml'])
    await chown(join(scene.home, file), 65_534, 65_534);
  for (const mode of ['555', '000']) {
    await scene.sh(
      `rm -rf "${cache}"; mkdir -p "${cache}/sa-token"; chown 65534 "${cache}" "${cache}/sa-token"`,
    );
    await chmod(join(cache, 'sa-token'), Number.parseInt(mode, 8));
    await chmod(cache, Number.parseInt(mode, 8));
    const as = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const result = await scene.sandbox.exec('setpriv', [...as, 'kubectl-sa_token', 'get-token', 'prod']);
    checkCredential(t, result, mode);
  }
});

for (const bytes of [200, 3900, 4000, 4090, 5000]) {
  test(`a cache on a path of ${bytes} bytes`, async (t) => {
    const scene = await setScene(t);
    const start = join(scene.home, 'c');
    const filler = `/${'d'.repeat(99)}`.repeat(60);
    const KUBECACHEDIR = `${start}${filler}`.slice(0, bytes - '/sa-token'.length).replace(/\/$/, 'd');
    checkCredential(t, await scene.hook({ env: { KUBECACHEDIR } }));
    checkCredential(t, await scene.hook({ env: { KUBECACHEDIR } }));
    t.true(scene.server.exchanges >= 1 && scene.server.exchanges <= 2);
    if (bytes === 200) t.is(scene.server.exchanges, 1);
  });
}

test('a cache in a folder whose name has blanks, quotes, a newline, a dash', async (t) => {
  const scene = await setScene(t);
  for (const name of ['a b', 'it\'s $(id) `id` "x"', 'line\nbreak', '-n', '*', 'ÜñÏ☃']) {
    const KUBECACHEDIR = join(scene.home, 'caches', name);
    const { token } = checkCredential(t, await scene.hook({ env: { KUBECACHEDIR } }), name);
    t.is(checkCredential(t, await scene.hook({ env: { KUBECACHEDIR } }), name).token, token, name);
    t.true((await readdir(join(KUBECACHEDIR, 'sa-token'))).includes('prod.entry'));
  }
});
