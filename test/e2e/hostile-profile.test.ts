/** The profile file and its lock where something else lies in their place. */
import test, { type ExecutionContext } from 'ava';
import { link, lstat, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PATIENCE_MS, checkCredential, checkFailure } from './support/outcome.ts';
import { setScene, type Scene } from './support/scene.ts';

async function profileAt(t: ExecutionContext): Promise<{ scene: Scene; file: string }> {
  const scene = await setScene(t);
  return { scene, file: join(scene.home, '.kube', 'sa-token.yaml') };
}

test('the profile file may be a link, as people keep their dotfiles; and a login keeps it one', async (t) => {
  const { scene, file } = await profileAt(t);
  const real = join(scene.home, 'dotfiles.yaml');
  await rename(file, real);
  await symlink(real, file);
  checkCredential(t, await scene.hook());
  t.is((await scene.plugin(['login', 'prod', '--duration', '2h'])).code, 0);
  t.true((await lstat(file)).isSymbolicLink());
  t.regex(await readFile(real, 'utf8'), /duration: 2h|duration: 7200/);
});

test('a profile file that is a FIFO, a folder, or huge is refused at once', async (t) => {
  const { scene, file } = await profileAt(t);
  for (const [make, line] of [
    ['mkfifo "$0"', /is not a regular file/],
    ['mkdir "$0"', /is a folder/],
    ['truncate -s 17M "$0"', /is larger than 16 MiB/],
  ] as const) {
    await rm(file, { recursive: true, force: true });
    t.is((await scene.sandbox.exec('sh', ['-c', make, file])).code, 0);
    const result = await scene.hook();
    checkFailure(t, result, { code: 7, line }, make);
    t.true(result.durationMs < PATIENCE_MS);
  }
});

test('a lock of the profile file that is a link, a FIFO or a folder holds no login up, and a folder is named', async (t) => {
  const { scene, file } = await profileAt(t);
  const victim = join(scene.home, 'victim');
  for (const make of ['ln -s "$1" "$0"', 'ln -s /nonexistent "$0"', 'mkfifo "$0"', 'mkdir "$0"']) {
    await writeFile(victim, 'precious');
    await rm(`${file}.lock`, { recursive: true, force: true });
    t.is((await scene.sandbox.exec('sh', ['-c', make, `${file}.lock`, victim])).code, 0);
    const result = await scene.plugin(['login', 'prod', '--no-verify']);
    // What changes keychain and profiles does not go on without the lock.
    if (make.startsWith('mkdir'))
      checkFailure(t, result, { code: 2, line: /cannot write \S*sa-token\.yaml\.lock / });
    else t.like(result, { code: 0, stderr: '' }, make);
    t.true(result.durationMs < PATIENCE_MS, `${make}: ${result.durationMs} ms`);
    t.is(await readFile(victim, 'utf8'), 'precious');
  }
});

test('a profile file in a folder that is not there yet', async (t) => {
  const scene = await setScene(t);
  await mkdir(join(scene.home, 'elsewhere'));
  const KUBECTL_SA_TOKEN_CONFIG = join(scene.home, 'elsewhere', 'a', 'b.yaml');
  checkFailure(t, await scene.hook({ env: { KUBECTL_SA_TOKEN_CONFIG } }), {
    code: 2,
    line: /no profile "prod"/,
  });
  t.deepEqual(await readdir(join(scene.home, 'elsewhere')), []);
});

test('a second name of the profile file does no harm: it is replaced, and the other keeps what it had', async (t) => {
  const { scene, file } = await profileAt(t);
  const second = join(scene.home, 'second.yaml');
  await link(file, second);
  const before = await readFile(second, 'utf8');
  checkCredential(t, await scene.hook());
  t.is((await scene.plugin(['login', 'prod', '--duration', '2h'])).code, 0);
  t.is(await readFile(second, 'utf8'), before);
  t.not(await readFile(file, 'utf8'), before);
});
