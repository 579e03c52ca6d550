/** Whatever lies where ours should: the call gives a credential, follows nothing, waits for nothing, destroys nothing. */
import type { ExecutionContext } from 'ava';
import { chmod, link, lstat, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { testWith } from '../support/require.ts';
import { entryPath, modeOf } from './support/cached.ts';
import { PATIENCE_MS, checkCredential } from './support/outcome.ts';
import { setScene, type Scene } from './support/scene.ts';

const onUnix = testWith('sh');

type Obstacle = (path: string, scene: Scene) => Promise<unknown>;

/** In the place of a file that is there or not. `victim` is a file of the person's own. */
const obstacles: Record<string, Obstacle> = {
  'a symlink to a file': async (path, { home }) => {
    await rm(path, { force: true });
    await symlink(join(home, 'victim'), path);
  },
  'a symlink to nowhere': async (path, { home }) => {
    await rm(path, { force: true });
    await symlink(join(home, 'nowhere'), path);
  },
  'a symlink to the true one': async (path) => {
    await rename(path, `${path}.elsewhere`).catch(() => undefined);
    await symlink(`${path}.elsewhere`, path);
  },
  'a hard link': async (path, { home }) => {
    if (await lstat(path).catch(() => undefined)) await link(path, `${path}.second`);
    else await link(join(home, 'victim'), path);
  },
  'a FIFO': async (path, { sandbox }) => {
    await rm(path, { force: true });
    await sandbox.exec('mkfifo', [path]);
  },
  'a folder': async (path) => {
    await rm(path, { force: true });
    await mkdir(path);
  },
  'a folder with something in it': async (path) => {
    await rm(path, { force: true });
    await mkdir(join(path, 'inside'), { recursive: true });
  },
  'a file for all to write': async (path) => {
    await writeFile(path, '', { flag: 'a' });
    await chmod(path, 0o666);
  },
  'an empty file': (path) => writeFile(path, ''),
  'a file of zeros': (path) => writeFile(path, Buffer.alloc(70_000)),
};

async function checkCalls(t: ExecutionContext, scene: Scene, what: string): Promise<string> {
  const [first, second] = [
    await scene.hook({ timeoutMs: 2 * PATIENCE_MS }),
    await scene.hook({ timeoutMs: 2 * PATIENCE_MS }),
  ];
  const { token } = checkCredential(t, first, `${what}, first`);
  checkCredential(t, second, `${what}, second`);
  t.true(first.durationMs < PATIENCE_MS, `${what}: ${first.durationMs} ms`);
  t.is(await readFile(join(scene.home, 'victim'), 'utf8'), 'precious', what);
  await t.throwsAsync(lstat(join(scene.home, 'nowhere')), { code: 'ENOENT' }, what);
  return token;
}

async function warm(t: ExecutionContext): Promise<Scene & { token: string }> {
  const scene = await setScene(t);
  await writeFile(join(scene.home, 'victim'), 'precious');
  return { ...scene, token: checkCredential(t, await scene.hook()).token };
}

for (const [what, obstruct] of Object.entries(obstacles)) {
  onUnix.serial(`${what} in the place of the entry: not believed, not followed`, async (t) => {
    const scene = await warm(t);
    const path = entryPath(scene.home);
    await obstruct(path, scene);
    const token = await checkCalls(t, scene, what);
    t.not(token, scene.token, 'what could have been changed by others is not served');
    const status = await lstat(path);
    if (status.isFile()) t.is(await modeOf(path), '600', 'it was replaced by one of ours');
    else t.true(status.isDirectory());
  });

  onUnix.serial(`${what} in the place of the lock: the next exchange goes on`, async (t) => {
    const scene = await warm(t);
    await rm(entryPath(scene.home));
    await obstruct(entryPath(scene.home, 'prod', 'lock'), scene);
    await checkCalls(t, scene, what);
  });
}

for (const kind of ['until', 'clients', 'retry', 'failed', 'renewing']) {
  onUnix.serial(`anything in the place of ${kind}: at worst the engine answers`, async (t) => {
    for (const [what, obstruct] of Object.entries(obstacles)) {
      const scene = await warm(t);
      await obstruct(entryPath(scene.home, 'prod', kind), scene);
      await checkCalls(t, scene, `${what} for ${kind}`);
    }
  });
}

onUnix(
  'the folder is a symlink, a file, a FIFO: nothing is written there, and there is a credential',
  async (t) => {
    for (const what of ['a symlink to a file', 'a symlink to the true one', 'a FIFO', 'an empty file']) {
      const scene = await warm(t);
      const folder = dirname(entryPath(scene.home));
      const before = await lstat(entryPath(scene.home));
      if (what !== 'a symlink to the true one') await rm(folder, { recursive: true });
      await obstacles[what]?.(folder, scene);
      t.not(await checkCalls(t, scene, what), scene.token);
      t.false((await lstat(folder)).isDirectory());
      if (what === 'a symlink to the true one')
        t.is((await lstat(entryPath(scene.home))).mtimeMs, before.mtimeMs, 'the entry there is as it was');
    }
  },
);

onUnix(
  'the folder was open to others: it is closed, and what they could have changed is not believed',
  async (t) => {
    for (const [mode, believed] of [
      [0o755, true],
      [0o701, true],
      [0o770, false],
      [0o777, false],
    ] as const) {
      const scene = await warm(t);
      const folder = dirname(entryPath(scene.home));
      await chmod(folder, mode);
      const what = mode.toString(8);
      t.is((await checkCalls(t, scene, what)) === scene.token, believed, what);
      t.is(await modeOf(folder), '700', what);
    }
  },
);
