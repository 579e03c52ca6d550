import test from 'ava';
import { flagsOf, settingOptions } from '../../../src/cli/options.ts';
import { readGiven } from '../../../src/settings/overrides.ts';
import { readProfiles } from '../../../src/settings/profiles.ts';
import {
  flagOf,
  settingNames,
  settingOf,
  table,
  variableOf,
  type SettingName,
} from '../../../src/settings/table.ts';
import { createHost, put, withParts } from '../../support/host.ts';

/** A value of each setting as a person writes it, the same on a command line, in a variable and in the profile file. */
const samples: Record<SettingName, string> = {
  server: 'https://h.example/kubernetes',
  namespace: 'team-a',
  serviceAccount: 'robot',
  audience: 'istio',
  duration: '3600',
  boundObjectKind: 'Secret',
  boundObjectName: 'robot-token',
  boundObjectUid: '0a1b',
  certificateAuthority: '/ca.pem',
  certificateAuthorityData: 'LS0tLS1CRUdJTg==',
  tlsServerName: 'other.example',
  insecureSkipTlsVerify: 'true',
  clientCertificate: '/client.pem',
  clientKey: '/key.pem',
  proxyUrl: 'http://proxy.example:3128/',
  timeout: '20',
  cache: 'none',
  sourceFile: '/token',
  sourceCommand: 'pass show robot',
  sourceEnv: 'CI_TOKEN',
};

/** What kubectl calls the same thing (kubectl options; kubectl create token --help). */
const asKubectl = [
  'server',
  'namespace',
  'certificate-authority',
  'tls-server-name',
  'insecure-skip-tls-verify',
  'client-certificate',
  'client-key',
  'audience',
  'duration',
  'bound-object-kind',
  'bound-object-name',
  'bound-object-uid',
];

test('a flag, a variable and a profile key give the same value for every setting', (t) => {
  for (const name of settingNames) {
    const host = createHost(t);
    put(
      host,
      '.kube/sa-token.yaml',
      `profiles:\n  p:\n    ${flagOf(name)}: ${JSON.stringify(samples[name])}\n`,
    );
    const flags = flagsOf({ [flagOf(name)]: samples[name] });
    const byFlag = readGiven(host, undefined, flags).settings[name];
    const env = { [variableOf(name)]: samples[name] };
    const byVariable = readGiven(withParts(host, { env }), undefined, {}).settings[name];
    const raw = readProfiles(withParts(host, { env: {} })).get('p')?.()?.[name];
    t.not(byFlag, undefined, name);
    t.deepEqual(byVariable, byFlag, name);
    // A number and a boolean may stand in quotes in YAML too.
    t.deepEqual(raw, byFlag, name);
  }
});

test('every setting has help, and is an option of the command line', (t) => {
  const options = settingOptions();
  t.deepEqual(Object.keys(options), settingNames.map(flagOf));
  for (const name of settingNames) {
    t.regex(table[name].help, /^[A-Z][^\n]{10,}[^.]$/, name);
    const option = options[flagOf(name)];
    t.true(option?.describe?.startsWith(table[name].help));
    t.is(option?.type, table[name].type === 'boolean' ? 'boolean' : 'string');
  }
});

test('flags are kebab-case, as kubectl has them, and variables are theirs in capitals', (t) => {
  for (const name of settingNames) {
    t.regex(flagOf(name), /^[a-z]+(?:-[a-z]+)*$/);
    t.is(settingOf(flagOf(name)), name);
  }
  for (const name of asKubectl) t.not(settingOf(name), undefined, name);
  t.is(table.namespace.alias, 'n');
  t.is(variableOf('boundObjectKind'), 'KUBECTL_SA_TOKEN_BOUND_OBJECT_KIND');
  t.is(new Set(settingNames.map(variableOf)).size, settingNames.length);
});

test('only the way to the server and the place of the cache leave the token as it is', (t) => {
  const same = settingNames.filter((name) => !table[name].changesToken);
  t.deepEqual(same, ['proxyUrl', 'timeout', 'cache']);
});

test('a property of every object is no setting, and neither is the name that the code has for one', (t) => {
  for (const name of ['toString', '__proto__', 'constructor', 'Server', 'serviceAccount', ''])
    t.is(settingOf(name), undefined, name);
});
