import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { proposedBy } from '../../../src/kubeconfig/proposal.ts';
import { settingOf, type Settings } from '../../../src/settings/table.ts';
import { fails } from '../../support/failure.ts';
import { createHost, put, withParts, type TestHost } from '../../support/host.ts';

const server = 'https://h.example/kubernetes';

/** A cluster entry of the team's kubeconfig. */
function cluster(own: object, extension?: unknown, name = 'client.authentication.k8s.io/exec'): object {
  return extension === undefined ? own : { ...own, extensions: [{ name, extension }] };
}

function kubeconfig(entry: object): string {
  return stringify({
    clusters: [{ name: 'c', cluster: entry }],
    contexts: [{ name: 'prod', context: { cluster: 'c', user: 'u' } }],
  });
}

function propose(t: ExecutionContext, entry: object): Settings {
  const host = createHost(t);
  put(host, '.kube/config', kubeconfig(entry));
  return proposedBy(host, { kubeconfig: undefined, context: 'prod' });
}

test('the address and the CA of a cluster, and what its extension says', (t) => {
  const own = { server, 'certificate-authority-data': 'LS0t', 'proxy-url': 'http://p:3128' };
  const proposed = { server, certificateAuthorityData: 'LS0t', proxyUrl: 'http://p:3128/' };
  t.deepEqual(propose(t, cluster(own)), proposed);
  const extension = {
    apiVersion: 'sa-token.kubectl/v1',
    kind: 'Settings',
    namespace: 'team-a',
    'service-account': 'robot',
    audience: ['rok'],
    duration: '1h',
  };
  t.deepEqual(propose(t, cluster(own, extension)), {
    ...proposed,
    namespace: 'team-a',
    serviceAccount: 'robot',
    audience: ['rok'],
    duration: 3600,
  });
});

test('paths start from the folder of the kubeconfig that has the cluster', (t) => {
  const host = createHost(t);
  const first = put(host, 'a/config', 'clusters: []\n');
  const second = put(host, 'b/config', kubeconfig({ server, 'certificate-authority': 'ca.crt' }));
  const at = withParts(host, { env: { KUBECONFIG: `${first}:${second}` }, cwd: '/elsewhere' });
  t.deepEqual(proposedBy(at, { kubeconfig: undefined, context: 'prod' }), {
    server,
    certificateAuthority: join(host.home, 'b/ca.crt'),
  });
});

/** What a stranger's cluster entry may say, and what is left of it. */
const hostile: [string, object, unknown, Settings][] = [
  [
    'neither where the token is, nor a command to run, nor that nothing is checked',
    { server, 'insecure-skip-tls-verify': true },
    {
      'source-file': '/etc/shadow',
      'source-command': 'touch /tmp/owned',
      'source-env': 'AWS_SECRET_ACCESS_KEY',
      'insecure-skip-tls-verify': true,
    },
    { server },
  ],
  [
    'nothing that is kept here or sent as another',
    { server, 'client-certificate': '/a', 'client-key': '/a' },
    { cache: 'none', 'client-certificate': '/a', 'client-key': '/a', profile: 'other', timeout: 1 },
    { server },
  ],
  [
    'no bound object',
    { server },
    { 'bound-object-kind': 'none', 'bound-object-name': 'x', 'bound-object-uid': 'x' },
    { server },
  ],
  [
    'no key of an object’s own',
    { server },
    JSON.parse('{"__proto__": {"source-command": "x"}, "constructor": "x"}'),
    { server },
  ],
  [
    'settings of the cluster entry that kubectl does not know',
    { server, 'source-command': 'touch /tmp/owned', 'source-file': '/etc/shadow' },
    undefined,
    { server },
  ],
  [
    'a CA of the cluster’s does not vouch for another server',
    {
      server,
      'certificate-authority-data': 'LS0t',
      'tls-server-name': 'x.example',
      'proxy-url': 'http://p/',
    },
    { server: 'https://proxy.example/kubernetes' },
    { server: 'https://proxy.example/kubernetes' },
  ],
  [
    'nor for another port',
    { server, 'certificate-authority-data': 'LS0t' },
    { server: 'https://h.example:8443' },
    { server: 'https://h.example:8443' },
  ],
  [
    'it does for another path of the same',
    { server: 'https://h.example', 'certificate-authority-data': 'LS0t', 'tls-server-name': 'x.example' },
    { server },
    { server, certificateAuthorityData: 'LS0t', tlsServerName: 'x.example' },
  ],
  [
    'a CA of the extension’s goes with its server',
    { server, 'certificate-authority-data': 'LS0t' },
    { server: 'https://proxy.example', 'certificate-authority-data': 'AAAA' },
    { server: 'https://proxy.example', certificateAuthorityData: 'AAAA' },
  ],
  [
    'a CA of the extension’s goes before the cluster’s own',
    { server, 'certificate-authority-data': 'LS0t', 'tls-server-name': 'x.example' },
    { 'certificate-authority': '/ca.crt' },
    { server, certificateAuthority: '/ca.crt', tlsServerName: 'x.example' },
  ],
  [
    'what is of kubectl’s own way alone is not judged',
    { server, 'proxy-url': 'socks5://p.example' },
    { server: 'https://proxy.example' },
    { server: 'https://proxy.example' },
  ],
  ['a cluster without a server proposes no CA', { 'certificate-authority-data': 'LS0t' }, undefined, {}],
];

for (const [title, own, extension, expected] of hostile)
  test(`a cluster proposes: ${title}`, (t) => {
    const proposed = propose(t, cluster(own, extension));
    t.deepEqual(proposed, expected);
    t.is(Object.getPrototypeOf(proposed), Object.prototype);
  });

test('what stands below `login` counts before what stands beside the profile', (t) => {
  const extension = { profile: 'c', namespace: 'old', login: { server: 'https://h', namespace: 'new' } };
  t.deepEqual(propose(t, cluster({ server: 'https://api' }, extension)), {
    server: 'https://h',
    namespace: 'new',
  });
});

test('the extension of another plugin, or of another name, proposes nothing', (t) => {
  const settings = { server: 'https://evil.example', audience: ['a'] };
  const other = { apiVersion: 'other.example/v1', ...settings };
  t.deepEqual(propose(t, cluster({ server }, other)), { server });
  t.deepEqual(propose(t, cluster({ server }, settings, 'other.example/exec')), { server });
  for (const nothing of [null, 'x', 5, ['a']])
    t.deepEqual(propose(t, cluster({ server }, nothing)), { server }, JSON.stringify(nothing));
});

/** A value of each type that the setting does not take. */
const wrong: Record<string, unknown> = {
  server: 'http://evil.example',
  namespace: 'team/a',
  'service-account': 'Robot',
  audience: [],
  duration: '1s',
  'certificate-authority': 5,
  'certificate-authority-data': '***',
  'tls-server-name': '\u001b[2J',
  'proxy-url': 'socks5://p',
};

test('a value that a setting does not take is refused, with the place where it stands', async (t) => {
  for (const [name, value] of Object.entries(wrong)) {
    t.not(settingOf(name), undefined, name);
    // oxlint-disable-next-line no-await-in-loop
    await fails(t, () => propose(t, cluster({ server }, { [name]: value })), {
      code: 'bad-value',
      exitCode: 2,
      line: new RegExp(`^extension of cluster "c": ${name}: `),
    });
  }
  await fails(t, () => propose(t, cluster({ server: 'http://evil.example' })), {
    code: 'bad-value',
    exitCode: 2,
    line: 'cluster "c": server: must begin with https://; a token is never sent in the clear',
  });
});

function ask(host: TestHost, over: { kubeconfig?: string; context?: string } = {}): () => Settings {
  return () => proposedBy(host, { kubeconfig: undefined, context: 'prod', ...over });
}

test('no such context, no cluster, no kubeconfig', async (t) => {
  const host = createHost(t);
  await fails(t, ask(host), {
    code: 'no-context',
    exitCode: 2,
    line: 'the kubeconfig has no context "prod"; name another file with --kubeconfig',
  });
  put(host, '.kube/config', kubeconfig({ server }));
  await fails(t, ask(host, { context: 'dev' }), { code: 'no-context', exitCode: 2, line: /"dev".*prod/ });
  const loose = put(host, 'loose', stringify({ contexts: [{ name: 'prod', context: { cluster: 'gone' } }] }));
  await fails(t, ask(host, { kubeconfig: loose }), { code: 'no-context', exitCode: 2, line: /"prod"/ });
  const broken = put(host, 'broken', 'clusters: [');
  await fails(t, ask(host, { kubeconfig: broken }), {
    code: 'bad-kubeconfig',
    exitCode: 2,
    line: /^\S*broken: /,
  });
});
