/** A clock that is hours off, here or there: no needless exchange, and no dead token is served. */
import test from 'ava';
import { stat, utimes } from 'node:fs/promises';
import { oldestAndNewest } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { age, entryPath, readCached } from './support/cached.ts';
import { checkCredential } from './support/outcome.ts';
import { setScene } from './support/scene.ts';

const withKubectl = testWith('kubectl');
const HOUR = 3_600_000;

for (const hours of [-26, -3, -1, 1, 3, 26]) {
  const where = hours < 0 ? 'behind' : 'ahead of';
  withKubectl(`the server is ${Math.abs(hours)} h ${where} this machine: one exchange for all`, async (t) => {
    const scene = await setScene(t, { server: { clockSkew: hours * HOUR } });
    await scene.writeKubeconfig();
    const status = checkCredential(t, await scene.hook());
    for (const build of oldestAndNewest())
      t.like(await scene.kubectl(build, ['get', 'secrets', '-n', 'team-a', '-o', 'name']), {
        code: 0,
        stderr: '',
        stdout: 'secret/robot-token\n',
      });
    t.is(checkCredential(t, await scene.hook({ apiVersion: 'v1beta1' })).token, status.token);
    t.is(scene.server.exchanges, 1);
    // On this machine's clock, and a little early.
    const left = (Date.parse(status.expirationTimestamp) - Date.now()) / 1000;
    t.true(left > 3400 && left <= 3600 - 25, `${left} s left of an hour`);
  });
}

test('a life that is granted shorter than asked is taken from the answer, whatever the clocks', async (t) => {
  const server = { clockSkew: -5 * HOUR, maxExpirationSeconds: 3600 };
  const scene = await setScene(t, { server, profile: { duration: '24h' } });
  const { expirationTimestamp } = checkCredential(t, await scene.hook());
  const left = (Date.parse(expirationTimestamp) - Date.now()) / 1000;
  t.true(left > 3400 && left <= 3600, `${left} s left of an hour`);
});

test('the clock went forward past the end: the dead token is not served', async (t) => {
  const scene = await setScene(t);
  const { token } = checkCredential(t, await scene.hook());
  await age(scene.home, { serve: -7200, life: -3600 });
  t.not(checkCredential(t, await scene.hook()).token, token);
  t.is(scene.server.exchanges, 2);
});

test('the clock went back to before the entry was written: its end is unknown, and it is not served', async (t) => {
  const scene = await setScene(t);
  const { token } = checkCredential(t, await scene.hook());
  const later = new Date(Date.now() + 2 * HOUR);
  await utimes(entryPath(scene.home), later, later);
  t.not(checkCredential(t, await scene.hook()).token, token);
  t.is(scene.server.exchanges, 2);
  t.true((await stat(entryPath(scene.home))).mtimeMs < Date.now() + 5000);
  checkCredential(t, await scene.hook());
  t.is(scene.server.exchanges, 2, 'and then all is as ever');
});

test('the last thirty seconds are not handed out, since clients have no leeway', async (t) => {
  const scene = await setScene(t);
  const { token } = checkCredential(t, await scene.hook());
  await age(scene.home, { serve: -600, life: 29 });
  t.not(checkCredential(t, await scene.hook()).token, token);
});

test('the shortest life there is, ten minutes, is served for half of it at least', async (t) => {
  const scene = await setScene(t, { profile: { duration: 600 } });
  checkCredential(t, await scene.hook());
  const { serveUntil, expires } = await readCached(scene.home);
  const now = Date.now() / 1000;
  t.true(serveUntil - now > 290 && serveUntil - now <= 300, String(serveUntil - now));
  t.true(expires - now > 590 && expires - now <= 600, String(expires - now));
});
