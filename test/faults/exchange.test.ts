/** `get-token` that dies, or whose disk fails, at each call it makes on a file. */
import { writeFile } from 'node:fs/promises';
import { AGING, age, entryPath } from '../e2e/support/cached.ts';
import type { Scene } from '../e2e/support/scene.ts';
import { testWith } from '../support/require.ts';
import { breakOff, type Operation } from './support/operation.ts';

const { serial } = testWith('strace');
const getToken: Pick<Operation, 'args' | 'next' | 'completes' | 'sweep'> = {
  args: () => ['get-token', 'prod'],
  next: (scene) => {
    scene.server.faults.clear();
    return scene.hook();
  },
  completes: true,
  sweep: async (scene) => {
    const forced = await scene.plugin(['get-token', 'prod', '--force-refresh']);
    return forced.code === 0 ? scene.plugin(['logout', 'prod']) : forced;
  },
};

async function cached(scene: Scene): Promise<void> {
  await scene.hook();
  await age(scene.home, AGING);
}

serial('exchange: nothing is lost', (t) =>
  breakOff(t, { name: 'exchange', ...getToken, prepare: async () => undefined }),
);

serial('renewal: nothing is lost', (t) =>
  breakOff(t, {
    name: 'renewal',
    ...getToken,
    args: () => ['get-token', 'prod', '--force-refresh'],
    prepare: async (scene) => {
      await cached(scene);
      await writeFile(entryPath(scene.home, 'prod', 'renewing'), '1\n', { mode: 0o600 });
    },
  }),
);

serial('the call that starts a renewal: nothing is lost', (t) =>
  breakOff(t, { name: 'call that starts a renewal', ...getToken, prepare: cached }),
);

serial('an exchange that is refused: nothing is lost', (t) =>
  breakOff(t, {
    name: 'refused exchange',
    ...getToken,
    exitCode: 4,
    prepare: async () => undefined,
    reset: async ({ server }) => {
      server.faults.clear();
      server.faults.next({ status: 403 });
    },
  }),
);
