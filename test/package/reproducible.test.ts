/** Packaging again, from a copy of the sources in another folder and for another user, gives the same bytes. */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { cacheFolder, releaseTime } from '../../cmd/release/packages.ts';
import { repository } from '../support/runner.ts';
import { released } from './release.ts';

/** All that packaging reads. */
const sources = [
  '.ci',
  'cmd',
  'src',
  'LICENSE',
  'package.json',
  'package-lock.json',
  'plugin.yaml',
  'node_modules',
];

test('two builds of one commit give the same bytes', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sa-token again '));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  for (const name of sources)
    await cp(join(repository, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
  const home = join(folder, 'home');
  await mkdir(join(home, 'tmp'), { recursive: true });
  execFileSync(process.execPath, [join(folder, 'cmd/release/release.ts'), '--out', join(folder, 'again')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      TMPDIR: join(home, 'tmp'),
      TZ: 'Asia/Kathmandu',
      LC_ALL: 'C',
      SOURCE_DATE_EPOCH: String(releaseTime().getTime() / 1000),
      // What was fetched once is not fetched again.
      XDG_CACHE_HOME: join(cacheFolder, '..'),
    },
  });
  t.is(
    await readFile(join(folder, 'again/SHA256SUMS'), 'utf8'),
    await readFile(released('SHA256SUMS'), 'utf8'),
  );
});
