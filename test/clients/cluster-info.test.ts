/**
 * With `provideClusterInfo: true` and no profile: address and CA come from the kubeconfig's cluster, in the words that
 * each client has for them (contracts 2). Clients that pass no cluster are not here.
 */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { install, PLUGIN } from '../e2e/support/installation.ts';
import { writeKubeconfig, type KubeconfigContent } from '../support/kubectl.ts';
import { ROBOT } from '../support/robot.ts';
import { createSandbox } from '../support/runner.ts';
import { startServer } from '../support/token-request-server.ts';
import { findClients, testUnlessAbsent, type Client } from './clients.ts';

const TELLING = /^(?:kubectl|client-go|python|kube-rs)/;

for (const client of findClients().filter(({ name }) => TELLING.test(name))) {
  testUnlessAbsent(client).serial(`${client.name}: the cluster of the kubeconfig is enough`, async (t) => {
    t.timeout(240_000);
    const inline = await tryCluster(t, client, ({ caPem }) => ({ caPem }));
    t.like(inline, { 'insecure-skip-tls-verify': undefined });
    t.truthy(inline['certificate-authority-data'], 'the CA is in it');
    const named = await tryCluster(t, client, ({ caFile }) => ({ caFile }));
    t.truthy(named['certificate-authority-data'] ?? named['certificate-authority'], 'or its file is');
  });
}

/** What the client said of the cluster, once it was served. */
async function tryCluster(
  t: ExecutionContext,
  client: Client,
  ca: (of: { caPem: string; caFile: string }) => Partial<KubeconfigContent>,
): Promise<Record<string, unknown>> {
  const server = await startServer({ prefix: '' });
  t.teardown(() => server.close());
  const robot = await server.cluster.createRobot(ROBOT);
  const box = await createSandbox();
  t.teardown(box.cleanup);
  const [bin, path] = [join(box.home, 'bin'), join(box.home, '.kube', 'config')];
  for (const folder of [bin, join(box.home, '.kube'), join(box.home, 'runs')]) await mkdir(folder);
  const recorder = `#!/bin/sh\nprintf %s "$KUBERNETES_EXEC_INFO" >"$HOME/runs/$$"\nexec ${PLUGIN} "$@"\n`;
  await writeFile(join(bin, 'recorder'), recorder);
  await chmod(join(bin, 'recorder'), 0o755);
  const caFile = join(box.home, '.kube', 'ca.crt');
  await writeFile(caFile, server.caPem);
  const args = ['get-token', '--source-env', 'ROBOT_TOKEN', '-n', ROBOT.namespace];
  await writeKubeconfig({
    path,
    server: server.apiUrl,
    ...ca({ caPem: server.caPem, caFile }),
    user: {
      exec: { command: 'recorder', args, env: { ROBOT_TOKEN: robot.token }, provideClusterInfo: true },
    },
  });
  const folders = [bin, await install(box.home), box.env['PATH']].join(delimiter);
  const session = await client.start({ ...box.env, PATH: folders, KUBECONFIG: path });
  const answer = await session.ask();
  const stderr = await session.end();
  t.is(answer.user, `system:serviceaccount:${ROBOT.namespace}:${ROBOT.name}`, `${answer.error}\n${stderr}`);
  t.is(server.granted, 1);
  const [run = ''] = await readdir(join(box.home, 'runs'));
  const { cluster } = JSON.parse(await readFile(join(box.home, 'runs', run), 'utf8')).spec;
  t.is(cluster.server, server.apiUrl);
  return cluster;
}
