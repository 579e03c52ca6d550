/** A locked keychain whose prompt nobody answers, as over ssh into a desktop: every call ends all the same. */
import type { ExecutionContext } from 'ava';
import { testWith } from '../support/require.ts';
import { age } from './support/cached.ts';
import { checkCredential, checkFailure } from './support/outcome.ts';
import { setScene, type Scene } from './support/scene.ts';

const withKeychain = testWith('secret-service', 'x-display');

/** Logged in and used once, then locked. */
async function lockedScene(t: ExecutionContext): Promise<Scene> {
  const scene = await setScene(t, { keychain: { unansweredPrompts: true } });
  const args = ['login', 'prod', '--server', scene.server.url, '--certificate-authority', scene.caFile];
  const login = await scene.plugin([...args, '--token-stdin'], { stdin: scene.robot.token });
  t.is(login.code, 0, login.stderr);
  checkCredential(t, await scene.hook());
  await scene.keychain?.lock();
  return scene;
}

withKeychain('while the old token lives, it is served, and the call ends', async (t) => {
  const scene = await lockedScene(t);
  await age(scene.home, { serve: -60, life: 59 });
  const before = scene.server.requests.length;
  checkCredential(t, await scene.hook({ timeoutMs: 30_000 }));
  t.is(scene.server.requests.length, before);
});

withKeychain('a call that needs the token waits a minute, fails with one line and ends', async (t) => {
  const scene = await lockedScene(t);
  await age(scene.home, { serve: -100, life: -50 });
  const failed = await scene.hook({ timeoutMs: 90_000 });
  checkFailure(t, failed, { code: 6, line: /the keychain is not available: no answer within 60 s/ });
});
