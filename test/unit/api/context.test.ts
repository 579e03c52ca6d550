import test from 'ava';
import { stringify } from 'yaml';
import { clusterSettings, loadKubeConfig } from '../../../src/api/context.ts';
import { fails } from '../../support/failure.ts';
import { createHost, put, withParts, type TestHost } from '../../support/host.ts';

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
    line: /^~\/broken: .+; correct the file; nothing was changed$/,
  });
});

test('what kubectl bears with: files without content, entries of other contexts that lack a part', (t) => {
  const host = createHost(t);
  const whole = put(
    host,
    'whole',
    kubeconfig({ one: {}, broken: { cluster: { server: undefined } } }, 'one'),
  );
  t.is(at(withParts(host, { env: { KUBECONFIG: whole } })), 'https://one.example');
  for (const content of ['', '# nothing\n', 'null\n', '---\n']) {
    const empty = put(host, 'empty', content);
    const list = (...files: string[]) => withParts(host, { env: { KUBECONFIG: files.join(':') } });
    t.is(at(list(empty, whole)), 'https://one.example', content);
    t.is(at(list(whole, empty)), 'https://one.example', content);
  }
});

test('a context that lacks a part says which', async (t) => {
  const host = createHost(t);
  const entries = { one: {}, broken: { cluster: { server: undefined } } };
  const text = kubeconfig(entries, 'one').replace('user: one', 'user: gone');
  put(host, '.kube/config', text);
  const hint = 'correct the file; nothing was changed';
  await fails(t, () => at(host), {
    code: 'bad-kubeconfig',
    exitCode: 2,
    line: `context "one": its user "gone" is not there; ${hint}`,
  });
  await fails(t, () => at(host, 'broken'), {
    code: 'bad-kubeconfig',
    exitCode: 2,
    line: `context "broken": its cluster "broken" is not there, or has no server; ${hint}`,
  });
  for (const [without, line] of [
    [
      text.replace('current-context: one\n', ''),
      /has no current context; name one with --context: one, broken/,
    ],
    ['', /the kubeconfig has no current context; name another file with --kubeconfig/],
  ] as const) {
    put(host, '.kube/config', without);
    // eslint-disable-next-line no-await-in-loop
    await fails(t, () => at(host), { code: 'no-context', exitCode: 2, line });
  }
});

test('a context without a user is nobody’s, as kubectl has it', (t) => {
  const host = createHost(t);
  put(host, '.kube/config', kubeconfig({ one: {} }, 'one').replace(/^ +user: one\n/m, ''));
  t.is(at(host), 'https://one.example');
});

test('a cluster as settings of a call', async (t) => {
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
    certificateAuthorityData: 'Y2E=',
    tlsServerName: 'kubernetes',
    proxyUrl: 'http://own:1/',
  });
  await fails(t, () => clusterSettings(host, loadKubeConfig(host, { ...nothing, context: 'plain' })), {
    code: 'bad-value',
    exitCode: 2,
    line: 'kubeconfig cluster "plain": must begin with https://; a token is never sent in the clear',
  });
});
