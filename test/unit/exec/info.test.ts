import test from 'ava';
import fc from 'fast-check';
import { SaTokenError } from '../../../src/errors/error.ts';
import { isHook, readExecInfo, type ApiVersion } from '../../../src/exec/info.ts';
import { flagOf, settingNames } from '../../../src/settings/table.ts';
import { fails } from '../../support/failure.ts';

const v1 = 'client.authentication.k8s.io/v1';
const v1beta1 = 'client.authentication.k8s.io/v1beta1';
const hint =
  'set apiVersion: client.authentication.k8s.io/v1 in the kubeconfig user\'s "exec", or unset the variable';

const infoOf = (text: string | undefined) => ({ env: { KUBERNETES_EXEC_INFO: text } });

const shape = test.macro<[string | undefined, ApiVersion, string | undefined]>({
  exec(t, text, apiVersion, profile) {
    t.deepEqual(readExecInfo(infoOf(text)), { apiVersion, profile });
  },
  title: (given) => `exec info: ${given}`,
});

const refused = test.macro<[string, string]>({
  async exec(t, text, problem) {
    await fails(t, () => readExecInfo(infoOf(text)), {
      code: 'bad-exec-info',
      exitCode: 2,
      line: `KUBERNETES_EXEC_INFO ${problem}; ${hint}`,
    });
  },
  title: (given) => `exec info that is refused: ${given}`,
});

// client-go (exec.go): one line with a newline at its end; config is null without the extension.
const go = (spec: object, apiVersion: string = v1) =>
  `${JSON.stringify({ kind: 'ExecCredential', apiVersion, spec })}\n`;
const goCluster = (config: unknown) => ({
  interactive: false,
  cluster: {
    server: 'https://h.example/kubernetes',
    'tls-server-name': 'other.example',
    'certificate-authority-data': 'LS0tLQ==',
    'proxy-url': 'http://proxy.example:3128',
    'insecure-skip-tls-verify': true,
    'disable-compression': true,
    config,
  },
});
const ours = { apiVersion: 'sa-token.kubectl/v1', profile: 'prod' };

test('client-go without cluster info', shape, go({ interactive: false }), v1, undefined);
test('client-go, v1beta1', shape, go({ interactive: true }, v1beta1), v1beta1, undefined);
test('of all the cluster only the profile is read', shape, go(goCluster(ours)), v1, 'prod');
test('client-go, a cluster without the extension', shape, go(goCluster(null)), v1, undefined);
test('an extension with a kind', shape, go(goCluster({ ...ours, kind: 'Settings' })), v1, 'prod');
test(
  'an extension that proposes a login beside',
  shape,
  go(goCluster({ ...ours, login: { server: 'https://h' } })),
  v1,
  'prod',
);
test('an extension without an apiVersion', shape, go(goCluster({ profile: 'prod' })), v1, 'prod');
test('an extension of ours that says nothing', shape, go(goCluster({})), v1, undefined);
test(
  'the extension of another plugin',
  shape,
  go(goCluster({ apiVersion: 'other.example/v1', profile: 'prod', audience: 'a', server: 'https://h' })),
  v1,
  undefined,
);

// Python (exec_provider.py): no newline, keys in its own order, the cluster map as the kubeconfig has it.
const python = (extension: object) => ({
  apiVersion: v1,
  kind: 'ExecCredential',
  spec: {
    interactive: true,
    cluster: {
      'certificate-authority': 'ca.crt',
      server: 'https://h',
      'insecure-skip-tls-verify': true,
      extensions: [{ name: 'client.authentication.k8s.io/exec', extension }],
      config: extension,
    },
  },
});
test('the Python client', shape, JSON.stringify(python({ profile: 'prod' })), v1, 'prod');

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
test('kube-rs', shape, JSON.stringify(rust), v1, undefined);

// JavaScript, Java and fabric8 set none; a shell may set it empty.
test('none', shape, undefined, v1, undefined);
test('empty', shape, '', v1, undefined);
test('blank', shape, ' \n', v1, undefined);
test('without kind', shape, JSON.stringify({ apiVersion: v1 }), v1, undefined);
test('without spec', shape, JSON.stringify({ kind: 'ExecCredential', apiVersion: v1 }), v1, undefined);
test('a spec that is null', shape, JSON.stringify({ apiVersion: v1, spec: null }), v1, undefined);
test('fields of another type', shape, go({ cluster: { server: 5, config: 'x' } }), v1, undefined);

test('a client runs us where the variable says something', (t) => {
  for (const text of [undefined, '', ' \n']) t.false(isHook(infoOf(text)), JSON.stringify(text));
  for (const text of ['{}', 'x', go({})]) t.true(isHook(infoOf(text)), text);
});

/** All that a team may once have put there, and what an attacker would. */
const more = [
  ...new Set([...settingNames, ...settingNames.map(flagOf)]),
  'force-refresh',
  'output',
  'Profile',
  'constructor',
  'toString',
  'profile ',
  'config',
];

for (const key of more)
  test(`an extension may say the profile, and not: ${key}`, async (t) => {
    for (const beside of [{}, { profile: 'prod' }, ours])
      // oxlint-disable-next-line no-await-in-loop
      await fails(t, () => readExecInfo(infoOf(go(goCluster({ ...beside, [key]: 'secret' })))), {
        code: 'hook-refused',
        exitCode: 2,
        line: `a kubeconfig may only name the profile ("get-token PROFILE"), so the cluster extension's "${key}" is refused (KUBERNETES_EXEC_INFO is set); set it in the profile: kubectl sa-token login --help`,
      });
  });

test('a profile that is no text is refused, and not taken for none', async (t) => {
  for (const profile of [5, true, null, ['prod'], { a: 1 }, ''])
    // oxlint-disable-next-line no-await-in-loop
    await fails(t, () => readExecInfo(infoOf(go(goCluster({ profile })))), {
      code: 'bad-profile-name',
      exitCode: 2,
      line: /^profile name ".*" is not usable; /,
    });
});

const unsupported = (version: string) => `asks for apiVersion "${version}", which is not supported`;
test('v1alpha1', refused, go({}, `${v1}alpha1`), unsupported(`${v1}alpha1`));
test('another group', refused, go({}, 'v1'), unsupported('v1'));
test('no apiVersion', refused, '{"kind":"ExecCredential"}', 'has no apiVersion');
test('a number for an apiVersion', refused, '{"apiVersion":1}', 'has no apiVersion');
test('another kind', refused, JSON.stringify({ kind: 'Pod', apiVersion: v1 }), 'is not an ExecCredential');
for (const text of ['{', 'null', '[]', '"x"', '1', 'apiVersion: v1'])
  test(JSON.stringify(text), refused, text, 'is not a JSON object');

test('any text is read or refused, and gives at most the name of a profile', (t) => {
  const keys = fc.constantFrom('apiVersion', 'kind', 'profile', 'server', 'source-command', 'x');
  const config = fc.dictionary(
    keys,
    fc.oneof(fc.string(), fc.constant('sa-token.kubectl/v1'), fc.anything()),
  );
  const info = fc.record({
    apiVersion: fc.constant(v1),
    spec: fc.record({ cluster: fc.record({ server: fc.string(), config }) }),
  });
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
      t.deepEqual(Object.keys(found).sort(), ['apiVersion', 'profile']);
      t.true(found.profile === undefined || typeof found.profile === 'string');
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
    return readExecInfo(infoOf(text));
  } catch (error) {
    if (error instanceof SaTokenError && /^(?:bad-exec-info|hook-refused|bad-profile-name)$/.test(error.code))
      return undefined;
    throw error;
  }
}
