import test from 'ava';
import { stringify } from 'yaml';
import { clusterSettings, loadKubeConfig } from '../../src/cluster/access.ts';
import { fails } from '../failure.ts';
import { createHost, put, withParts, type TestHost } from '../support/host.ts';

interface Entry {
  cluster?: object;
  user?: object;
}

/** A kubeconfig whose cluster, user and context have one name. */
function kubeconfig(entries: Record<string, Entry>, current: string): string {
  const list = Object.entries(entries);
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: list.map(([name, { cluster = {} }]) => ({
      name,
      cluster: { server: `https://${name}.example`, ...cluster },
    })),
    users: list.map(([name, { user = {} }]) => ({ name, user })),
    contexts: list.map(([name]) => ({ name, context: { cluster: name, user: name } })),
    'current-context': current,
  });
}

const nothing = { kubeconfig: undefined, context: undefined };
const at = (host: TestHost, context?: string) =>
  loadKubeConfig(host, { kubeconfig: undefined, context }).getCurrentCluster()?.server;

test('~/.kube/config, its current context or the one named', (t) => {
  const host = createHost(t);
  put(host, '.kube/config', kubeconfig({ one: {}, two: {} }, 'two'));
  t.is(at(host), 'https://two.example');
  t.is(at(host, 'one'), 'https://one.example');
});

test('KUBECONFIG is a list: files may be missing, the first that names something wins', (t) => {
  const host = createHost(t);
  const first = put(host, 'a', kubeconfig({ one: { cluster: { server: 'https://first.example' } } }, 'one'));
  const second = put(host, 'b', kubeconfig({ one: {}, two: {} }, 'two'));
  const list = withParts(host, { env: { KUBECONFIG: [`${host.home}/none`, first, second].join(':') } });
  t.is(at(list), 'https://first.example');
  t.is(at(list, 'two'), 'https://two.example');
});

test('what is not there is told with what is', async (t) => {
  const host = createHost(t);
  await fails(t, () => loadKubeConfig(host, nothing), {
    code: 'no-kubeconfig',
    exitCode: 2,
    line: 'there is no kubeconfig at ~/.kube/config; name one with --kubeconfig or KUBECONFIG',
  });
  put(host, '.kube/config', kubeconfig({ one: {}, two: {} }, ''));
  await fails(t, () => loadKubeConfig(host, nothing), {
    code: 'no-context',
    exitCode: 2,
    line: 'the kubeconfig has no current context; name one with --context: one, two',
  });
  await fails(t, () => loadKubeConfig(host, { ...nothing, context: 'three' }), {
    code: 'no-context',
    exitCode: 2,
    line: 'the kubeconfig has no context "three"; name one with --context: one, two',
  });
  put(host, 'broken', '{');
  await fails(t, () => loadKubeConfig(host, { kubeconfig: '~/broken', context: undefined }), {
    code: 'bad-kubeconfig',
    exitCode: 2,
    line: /^~\/broken: cannot be used \(.+; see what is wrong with: kubectl config view$/,
  });
});

test('HTTPS_PROXY is obeyed, a proxy-url of the cluster goes before it', (t) => {
  const host = createHost(t);
  put(host, 'k', kubeconfig({ one: {}, two: { cluster: { 'proxy-url': 'http://own:1' } } }, 'one'));
  const proxied = withParts(host, {
    env: { HTTPS_PROXY: 'http://corporate:1', KUBECONFIG: `${host.home}/k` },
  });
  const proxy = (context: string) =>
    loadKubeConfig(proxied, { ...nothing, context }).getCurrentCluster()?.proxyUrl;
  t.is(proxy('one'), 'http://corporate:1');
  t.is(proxy('two'), 'http://own:1');
});

test('a cluster as settings of a call with another token', async (t) => {
  const host = createHost(t);
  const cluster = {
    'certificate-authority-data': 'Y2E=',
    'tls-server-name': 'kubernetes',
    'proxy-url': 'http://own:1',
    'insecure-skip-tls-verify': false,
  };
  put(
    host,
    '.kube/config',
    kubeconfig({ one: { cluster }, plain: { cluster: { server: 'http://a.example' } } }, 'one'),
  );
  t.deepEqual(clusterSettings(host, loadKubeConfig(host, nothing)), {
    server: 'https://one.example',
    'certificate-authority-data': 'Y2E=',
    'tls-server-name': 'kubernetes',
    'proxy-url': 'http://own:1/',
  });
  await fails(t, () => clusterSettings(host, loadKubeConfig(host, { ...nothing, context: 'plain' })), {
    code: 'bad-value',
    exitCode: 2,
    line: 'kubeconfig cluster "plain": must begin with https://; a token is never sent in the clear',
  });
});
