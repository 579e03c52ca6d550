/** kubectl with a static token against kubectl with our hook: what a person waits for. */
import { join } from 'node:path';
import { findKubectls, writeKubeconfig } from '../support/kubectl.ts';
import type { Programs } from './programs.ts';
import { cachedToken } from './rows-own.ts';
import type { Entry, Row } from './rows.ts';
import { profile, type Scene } from './scene.ts';

const titles = {
  'kubectl-token': 'kubectl get --raw /version, static token',
  'kubectl-hook': 'kubectl get --raw /version, our hook, warm',
};

export async function kubectlRows(scene: Scene, programs: Programs | string): Promise<Entry[]> {
  const kubectl = findKubectls().at(-1);
  const missing =
    typeof programs === 'string' ? programs : kubectl === undefined ? 'no kubectl on PATH' : undefined;
  if (missing !== undefined || typeof programs === 'string' || kubectl === undefined)
    return Object.entries(titles).map(([id, title]) => ({ id, title, missing: missing ?? '' }));
  const { one, server, folder, ca } = scene;
  const row = async (
    id: keyof typeof titles,
    user: Parameters<typeof writeKubeconfig>[0]['user'],
  ): Promise<Row> => {
    const path = await writeKubeconfig({
      path: join(folder, `${id}.yaml`),
      server: server.apiUrl,
      caFile: ca,
      user,
    });
    return {
      id,
      title: titles[id].replace('kubectl', `kubectl 1.${kubectl.minor}`),
      command: {
        argv: [kubectl.path, 'get', '--raw', '/version'],
        env: { ...one.env, KUBECONFIG: path },
        cwd: one.folder,
      },
      wrong: (answer) => (answer.includes('gitVersion') ? undefined : 'the answer is no version'),
    };
  };
  return [
    await row('kubectl-token', { token: cachedToken(one) }),
    await row('kubectl-hook', {
      exec: { command: join(programs.installed, 'kubectl-sa_token'), args: ['get-token', profile] },
    }),
  ];
}
