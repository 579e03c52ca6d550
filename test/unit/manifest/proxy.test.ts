import test from 'ava';
import { parseAllDocuments } from 'yaml';
import { accountManifest, grantManifest, type AccountManifest } from '../../../src/manifest/account.ts';
import { nginxConfig } from '../../../src/manifest/nginx.ts';
import { proxyManifest, type ProxyManifest } from '../../../src/manifest/proxy.ts';
import type { Route } from '../../../src/manifest/routes.ts';

/** As much of a Kubernetes object as these tests look at. */
interface Document {
  apiVersion: string;
  kind: string;
  type?: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  [more: string]: unknown;
}

function documents(text: string): Document[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0] ?? new Error('no YAML');
    const object: Document = document.toJS();
    return object;
  });
}

const robot: AccountManifest = {
  namespace: 'team-a',
  serviceAccount: 'robot',
  requester: 'robot',
  secretName: 'robot-token',
  createNamespace: false,
  clusterRoles: [],
};

const proxy: ProxyManifest = {
  namespace: 'edge',
  createNamespace: false,
  prefix: '/kubernetes',
  image: 'nginx:1',
  ipv6: false,
  route: undefined,
};

const kinds = (text: string) => documents(text).map(({ kind }) => kind);

test('an account: what it is, its token, and leave to ask for its own tokens alone, in order', (t) => {
  const [account, secret, role, binding] = documents(accountManifest(robot));
  t.deepEqual(account, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'robot', namespace: 'team-a' },
  });
  t.like(secret, {
    type: 'kubernetes.io/service-account-token',
    metadata: {
      name: 'robot-token',
      namespace: 'team-a',
      annotations: { 'kubernetes.io/service-account.name': 'robot' },
    },
  });
  t.deepEqual(role?.['rules'], [
    { apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: ['robot'], verbs: ['create'] },
  ]);
  t.like(binding, {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role?.metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'team-a' }],
  });
});

test('an account’s parts that may be left out or added', (t) => {
  t.deepEqual(kinds(accountManifest({ ...robot, secretName: undefined })), [
    'ServiceAccount',
    'Role',
    'RoleBinding',
  ]);
  t.deepEqual(kinds(accountManifest({ ...robot, createNamespace: true }))[0], 'Namespace');
  const more = documents(accountManifest({ ...robot, clusterRoles: ['view', 'system:auth-delegator'] }));
  t.deepEqual(
    more.slice(-2).map(({ metadata, roleRef }) => [metadata.name, roleRef]),
    [
      ['robot:view', { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }],
      [
        'robot:system:auth-delegator',
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:auth-delegator' },
      ],
    ],
  );
});

test('a requester apart: the Secret and the leave are its own, what may be done is the account’s', (t) => {
  const text = accountManifest({
    ...robot,
    requester: 'asker',
    secretName: 'asker-token',
    clusterRoles: ['view'],
  });
  const all = documents(text);
  t.deepEqual(
    all.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    [
      'ServiceAccount robot',
      'ServiceAccount asker',
      'Secret asker-token',
      'Role robot-token-requester',
      'RoleBinding robot-token-requester:team-a:asker',
      'RoleBinding robot:view',
    ],
  );
  t.like(all[2]?.metadata.annotations, { 'kubernetes.io/service-account.name': 'asker' });
  t.like(all[4], { subjects: [{ name: 'asker' }] });
  t.like(all[5], { subjects: [{ name: 'robot' }] });
  t.notRegex(text, /create the next one/);
});

test('a grant may be for an account of another namespace', (t) => {
  const subject = { namespace: 'ci', name: 'runner' };
  const [role, binding] = documents(grantManifest({ namespace: 'team-a', serviceAccount: 'robot', subject }));
  t.is(role?.metadata.namespace, 'team-a');
  t.like(binding, { subjects: [{ kind: 'ServiceAccount', name: 'runner', namespace: 'ci' }] });
});

test('nothing that is granted takes the place of another grant', (t) => {
  const subjects = [
    { namespace: 'team-a', name: 'robot' },
    { namespace: 'team-a', name: 'asker' },
    { namespace: 'ci', name: 'asker' },
    { namespace: 'ci', name: 'robot' },
  ];
  const grants = subjects.map((subject) =>
    grantManifest({ namespace: 'team-a', serviceAccount: 'robot', subject }),
  );
  const clusterRoles = ['system:x', 'system-x', 'token-requester'];
  const all = documents([accountManifest({ ...robot, clusterRoles }), ...grants].join('---\n'));
  const bindings = all.filter(({ kind }) => kind === 'RoleBinding');
  const byName = Map.groupBy(bindings, ({ metadata }) => metadata.name);
  // The account's own is in its manifest too, and there the same.
  t.is(bindings.length, 8);
  t.is(byName.size, 7);
  for (const same of byName.values()) for (const one of same) t.deepEqual(one, same[0]);
  const roles = all.filter(({ kind }) => kind === 'Role');
  for (const role of roles) t.deepEqual(role, roles[0]);
});

test('the proxy: configuration, pods without root or credential, a Service', (t) => {
  const [config, deployment, service, ...more] = documents(proxyManifest(proxy));
  t.deepEqual(more, []);
  t.deepEqual(config?.['data'], { 'nginx.conf': nginxConfig('/kubernetes', false) });
  t.like(deployment, {
    spec: { replicas: 2, selector: { matchLabels: { 'app.kubernetes.io/name': 'sa-token-proxy' } } },
  });
  t.like(deployment, {
    spec: {
      template: {
        metadata: { labels: { 'app.kubernetes.io/name': 'sa-token-proxy' } },
        spec: {
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, runAsUser: 101, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              image: 'nginx:1',
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ],
          volumes: [
            { name: 'config', configMap: { name: 'sa-token-proxy' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            { emptyDir: { medium: 'Memory' } },
          ],
        },
      },
    },
  });
  t.like(service, {
    spec: {
      selector: { 'app.kubernetes.io/name': 'sa-token-proxy' },
      ports: [{ port: 80, targetPort: 'http' }],
    },
  });
});

const annotation = (wanted: ProxyManifest) =>
  /sa-token\/config: "?(?<value>\w+)/.exec(proxyManifest(wanted))?.[1];

test('a change of the configuration rolls the pods', (t) => {
  t.is(annotation(proxy), annotation({ ...proxy, image: 'nginx:2' }));
  t.not(annotation(proxy), annotation({ ...proxy, prefix: '/other' }));
});

const listening = (wanted: ProxyManifest) => /^ +listen .*$/m.exec(proxyManifest(wanted))?.[0].trim();

test('with IPv6 one socket takes both families', (t) => {
  t.is(listening(proxy), 'listen 8080;');
  t.is(listening({ ...proxy, ipv6: true }), 'listen [::]:8080 ipv6only=off;');
});

const gateway = { namespace: 'gateways', name: 'public' };
const routes: [Route, string[], object][] = [
  [
    { kind: 'gateway-api', host: 'a.example.com', gateway },
    ['HTTPRoute'],
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      metadata: { namespace: 'edge' },
      spec: {
        parentRefs: [gateway],
        hostnames: ['a.example.com'],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/kubernetes/api/v1/namespaces/' } }],
            backendRefs: [{ name: 'sa-token-proxy', port: 80 }],
          },
        ],
      },
    },
  ],
  [
    {
      kind: 'istio',
      host: '*',
      gateway,
      workload: { namespace: 'istio-system', label: ['istio', 'ingressgateway'] },
    },
    ['VirtualService', 'EnvoyFilter'],
    {
      spec: {
        hosts: ['*'],
        gateways: ['gateways/public'],
        http: [
          {
            name: 'edge.sa-token-proxy',
            match: [{ uri: { prefix: '/kubernetes/api/v1/namespaces/' } }],
            route: [{ destination: { host: 'sa-token-proxy.edge.svc.cluster.local', port: { number: 80 } } }],
          },
        ],
      },
    },
  ],
  [
    { kind: 'ingress', host: 'a.example.com', className: 'nginx', tlsSecret: 'a-tls' },
    ['Ingress'],
    {
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: ['a.example.com'], secretName: 'a-tls' }],
        rules: [
          {
            host: 'a.example.com',
            http: {
              paths: [
                {
                  path: '/kubernetes/api/v1/namespaces/',
                  pathType: 'Prefix',
                  backend: { service: { name: 'sa-token-proxy', port: { name: 'http' } } },
                },
              ],
            },
          },
        ],
      },
    },
  ],
];

for (const [route, expected, first] of routes) {
  test(`a route: ${route.kind}`, (t) => {
    const all = documents(proxyManifest({ ...proxy, route }));
    t.deepEqual(
      all.slice(3).map(({ kind }) => kind),
      expected,
    );
    t.like(all[3], first);
  });
}

test('istio: the token check is off for that route alone, at the gateway, and no sidecar repeats it', (t) => {
  const workload = { namespace: 'ingress', label: ['app', 'gw'] } as const;
  const text = proxyManifest({
    ...proxy,
    route: { kind: 'istio', host: 'h.example.com', gateway, workload },
  });
  const filter = documents(text).at(-1);
  t.is(filter?.metadata.namespace, 'ingress');
  t.like(filter, {
    spec: {
      workloadSelector: { labels: { app: 'gw' } },
      configPatches: [
        {
          applyTo: 'HTTP_ROUTE',
          match: {
            context: 'GATEWAY',
            routeConfiguration: { vhost: { route: { name: 'edge.sa-token-proxy' } } },
          },
          patch: {
            operation: 'MERGE',
            value: { typed_per_filter_config: { 'envoy.filters.http.jwt_authn': { disabled: true } } },
          },
        },
      ],
    },
  });
  t.like(documents(text)[1], {
    spec: { template: { metadata: { labels: { 'sidecar.istio.io/inject': 'false' } } } },
  });
  t.regex(text, /Jwt\n?# ?issuer is not configured/);
});

test('a route without a host, and an ingress without a certificate', (t) => {
  const anywhere = documents(proxyManifest({ ...proxy, route: { kind: 'gateway-api', host: '*', gateway } }));
  t.false('hostnames' in Object(anywhere.at(-1)?.['spec']));
  const bare = proxyManifest({
    ...proxy,
    route: { kind: 'ingress', host: 'a.example.com', className: undefined, tlsSecret: undefined },
  });
  t.regex(bare, /Fake Certificate/);
  t.deepEqual(Object(documents(bare).at(-1)?.['spec']).tls, [{ hosts: ['a.example.com'] }]);
});
