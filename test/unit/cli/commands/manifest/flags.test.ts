/** The flags of `manifest`, one by one: what each takes, what it refuses, and which do not go together. */
import test, { type ExecutionContext } from 'ava';
import { createHost } from '../../../../support/host.ts';
import { runMain } from '../../../../support/in-process.ts';

const ACCOUNT = ['manifest', 'account', '-n', 'team-a', '--service-account', 'robot'];
const GATEWAY = ['--host', 'a.example.com', '--gateway', 'gateways/public'];

const run = (t: ExecutionContext, argv: string[]) => runMain(createHost(t, { argv }));

/** A route, and a flag that is for another. */
const strays: [string, string][] = [
  ['ingress', '--gateway'],
  ['ingress', '--gateway-workload-namespace'],
  ['gateway-api', '--gateway-workload-label'],
  ['gateway-api', '--tls-secret'],
  ['gateway-api', '--ingress-class'],
  ['istio', '--tls-secret'],
  ['istio', '--ingress-class'],
];
const labels = ['a/b/c=d', `${'a'.repeat(64)}=b`, `a=${'b'.repeat(64)}`, 'a=', 'a=b=c', 'a=b c'];
const images = ['@sha256:ab', '/a', '"a', 'a b', 'a{'];

const bad: [string[], RegExp][] = [
  [['manifest'], /^kubectl-sa-token: manifest needs one of account, proxy; /],
  [['manifest', 'cluster'], /KIND cluster is not one of account, proxy; see/],
  [['manifest', 'account', '--service-account', 'robot'], /has no --namespace; e\.g\. manifest account/],
  [['manifest', 'account', '-n', 'team-a'], /has no --service-account; /],
  [['manifest', 'account', '-n', 'Team', '--service-account', 'r'], /--namespace: "Team" is not a namespace/],
  [['manifest', 'account', '-n', 'a.b', '--service-account', 'r'], /--namespace: "a\.b" is not a namespace/],
  [[...ACCOUNT, '--cluster-role', 'x/y'], /--cluster-role: "x\/y" is not the name of a role/],
  [[...ACCOUNT, '--cluster-role', '..'], /--cluster-role: "\.\." is not the name of a role/],
  [[...ACCOUNT, '--cluster-role', 'x\ny'], /--cluster-role: "x\\ny" is not the name of a role/],
  [[...ACCOUNT, '--requester', 'a'.repeat(250)], /--requester: a+-token is too long a name for a Secret/],
  [[...ACCOUNT, '--host', 'a.example.com'], /--host is for "manifest proxy"/],
  [['manifest', 'proxy', '--requester', 'x'], /--requester is for "manifest account"/],
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
  [
    ['manifest', 'proxy', '--route', 'ingress', '--host', '*'],
    /"\*" is for gateways; --route ingress needs a name/,
  ],
  [['manifest', 'proxy', '--route', 'ingress', '--host', 'https://a/'], /is not a host name, without https/],
  [['manifest', 'proxy', '--host', 'a'], /--host needs --route/],
  ...strays.map(([route, stray]): [string[], RegExp] => [
    ['manifest', 'proxy', '--route', route, ...GATEWAY.slice(0, 2), stray, 'a/b'],
    new RegExp(`${stray} has no meaning with --route ${route}; `),
  ]),
  [
    ['manifest', 'proxy', '--route', 'ingress', '--host', '10.0.0.1'],
    /"10\.0\.0\.1" is an address; --route ingr/,
  ],
  [
    ['manifest', 'proxy', '--route', 'gateway-api', '--host', '10.0.0.1', '--gateway', 'a/b'],
    /"10\.0\.0\.1" is an address; --route gateway-api needs a name/,
  ],
  [
    ['manifest', 'proxy', '--route', 'istio', '--host', '*', '--gateway', 'a.b/c'],
    /"a\.b\/c" is not NAMESPACE/,
  ],
  ...labels.map((label): [string[], RegExp] => [
    ['manifest', 'proxy', '--route', 'istio', ...GATEWAY, '--gateway-workload-label', label],
    /--gateway-workload-label: ".*" is not KEY=VALUE as a label has it/,
  ]),
  ...images.map((image): [string[], RegExp] => [
    ['manifest', 'proxy', '--image', image],
    /--image: ".*" is not an image/,
  ]),
  [['manifest', 'proxy', '--prefix', 'kubernetes'], /--prefix: "kubernetes" is not a path/],
  [['manifest', 'proxy', '--prefix', '/a/../b'], /--prefix: "\/a\/\.\.\/b" is not a path/],
  [['manifest', 'proxy', '--prefix', '/a{1}'], /--prefix: "\/a\{1\}" is not a path/],
  [['manifest', 'proxy', '--image', 'a\nb'], /--image: "a\\nb" is not an image/],
];

const digest = `sha256:${'0a'.repeat(32)}`;
const good: [string, RegExp][] = [
  ['account -n a --service-account r --cluster-role my_Role --cluster-role x:y_z', /name: r:x:y_z$/m],
  [
    `proxy --image registry.example.com:5000/a-b/c__d:v1.2_3@${digest}`,
    /image: registry\.example\.com:5000\/a-b/,
  ],
  ['proxy --image Registry/a', /image: Registry\/a$/m],
  ['proxy --route istio --host 10.0.0.1 --gateway a/b.c', /hosts: \["10\.0\.0\.1"\]/],
  ['proxy --route istio --host * --gateway a/b --gateway-workload-label x.io/y=1', /x\.io\/y: "1"$/m],
  ['proxy --route ingress --host *.Example.com', /host: "\*\.example\.com"/],
];

test('values that a cluster takes are not refused', async (t) => {
  for (const [args, expected] of good) {
    const { out, err } = await run(t, ['manifest', ...args.split(' ')]);
    t.is(err, '', args);
    t.regex(out, expected);
  }
});

test('the namespace of its own is printed with the proxy, unless it is not wanted', async (t) => {
  const first = async (...flags: string[]) => {
    const { out } = await run(t, ['manifest', 'proxy', ...flags]);
    return /^kind: (?<kind>\w+)/m.exec(out)?.groups?.['kind'];
  };
  t.is(await first(), 'Namespace');
  t.is(await first('--create-namespace=false'), 'ConfigMap');
  t.is(await first('-n', 'edge'), 'ConfigMap');
  t.is(await first('-n', 'edge', '--create-namespace'), 'Namespace');
});

test('bad input: one line that says what to do, exit code 2, nothing on standard output', async (t) => {
  for (const [args, line] of bad) {
    const { out, err, exitCode } = await run(t, args);
    t.deepEqual([exitCode, out], [2, ''], args.join(' '));
    t.regex(err, line);
    t.is(err.trimEnd().split('\n').length, 1);
  }
});
