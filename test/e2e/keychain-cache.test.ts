/** `cache: keychain`: what is cached there follows the settings, and nothing is left that no logout would find. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { testWith } from '../support/require.ts';
import { entryPath, hasServed, readCached } from './support/cached.ts';
import { checkCredential } from './support/outcome.ts';
import { setScene, usualProfile } from './support/scene.ts';

const withKeychain = testWith('secret-service');

withKeychain('a profile that moves its tokens there: the entry on the disk never serves again', async (t) => {
  const scene = await setScene(t, { keychain: true });
  await writeFile(scene.tokenFile, scene.robot.token, { mode: 0o600 });
  await scene.writeProfile(usualProfile(scene));
  const audience = async () => decodeJwt(checkCredential(t, await scene.hook()).token).aud;
  const before = await audience();
  await scene.writeProfile({ ...usualProfile(scene), cache: 'keychain', audience: ['vault'] });
  // Of callers at once the later ones find what the first has put into the keychain.
  const atOnce = await Promise.all([1, 2, 3, 4].map(audience));
  t.deepEqual(new Set(atOnce.flat()), new Set(['vault']));
  t.deepEqual([await audience(), await audience()], [['vault'], ['vault']]);
  t.notDeepEqual(before, ['vault']);
  t.is(scene.server.exchanges, 2, 'one for each place');
  await t.throwsAsync(readCached(scene.home), { code: 'ENOENT' });
  // The same client that comes back was refused, here as with the disk.
  await hasServed(scene.home);
  const again = async () => checkCredential(t, await scene.hook({ sameClient: true })).token;
  t.not(await again(), await again());
  t.is(scene.server.exchanges, 3);
});

withKeychain('where it cannot be noted what is there, nothing is put there', async (t) => {
  const scene = await setScene(t, { keychain: true });
  await writeFile(scene.tokenFile, scene.robot.token, { mode: 0o600 });
  await scene.writeProfile({ ...usualProfile(scene), cache: 'keychain' });
  const labels = async () => {
    const { stdout } = await scene.sandbox.exec('secret-tool', [
      'search',
      '--all',
      'service',
      'kubectl-sa-token',
    ]);
    return [...stdout.matchAll(/^label = (.*)$/gm)].map(([, label]) => label);
  };
  const folder = join(entryPath(scene.home), '..');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, '..'), { recursive: true });
  await writeFile(folder, '');
  checkCredential(t, await scene.hook());
  t.deepEqual(await labels(), []);
  await rm(folder);
  checkCredential(t, await scene.hook());
  t.deepEqual(await labels(), ['keyring:entry prod@kubectl-sa-token']);
  t.is((await scene.plugin(['logout', 'prod'])).code, 0);
  t.deepEqual(await labels(), []);
});
