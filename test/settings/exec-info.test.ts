import test from 'ava';
import fc from 'fast-check';
import { SaTokenError } from '../../src/errors.ts';
import { readExecInfo, type ApiVersion, type ClusterInfo } from '../../src/settings/exec-info.ts';
import { fails } from '../failure.ts';

const v1 = 'client.authentication.k8s.io/v1';
const v1beta1 = 'client.authentication.k8s.io/v1beta1';
const hint =
  'set apiVersion: client.authentication.k8s.io/v1 in the kubeconfig user\'s "exec", or unset the variable';

const shape = test.macro<[string | undefined, ApiVersion, ClusterInfo | undefined]>({
  exec(t, text, apiVersion, cluster) {
    t.deepEqual(readExecInfo(text), { apiVersion, cluster });
  },
  title: (given) => `exec info: ${given}`,
});

const refused = test.macro<[string, string]>({
  async exec(t, text, problem) {
    await fails(t, () => readExecInfo(text), {
      code: 'bad-exec-info',
      exitCode: 2,
      line: `KUBERNETES_EXEC_INFO ${problem}; ${hint}`,
    });
  },
  title: (given) => `exec info that is refused: ${given}`,
});

// client-go (exec.go): one line with a newline at its end; config is null without the extension.
const goCluster = {
  server: 'https://h.example/kubernetes',
  'tls-server-name': 'other.example',
  'certificate-authority-data': 'LS0tLQ==',
  'proxy-url': 'http://proxy.example:3128',
  'disable-compression': true,
  config: { apiVersion: 'sa-token.kubectl/v1', audience: ['istio'] },
};
const go = (spec: object, apiVersion: string = v1) =>
  `${JSON.stringify({ kind: 'ExecCredential', apiVersion, spec })}\n`;
const { 'disable-compression': _, ...kept } = goCluster;

test('client-go without cluster info', shape, go({ interactive: false }), v1, undefined);
test('client-go, v1beta1', shape, go({ interactive: true }, v1beta1), v1beta1, undefined);
test('client-go with all of the cluster', shape, go({ interactive: false, cluster: goCluster }), v1, kept);
test(
  'client-go, a cluster without the extension',
  shape,
  go({ interactive: false, cluster: { server: 'https://h', config: null } }),
  v1,
  { server: 'https://h' },
);

// Python (exec_provider.py): no newline, keys in its own order, the cluster map as the kubeconfig has it.
const python = {
  apiVersion: v1,
  kind: 'ExecCredential',
  spec: {
    interactive: true,
    cluster: {
      'certificate-authority': 'ca.crt',
      server: 'https://h',
      'insecure-skip-tls-verify': true,
      extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'a' } }],
      config: { audience: 'a' },
    },
  },
};
test('the Python client', shape, JSON.stringify(python), v1, {
  server: 'https://h',
  'certificate-authority': 'ca.crt',
  config: { audience: 'a' },
});

// kube-rs (client/auth/mod.rs): kebab-case, no disable-compression, absent keys are null.
const rust = {
  kind: 'ExecCredential',
  apiVersion: v1,
  spec: {
    interactive: true,
    cluster: {
      server: 'https://h',
      'certificate-authority-data': 'LS0tLQ==',
      'proxy-url': null,
      config: null,
    },
  },
};
test('kube-rs', shape, JSON.stringify(rust), v1, {
  server: 'https://h',
  'certificate-authority-data': 'LS0tLQ==',
});

// JavaScript, Java and fabric8 set none; a shell may set it empty.
test('none', shape, undefined, v1, undefined);
test('empty', shape, '', v1, undefined);
test('blank', shape, ' \n', v1, undefined);
test('without kind', shape, JSON.stringify({ apiVersion: v1 }), v1, undefined);
test('without spec', shape, JSON.stringify({ kind: 'ExecCredential', apiVersion: v1 }), v1, undefined);
test('a spec that is null', shape, JSON.stringify({ apiVersion: v1, spec: null }), v1, undefined);
test('fields of another type', shape, go({ cluster: { server: 5, 'proxy-url': '', config: 'x' } }), v1, {});

const unsupported = (version: string) => `asks for apiVersion "${version}", which is not supported`;
test('v1alpha1', refused, go({}, `${v1}alpha1`), unsupported(`${v1}alpha1`));
test('another group', refused, go({}, 'v1'), unsupported('v1'));
test('no apiVersion', refused, '{"kind":"ExecCredential"}', 'has no apiVersion');
test('a number for an apiVersion', refused, '{"apiVersion":1}', 'has no apiVersion');
test('another kind', refused, JSON.stringify({ kind: 'Pod', apiVersion: v1 }), 'is not an ExecCredential');
for (const text of ['{', 'null', '[]', '"x"', '1', 'apiVersion: v1'])
  test(JSON.stringify(text), refused, text, 'is not a JSON object');

test('any text is read or refused, and a cluster holds texts and one object', (t) => {
  const cluster = fc.dictionary(fc.constantFrom(...Object.keys(goCluster), 'x'), fc.anything());
  const info = fc.record({ apiVersion: fc.constant(v1), spec: fc.record({ cluster }) });
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    info.map((value) => JSON.stringify(value, withoutBigInt)),
  );
  let read = 0;
  fc.assert(
    fc.property(text, (given) => {
      const found = outcome(given);
      if (found === undefined) return;
      read += 1;
      for (const [key, value] of Object.entries(found.cluster ?? {}))
        t.is(typeof value, key === 'config' ? 'object' : 'string');
    }),
    { numRuns: 1000 },
  );
  t.true(read > 100);
});

function withoutBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? undefined : value;
}

function outcome(text: string): ReturnType<typeof readExecInfo> | undefined {
  try {
    return readExecInfo(text);
  } catch (error) {
    if (error instanceof SaTokenError && error.code === 'bad-exec-info') return undefined;
    throw error;
  }
}
