import test, { type ExecutionContext } from 'ava';
import { entryName } from '../../../src/cache/key.ts';
import { readGiven, readHook, type Flags } from '../../../src/settings/overrides.ts';
import { settingNames, variableOf } from '../../../src/settings/table.ts';
import { fails } from '../../support/failure.ts';
import { createHost, withParts } from '../../support/host.ts';

interface Layers {
  profile?: string;
  flags?: Flags;
  env?: Record<string, string>;
}

function given(t: ExecutionContext, { profile, flags = {}, env = {} }: Layers) {
  const host = withParts(createHost(t), { env, cwd: '/here', home: '/home/ann' });
  return readGiven(host, profile, flags);
}

test('a flag goes before a variable', (t) => {
  const flags = { audience: ['flag'] };
  const env = { KUBECTL_SA_TOKEN_AUDIENCE: 'variable' };
  t.deepEqual(given(t, { env }).settings, { audience: ['variable'] });
  t.deepEqual(given(t, { env, flags }).settings, { audience: ['flag'] });
});

test('of several sources the nearer one is meant, and of two as near none', async (t) => {
  const env = { KUBECTL_SA_TOKEN_SOURCE_ENV: 'CI_TOKEN', CI_TOKEN: 'secret' };
  const { settings, sourceToken } = given(t, { flags: { sourceFile: 'token' }, env });
  t.deepEqual(settings, { sourceFile: '/here/token' });
  t.is(sourceToken, undefined);
  t.is(
    entryName(given(t, { flags: { sourceFile: 'token' }, env })),
    entryName(given(t, { flags: { sourceFile: 'token' } })),
  );
  const refused = (layers: Layers, named: string) =>
    fails(t, () => given(t, layers), {
      code: 'bad-usage',
      exitCode: 2,
      line: `${named} exclude each other; see "kubectl sa-token --help"`,
    });
  await refused({ flags: { sourceFile: 'token', sourceEnv: 'X' } }, '--source-file and --source-env');
  await refused(
    { env: { ...env, KUBECTL_SA_TOKEN_SOURCE_COMMAND: 'pass' } },
    'KUBECTL_SA_TOKEN_SOURCE_COMMAND and KUBECTL_SA_TOKEN_SOURCE_ENV',
  );
});

test('a variable with our prefix that is none of ours is told, without its value', (t) => {
  const steps: string[] = [];
  const env = {
    KUBECTL_SA_TOKEN_AUDIENCES: 'secret',
    KUBECTL_SA_TOKEN_X: 'secret',
    KUBECTL_SA_TOKEN_CONFIG: '/c',
    KUBECTL_SA_TOKEN_PROFILE: 'p',
    KUBECTL_SA_TOKEN_TIMEOUT: '5s',
  };
  const host = withParts(createHost(t), { env, trace: (step) => void steps.push(step) });
  t.deepEqual(readGiven(host, undefined, {}).settings, { timeout: 5 });
  t.deepEqual(steps, [
    'settings: the variable KUBECTL_SA_TOKEN_AUDIENCES is no setting',
    'settings: the variable KUBECTL_SA_TOKEN_X is no setting',
  ]);
});

test('an empty variable is none', (t) => {
  const env = { KUBECTL_SA_TOKEN_AUDIENCE: '', KUBECTL_SA_TOKEN_NAMESPACE: '' };
  t.deepEqual(given(t, { env }).settings, {});
});

test('a variable holds a list with blanks or commas between', (t) => {
  const env = { KUBECTL_SA_TOKEN_AUDIENCE: 'one, two\tthree' };
  t.deepEqual(given(t, { env }).settings.audience, ['one', 'two', 'three']);
});

test('a path in a flag or variable starts from the working folder', (t) => {
  const flags = { sourceFile: 'token' };
  const env = { KUBECTL_SA_TOKEN_CERTIFICATE_AUTHORITY: '~/ca.crt' };
  t.deepEqual(given(t, { flags, env }).settings, {
    certificateAuthority: '/home/ann/ca.crt',
    sourceFile: '/here/token',
  });
});

test('the profile is named by argument or variable, in this order', (t) => {
  const env = { KUBECTL_SA_TOKEN_PROFILE: 'variable' };
  t.is(given(t, {}).profile, undefined);
  t.is(given(t, { env }).profile, 'variable');
  t.is(given(t, { env, profile: 'argument' }).profile, 'argument');
  t.is(given(t, { env: { KUBECTL_SA_TOKEN_PROFILE: '' } }).profile, undefined);
});

const hook = (t: ExecutionContext, env: Record<string, string>, profile?: string, extended?: string) =>
  readHook(withParts(createHost(t), { env }), profile, extended);

test('the profile of a hook is named by argument, variable or cluster extension, in this order', (t) => {
  const env = { KUBECTL_SA_TOKEN_PROFILE: 'variable', KUBECTL_SA_TOKEN_CONFIG: '/c' };
  t.deepEqual(hook(t, {}), { profile: undefined, settings: {} });
  t.deepEqual(hook(t, {}, undefined, 'extension'), { profile: 'extension', settings: {} });
  t.deepEqual(hook(t, env, undefined, 'extension'), { profile: 'variable', settings: {} });
  t.deepEqual(hook(t, env, 'argument', 'extension'), { profile: 'argument', settings: {} });
  t.is(hook(t, { KUBECTL_SA_TOKEN_PROFILE: '' }, undefined, 'extension').profile, 'extension');
});

for (const name of settingNames)
  test(`a kubeconfig that sets ${variableOf(name)} for its hook is refused`, async (t) => {
    await fails(t, () => hook(t, { [variableOf(name)]: 'secret' }, 'prod'), {
      code: 'hook-refused',
      exitCode: 2,
      line: `a kubeconfig may only name the profile ("get-token PROFILE"), so the variable ${variableOf(name)} is refused (KUBERNETES_EXEC_INFO is set); set it in the profile: kubectl sa-token login --help`,
    });
    t.is(hook(t, { [variableOf(name)]: '' }, 'prod').profile, 'prod', 'an empty variable says nothing');
  });

test('a profile that a hook cannot have is named', async (t) => {
  const refused = {
    code: 'bad-profile-name',
    exitCode: 2,
    line: /^profile name "A" is not usable; /,
  } as const;
  await fails(t, () => hook(t, { KUBECTL_SA_TOKEN_PROFILE: 'A' }), refused);
  await fails(t, () => hook(t, {}, 'A'), refused);
  await fails(t, () => hook(t, {}, undefined, 'A'), refused);
});

const usage = (line: string) => ({ code: 'bad-value', exitCode: 2, line }) as const;

test('what is wrong is named with its place', async (t) => {
  const namespace = '"x/y" is not a namespace (lower-case letters, digits and "-")';
  await fails(t, () => given(t, { flags: { namespace: 'x/y' } }), usage(`--namespace: ${namespace}`));
  await fails(
    t,
    () => given(t, { env: { KUBECTL_SA_TOKEN_NAMESPACE: 'x/y' } }),
    usage(`KUBECTL_SA_TOKEN_NAMESPACE: ${namespace}`),
  );
  await fails(t, () => given(t, { env: { KUBECTL_SA_TOKEN_PROFILE: 'A' } }), {
    code: 'bad-profile-name',
    exitCode: 2,
    line: /^profile name "A" is not usable/,
  });
});

const name = (t: ExecutionContext, layers: Layers) => entryName(given(t, layers));

test('an entry is named after its profile, and after all else that was given beside it', (t) => {
  t.is(name(t, { profile: 'prod' }), 'prod');
  // These names are on people's disks: another form would leave their entries behind.
  t.is(name(t, { profile: 'prod', flags: { audience: ['istio'] } }), 'prod@2c87d38e3e6a3eb25f46');
  t.is(name(t, { flags: { server: 'https://h' } }), '@9c696669cbd0fac816da');
});

test('the same settings give the same name, wherever and in whatever order they were given', (t) => {
  const [a, b] = [{ audience: ['x'] }, { namespace: 'n' }];
  const one = name(t, { profile: 'p', flags: { ...a, ...b } });
  t.is(name(t, { profile: 'p', flags: { ...b, ...a } }), one);
  t.is(name(t, { profile: 'p', flags: a, env: { KUBECTL_SA_TOKEN_NAMESPACE: 'n' } }), one);
  t.is(name(t, { flags: { ...a, ...b }, env: { KUBECTL_SA_TOKEN_PROFILE: 'p' } }), one);
});

test('another token in the variable that a call names is another entry', (t) => {
  const flags: Flags = { sourceEnv: 'CI_TOKEN' };
  const names = ['', 'one', 'two'].map((CI_TOKEN) => name(t, { flags, env: { CI_TOKEN } }));
  t.is(new Set(names).size, 3);
  t.is(name(t, { flags, env: { CI_TOKEN: 'one', OTHER: 'x' } }), names[1] ?? '');
});

test('settings that give the same token do not change the name, all others do', (t) => {
  const same: Flags = { timeout: '5s', cache: 'disk', proxyUrl: 'http://p' };
  t.is(name(t, { profile: 'p', flags: same }), 'p');
  const others: Layers[] = [
    { flags: { audience: ['a'] } },
    { flags: { audience: ['a', 'b'] } },
    { flags: { audience: ['a b'] } },
    { flags: { duration: '1h' } },
    { flags: { sourceEnv: 'X' } },
    { flags: { tlsServerName: 'X' } },
    { flags: { server: 'https://h' } },
    { flags: { server: 'https://h/x' } },
  ];
  const names = others.map((layers) => name(t, { profile: 'p', ...layers }));
  t.is(new Set([...names, 'p']).size, others.length + 1);
  for (const each of names) t.regex(each, /^p@[0-9a-f]{20}$/);
});
