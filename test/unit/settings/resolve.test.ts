import test, { type ExecutionContext } from 'ava';
import type { Given } from '../../../src/settings/overrides.ts';
import { mergeLayers, resolveSettings } from '../../../src/settings/resolve.ts';
import { flagOf, settingNames, variableOf, type Settings } from '../../../src/settings/table.ts';
import { fails } from '../../support/failure.ts';
import { createHost, put } from '../../support/host.ts';

const file = `profiles:
  prod:
    server: https://h.example/kubernetes
    namespace: team-a
    certificate-authority: /profile.crt
    tls-server-name: other.example
    source-command: [pass, show, robot]
  plain:
    server: https://h.example/kubernetes
  bare:
    namespace: team-a
`;

function resolve(
  t: ExecutionContext,
  given: Partial<Given>,
  text = file,
  env: Record<string, string> = {},
): Settings {
  const host = createHost(t, { env });
  if (text !== '') put(host, '.kube/sa-token.yaml', text);
  return resolveSettings(host, { profile: undefined, settings: {}, ...given });
}

test('what a call was given goes before the profile', (t) => {
  t.deepEqual(resolve(t, { profile: 'prod', settings: { namespace: 'team-b', duration: 600 } }), {
    server: 'https://h.example/kubernetes',
    namespace: 'team-b',
    duration: 600,
    certificateAuthority: '/profile.crt',
    tlsServerName: 'other.example',
    sourceCommand: ['pass', 'show', 'robot'],
  });
});

test('without a profile its file is not even looked at', (t) => {
  const given = { settings: { server: 'https://h', namespace: 'n' } };
  t.deepEqual(resolve(t, given, 'not: [a profile file'), given.settings);
});

test('a call may repeat the way and the source of its profile', (t) => {
  const own: Settings = {
    server: 'https://h.example/kubernetes',
    certificateAuthority: '/profile.crt',
    tlsServerName: 'other.example',
    sourceCommand: ['pass', 'show', 'robot'],
  };
  t.deepEqual(resolve(t, { profile: 'prod', settings: own }), { ...own, namespace: 'team-a' });
});

/** What each call names, and what the line says of the profile and of the call. */
const otherWays: [string, Settings, string, string?][] = [
  ['prod', { server: 'https://evil.example/kubernetes' }, 'server https://h.example/kubernetes'],
  ['prod', { server: 'https://h.example' }, 'server https://h.example/kubernetes'],
  ['prod', { certificateAuthority: '/other.crt' }, 'certificate-authority /profile.crt'],
  [
    'prod',
    { certificateAuthorityData: 'LS0t' },
    'no certificate-authority-data',
    'a certificate-authority-data of its own',
  ],
  ['prod', { tlsServerName: 'evil.example' }, 'tls-server-name other.example'],
  ['prod', { insecureSkipTlsVerify: true }, 'no insecure-skip-tls-verify'],
  ['prod', { sourceFile: '/token' }, 'no source-file'],
  [
    'prod',
    { sourceCommand: 'pass show robot' },
    'a source-command of its own',
    'a source-command of its own',
  ],
  ['prod', { sourceEnv: 'CI_TOKEN' }, 'no source-env'],
  ['plain', { certificateAuthority: '/other.crt' }, 'no certificate-authority'],
  ['plain', { tlsServerName: 'evil.example' }, 'no tls-server-name'],
  ['plain', { sourceEnv: 'CI_TOKEN' }, 'no source-env'],
  ['bare', { server: 'https://evil.example' }, 'no server'],
];

for (const [profile, settings, own, value] of otherWays)
  test(`a call does not lead the token of ${profile} another way: ${JSON.stringify(settings)}`, async (t) => {
    const setting = settingNames.find((key) => key in settings) ?? 'server';
    const [name, given] = [flagOf(setting), String(settings[setting])];
    const what = `profile "${profile}" has ${own}, and this call has ${value ?? `${name} ${given}`}. A profile's source token goes where its profile says`;
    const refused = (hint: string) => ({ code: 'other-way', exitCode: 2, line: `${what}; ${hint}` }) as const;
    const byFlag = `leave out --${name}, or log in to another profile with it`;
    await fails(t, () => resolve(t, { profile, settings }), refused(byFlag));
    const variable = variableOf(setting);
    const env = { [variable]: given };
    await fails(t, () => resolve(t, { profile, settings }, file, env), refused(`unset ${variable}`));
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
  [{ certificateAuthority: '/a', namespace: 'n' }, { certificateAuthorityData: 'LS0t' }],
  { namespace: 'n', certificateAuthorityData: 'LS0t' },
);
test('checks switched on again', hides, [{ insecureSkipTlsVerify: true }, { certificateAuthority: '/a' }], {
  certificateAuthority: '/a',
});
test(
  'a CA and checks switched off',
  hides,
  [{ certificateAuthorityData: 'LS0t' }, { insecureSkipTlsVerify: true }],
  { insecureSkipTlsVerify: true },
);
test(
  'the client certificate',
  hides,
  [{ clientCertificate: '/a', clientKey: '/a' }, { clientCertificate: '/b' }],
  { clientCertificate: '/b' },
);
test(
  'the bound object',
  hides,
  [{ boundObjectKind: 'Secret', boundObjectName: 'x', boundObjectUid: 'u' }, { boundObjectKind: 'none' }],
  { boundObjectKind: 'none' },
);
test('the source', hides, [{ sourceFile: '/a' }, { sourceEnv: 'X' }], { sourceEnv: 'X' });
test(
  'of three layers the strongest',
  hides,
  [{ sourceFile: '/a', namespace: 'a' }, { sourceEnv: 'X', namespace: 'b' }, { sourceCommand: 'c' }],
  { namespace: 'b', sourceCommand: 'c' },
);
test('nothing hides nothing', hides, [{ sourceFile: '/a' }, {}], { sourceFile: '/a' });

test('a profile that is not there is named, with those that are', async (t) => {
  await fails(t, () => resolve(t, { profile: 'prd' }), {
    code: 'unknown-profile',
    exitCode: 2,
    line: /^there is no profile "prd" in \/\S*\/\.kube\/sa-token\.yaml; name one that is there: prod, plain, bare$/,
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
    line: `${what}; name one of ~/.kube/sa-token.yaml: prod, plain, bare`,
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
