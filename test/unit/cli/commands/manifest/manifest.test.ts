import test, { type ExecutionContext } from 'ava';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runIn } from '../../../../support/in-process.ts';
import { oldestAndNewest } from '../../../../support/kubectl.ts';
import { testWith } from '../../../../support/require.ts';
import { createSandbox } from '../../../../support/runner.ts';

const withKubectl = testWith('kubectl');
const ACCOUNT = ['manifest', 'account', '-n', 'team-a', '--service-account', 'robot'];
const GATEWAY = ['--host', 'a.example.com', '--gateway', 'gateways/public'];

async function setUp(t: ExecutionContext) {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  return { ...sandbox, run: runIn(sandbox) };
}

const everything: [string[], number][] = [
  [[...ACCOUNT, '--create-namespace', '--cluster-role', 'view', '--cluster-role', 'edit'], 7],
  [[...ACCOUNT, '--requester', 'asker', '--no-secret'], 4],
  [['manifest', 'proxy'], 4],
  [
    ['manifest', 'proxy', '-n', 'edge', '--route', 'ingress', '--host', 'a.example.com', '--tls-secret', 'a'],
    4,
  ],
  [['manifest', 'proxy', '--route', 'gateway-api', ...GATEWAY], 5],
  [['manifest', 'proxy', '--route', 'istio', ...GATEWAY, '--gateway-workload-label', 'app=gw'], 6],
];

for (const [args, count] of everything) {
  withKubectl(`kubectl kustomize builds: ${args.join(' ')}`, async (t) => {
    const sandbox = await setUp(t);
    const { code, stdout, stderr } = await sandbox.run(args);
    t.deepEqual([code, stderr], [0, '']);
    const folder = join(sandbox.home, 'k');
    await mkdir(folder);
    await writeFile(join(folder, 'all.yaml'), stdout);
    await writeFile(join(folder, 'kustomization.yaml'), 'resources: [all.yaml]\n');
    for (const { path } of oldestAndNewest()) {
      const built = await sandbox.exec(path, ['kustomize', folder]);
      t.deepEqual([built.code, built.stderr], [0, '']);
      t.is(built.stdout.match(/^kind: /gm)?.length, count);
    }
  });
}

test('the help has examples, and nothing is asked of a cluster or written', async (t) => {
  const sandbox = await setUp(t);
  const { code, stdout } = await sandbox.run(['manifest', '--help']);
  t.is(code, 0);
  t.regex(stdout, /manifest account -n team-a/);
  t.regex(stdout, /--gateway-workload-label/);
  t.regex(stdout.replaceAll(/\s+/g, ' '), /\(default: nginxinc\/nginx-unprivileged:/);
});
