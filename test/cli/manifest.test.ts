import test, { type ExecutionContext } from 'ava';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { oldestAndNewest } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { createSandbox } from '../support/runner.ts';

const withKubectl = testWith('kubectl');
const ACCOUNT = ['manifest', 'account', '-n', 'team-a', '--service-account', 'robot'];
const GATEWAY = ['--host', 'a.example.com', '--gateway', 'gateways/public'];

async function setUp(t: ExecutionContext) {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  return sandbox;
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
  t.regex(stdout, /--print-config/);
});

test('the name in the certificate: the host, or for an address one that every API server has', async (t) => {
  const sandbox = await setUp(t);
  const name = async (...flags: string[]) => {
    const { stdout } = await sandbox.run(['manifest', 'proxy', '--print-config', ...flags]);
    return /proxy_ssl_name (?<name>\S+);/.exec(stdout)?.groups?.['name'];
  };
  t.is(await name(), 'kubernetes.default.svc');
  t.is(await name('--upstream', 'api.example.com:6443'), 'api.example.com');
  t.is(await name('--upstream', '10.0.0.1:6443'), 'kubernetes.default.svc');
  t.is(await name('--upstream', '[fd00::1]:6443', '--upstream-name', 'api.example.com'), 'api.example.com');
});

const bad: [string[], RegExp][] = [
  [['manifest'], /^kubectl-sa-token: manifest needs one of account, proxy; /],
  [['manifest', 'cluster'], /manifest knows account and proxy; see/],
  [['manifest', 'account', '--service-account', 'robot'], /has no --namespace; e\.g\. manifest account/],
  [['manifest', 'account', '-n', 'team-a'], /has no --service-account; /],
  [['manifest', 'account', '-n', 'Team', '--service-account', 'r'], /--namespace: "Team" is not a name/],
  [['manifest', 'account', '-n', 'a.b', '--service-account', 'r'], /--namespace: "a\.b" is not a namespace/],
  [[...ACCOUNT, '--secret-name', 'a b'], /--secret-name: "a b" is not a name/],
  [[...ACCOUNT, '--cluster-role', 'x: y'], /--cluster-role: "x: y" is not the name of a role/],
  [[...ACCOUNT, '--host', 'a.example.com'], /--host is for "manifest proxy"/],
  [['manifest', 'proxy', '--requester', 'x'], /--requester is for "manifest account"/],
  [['manifest', 'proxy', '--flavour', 'envoy'], /--flavour envoy is not one of nginx/],
  [['manifest', 'proxy', '--route', 'traefik'], /--route traefik is not one of gateway-api, istio, ingress/],
  [
    ['manifest', 'proxy', '--route', 'istio', '--host', 'a'],
    /--route istio has no --gateway; give NAMESPACE\/NAME/,
  ],
  [['manifest', 'proxy', '--route', 'istio', '--gateway', 'a/b'], /--route istio has no --host/],
  [
    ['manifest', 'proxy', '--route', 'istio', ...GATEWAY.slice(0, 2), '--gateway', 'x'],
    /"x" is not NAMESPACE\/NAME/,
  ],
  [['manifest', 'proxy', '--route', 'ingress', '--host', '*'], /"\*" is not a host name/],
  [['manifest', 'proxy', '--route', 'ingress', '--host', 'https://a/'], /is not a host name, without https/],
  [['manifest', 'proxy', '--host', 'a'], /--host needs --route/],
  [['manifest', 'proxy', '--listen', '80'], /--listen needs --print-config/],
  [['manifest', 'proxy', '--prefix', 'kubernetes'], /--prefix: "kubernetes" is not a path/],
  [['manifest', 'proxy', '--prefix', '/a/../b'], /--prefix: must have no/],
  [['manifest', 'proxy', '--prefix', '/a{1}'], /--prefix: "\/a\{1\}" is not a path/],
  [['manifest', 'proxy', '--image', 'a\nb'], /--image: "a\\nb" is not an image/],
  [['manifest', 'proxy', '--replicas', 'two'], /--replicas: "two" is not a number from 1 to 99/],
  [['manifest', 'proxy', '--print-config', '-n', 'a'], /--namespace has no meaning with --print-config/],
  [['manifest', 'proxy', '--print-config', '--upstream', 'https://a'], /is not HOST:PORT, without https/],
  [['manifest', 'proxy', '--print-config', '--upstream-ca', 'a;b'], /has characters that nginx would read/],
  [
    ['manifest', 'proxy', '--print-config', '--certificate', 'a'],
    /--certificate and --certificate-key go together/,
  ],
  [['manifest', 'proxy', '--print-config', '--listen', 'x y'], /"x y" is not a port, or ADDRESS:PORT/],
];

test('bad input: one line that says what to do, exit code 2, nothing on standard output', async (t) => {
  const sandbox = await setUp(t);
  await Promise.all(
    bad.map(async ([args, line]) => {
      const { code, stdout, stderr } = await sandbox.run(args);
      t.deepEqual([code, stdout], [2, ''], args.join(' '));
      t.regex(stderr, line);
      t.is(stderr.trimEnd().split('\n').length, 1);
    }),
  );
});
