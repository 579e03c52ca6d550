/** The edit of a kubeconfig that dies, or whose disk fails, at each call it makes on a file. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scene } from '../e2e/support/scene.ts';
import { testWith } from '../support/require.ts';
import { breakOff, type Operation } from './support/operation.ts';

const { serial } = testWith('strace');
const kubeconfig = ({ home }: Scene) => join(home, '.kube', 'config');
const again = (scene: Scene) => scene.plugin(['kubeconfig', 'prod']);
const edit: Pick<Operation, 'args' | 'next' | 'completes' | 'sweep'> = {
  args: () => ['kubeconfig', 'prod'],
  next: again,
  completes: true,
  sweep: async (scene) => {
    await rm(kubeconfig(scene));
    return again(scene);
  },
};

const OTHERS = `# Mine, by hand.
apiVersion: v1
kind: Config
current-context: home # where I live
clusters: []
contexts: []
users:
  - name: somebody # else
    user: { token: not-a-secret-but-like-one }
preferences: {}
`;

serial('kubeconfig, with users of others in it: nothing is lost', (t) =>
  breakOff(t, {
    name: 'kubeconfig, an old file',
    ...edit,
    prepare: (scene) => writeFile(kubeconfig(scene), OTHERS, { mode: 0o600 }),
  }),
);

serial('kubeconfig, a new file: nothing is lost', (t) =>
  breakOff(t, { name: 'kubeconfig, a new file', ...edit, prepare: async () => undefined }),
);
