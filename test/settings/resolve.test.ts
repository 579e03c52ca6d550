import test, { type ExecutionContext } from 'ava';
import type { Given } from '../../src/settings/given.ts';
import { mergeLayers, resolveSettings } from '../../src/settings/resolve.ts';
import type { Settings } from '../../src/settings/table.ts';
import { fails } from '../failure.ts';
import { createHost, put } from '../support/host.ts';

const file = `profiles:
  prod:
    server: https://h.example/kubernetes
    namespace: team-a
    certificate-authority: /profile.crt
  bare:
    namespace: team-a
`;

function resolve(t: ExecutionContext, given: Partial<Given>, text = file): Settings {
  const host = createHost(t);
  if (text !== '') put(host, '.kube/sa-token.yaml', text);
  return resolveSettings(host, { profile: undefined, settings: {}, cluster: {}, ...given });
}

test('what a call was given goes before the profile', (t) => {
  t.deepEqual(resolve(t, { profile: 'prod', settings: { namespace: 'team-b', duration: 600 } }), {
    server: 'https://h.example/kubernetes',
    namespace: 'team-b',
    duration: 600,
    'certificate-authority': '/profile.crt',
  });
});

test('without a profile its file is not even looked at', (t) => {
  const given = { settings: { server: 'https://h', namespace: 'n' } };
  t.deepEqual(resolve(t, given, 'not: [a profile file'), given.settings);
});

test('the cluster’s address is the last resort', (t) => {
  const cluster = { server: 'https://api.example' };
  t.is(resolve(t, { cluster }, '').server, 'https://api.example');
  t.is(resolve(t, { profile: 'bare', cluster }).server, 'https://api.example');
  t.is(resolve(t, { profile: 'prod', cluster }).server, 'https://h.example/kubernetes');
  t.is(resolve(t, { cluster, settings: { server: 'https://flag' } }).server, 'https://flag');
});

test('the cluster’s TLS fields count for its own address alone', (t) => {
  const tls = { 'certificate-authority-data': 'LS0t', 'tls-server-name': 'n', 'proxy-url': 'http://p/' };
  const own = resolve(t, { cluster: { server: 'https://api.example', ...tls } }, '');
  t.deepEqual(own, { server: 'https://api.example', ...tls });
  const elsewhere = resolve(t, { profile: 'prod', cluster: { server: 'https://api.example', ...tls } });
  t.deepEqual(elsewhere, {
    server: 'https://h.example/kubernetes',
    namespace: 'team-a',
    'certificate-authority': '/profile.crt',
  });
  // The same proxy under another path is the same address.
  const sameHost = resolve(t, { profile: 'prod', cluster: { server: 'https://h.example', ...tls } });
  t.deepEqual(sameHost, { server: 'https://h.example/kubernetes', namespace: 'team-a', ...tls });
  t.deepEqual(resolve(t, { cluster: tls, settings: { server: 'https://h' } }, ''), { server: 'https://h' });
});

const hides = test.macro<[Settings[], Settings]>({
  exec(t, layers, merged) {
    t.deepEqual(mergeLayers(layers), merged);
  },
  title: (given) => `a layer hides the whole group below: ${given}`,
});

test(
  'the CA',
  hides,
  [{ 'certificate-authority': '/a', namespace: 'n' }, { 'certificate-authority-data': 'LS0t' }],
  { namespace: 'n', 'certificate-authority-data': 'LS0t' },
);
test(
  'checks switched on again',
  hides,
  [{ 'insecure-skip-tls-verify': true }, { 'certificate-authority': '/a' }],
  { 'certificate-authority': '/a' },
);
test(
  'a CA and checks switched off',
  hides,
  [{ 'certificate-authority-data': 'LS0t' }, { 'insecure-skip-tls-verify': true }],
  { 'insecure-skip-tls-verify': true },
);
test(
  'the client certificate',
  hides,
  [{ 'client-certificate': '/a', 'client-key': '/a' }, { 'client-certificate': '/b' }],
  { 'client-certificate': '/b' },
);
test(
  'the bound object',
  hides,
  [
    { 'bound-object-kind': 'Secret', 'bound-object-name': 'x', 'bound-object-uid': 'u' },
    { 'bound-object-kind': 'none' },
  ],
  { 'bound-object-kind': 'none' },
);
test('the source', hides, [{ 'source-file': '/a' }, { 'source-env': 'X' }], { 'source-env': 'X' });
test(
  'of three layers the strongest',
  hides,
  [{ 'source-file': '/a', namespace: 'a' }, { 'source-env': 'X', namespace: 'b' }, { 'source-command': 'c' }],
  { namespace: 'b', 'source-command': 'c' },
);
test('nothing hides nothing', hides, [{ 'source-file': '/a' }, {}], { 'source-file': '/a' });

test('a profile that is not there is named, with those that are', async (t) => {
  await fails(t, () => resolve(t, { profile: 'prd' }), {
    code: 'unknown-profile',
    exitCode: 2,
    line: /^there is no profile "prd" in \/\S*\/\.kube\/sa-token\.yaml; name one that is there: prod, bare$/,
  });
  await fails(t, () => resolve(t, { profile: 'prd' }, ''), {
    code: 'unknown-profile',
    exitCode: 2,
    line: /^there is no profile "prd" in \/\S*\/\.kube\/sa-token\.yaml; make it with: kubectl sa-token login prd --server https:\/\/HOST\/kubernetes$/,
  });
});

test('a call that says nothing is told what there is', async (t) => {
  const what = 'no profile named, and the flags do not name server, namespace and service account';
  await fails(t, () => resolve(t, {}), {
    code: 'no-profile',
    exitCode: 2,
    line: `${what}; name one of ~/.kube/sa-token.yaml: prod, bare`,
  });
  await fails(t, () => resolve(t, {}, ''), {
    code: 'no-profile',
    exitCode: 2,
    line: `${what}; make a profile with "kubectl sa-token login"`,
  });
});

test('a profile without a server says where to put one', async (t) => {
  await fails(t, () => resolve(t, { profile: 'bare' }), {
    code: 'missing-setting',
    exitCode: 2,
    line: 'profile "bare" has no --server; add "server: https://HOST/kubernetes" to ~/.kube/sa-token.yaml',
  });
});
