import test, { type ExecutionContext } from 'ava';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { Facts } from '../../../../src/doctor/facts.ts';
import { cache, path, profile } from '../../../../src/doctor/checks/machine.ts';
import { kuberc } from '../../../../src/doctor/checks/kuberc.ts';
import { kubeconfig } from '../../../../src/doctor/checks/kubeconfig.ts';
import { testWith } from '../../../support/require.ts';
import { fails } from '../../../support/failure.ts';
import { createHost, put, withParts, type TestHost } from '../../../support/host.ts';

const PROFILES = 'profiles:\n  prod:\n    server: https://h.example/kubernetes\n';
const EXEC = {
  apiVersion: 'client.authentication.k8s.io/v1',
  command: 'kubectl-sa_token',
  args: ['get-token', 'prod'],
  interactiveMode: 'Never',
};

/** A home with a profile, and a folder on PATH with these programs in it. */
function createScene(t: ExecutionContext, programs: string[] = ['kubectl-sa_token']) {
  const host = createHost(t);
  put(host, '.kube/sa-token.yaml', PROFILES);
  const folder = join(host.home, 'bin');
  mkdirSync(folder);
  for (const program of programs) put(host, `bin/${program}`, '#!/bin/sh\n', 0o755);
  const at = withParts(host, { env: { PATH: folder } });
  const facts = (of: TestHost = at, file?: string) =>
    new Facts(of, { profile: 'prod', flags: {}, kubeconfig: file, context: undefined });
  return { host: at, folder, facts };
}

function kubeconfigOf(user: object, server = 'https://h.example', contexts = ['prod']): string {
  return stringify({
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'robot', user }],
    contexts: contexts.map((name) => ({ name, context: { cluster: 'c', user: 'robot' } })),
  });
}

test('the plugin under the name that kubectl looks for', (t) => {
  const { folder, facts } = createScene(t);
  t.deepEqual(path(facts()), { state: 'ok', detail: join(folder, 'kubectl-sa_token') });
});

test('nothing on PATH: what to do', (t) => {
  const nothing = path(createScene(t, ['kubectl-sa-token']).facts());
  t.like(nothing, { state: 'warn', detail: 'kubectl-sa_token is not on PATH' });
  t.regex(nothing.remedy ?? '', /kubectl krew install sa-token.*\$HOME\/\.krew\/bin/);
});

test('the profile, and who is asked for', (t) => {
  const { facts, host } = createScene(t);
  t.is(
    profile(facts()).detail,
    '"prod" in ~/.kube/sa-token.yaml: the source token\'s own account at https://h.example/kubernetes',
  );
  put(host, '.kube/sa-token.yaml', `${PROFILES}    namespace: team-a\n    service-account: robot\n`);
  t.regex(profile(facts()).detail, /: team-a\/robot at https/);
});

test('a variable that nobody reads', (t) => {
  const { facts, host } = createScene(t);
  const env = { ...host.env, KUBECTL_SA_TOKEN_AUDIENCES: 'x' };
  const found = profile(facts(withParts(host, { env })));
  t.like(found, { state: 'warn', remedy: 'rename it, or unset it: nothing reads it' });
  t.regex(found.detail, /KUBECTL_SA_TOKEN_AUDIENCES is no setting$/);
});

test('the cache: not there, kept, open to others, another kind', (t) => {
  const { facts, host } = createScene(t);
  const folder = join(host.home, '.kube/cache/sa-token');
  t.is(cache(facts()).detail, '~/.kube/cache/sa-token: nothing is cached yet');
  const entry = put(host, '.kube/cache/sa-token/prod.entry', 'x');
  t.is(cache(facts()).detail, '~/.kube/cache/sa-token: 1 cached, yours alone');
  chmodSync(folder, 0o755);
  t.like(cache(facts()), { state: 'warn', remedy: `close it: chmod 700 ${folder}` });
  chmodSync(entry, 0o640);
  t.like(cache(facts()), {
    state: 'fail',
    exitCode: 7,
    detail: 'others can read ~/.kube/cache/sa-token/prod.entry, a token',
  });
  put(host, '.kube/sa-token.yaml', `${PROFILES}    cache: none\n`);
  t.like(cache(facts()), { state: 'skip' });
});

test('the cache: a link to elsewhere', (t) => {
  const { facts, host } = createScene(t);
  mkdirSync(join(host.home, '.kube/cache'), { mode: 0o700 });
  symlinkSync('/tmp', join(host.home, '.kube/cache/sa-token'));
  t.like(cache(facts()), { state: 'fail', exitCode: 7 });
});

test('no kubeconfig, or none that runs the plugin for this profile', (t) => {
  const { facts, host } = createScene(t);
  const none = { state: 'warn', detail: 'no user of the kubeconfig runs it' };
  t.like(kubeconfig(facts()), none);
  for (const content of ['', '# nothing\n', 'null\n']) {
    put(host, '.kube/config', content);
    t.like(kubeconfig(facts()), none, content);
  }
  put(host, '.kube/sa-token.yaml', `${PROFILES}  other:\n    server: https://h.example/kubernetes\n`);
  put(host, '.kube/config', kubeconfigOf({ exec: { ...EXEC, args: ['get-token', 'other'] } }));
  t.like(kubeconfig(facts()), none);
  put(host, '.kube/config', kubeconfigOf({ exec: { ...EXEC, command: 'aws', args: ['eks', 'get-token'] } }));
  t.like(kubeconfig(facts()), none);
});

test('a hook as "kubeconfig" writes it, and one that takes its profile from elsewhere', (t) => {
  const { facts, host } = createScene(t);
  put(host, '.kube/config', kubeconfigOf({ exec: EXEC }));
  t.deepEqual(kubeconfig(facts()), {
    state: 'ok',
    detail: 'user "robot" in ~/.kube/config, context prod',
  });
  put(host, '.kube/config', kubeconfigOf({ exec: { ...EXEC, args: ['get-token'] } }));
  t.is(kubeconfig(facts()).state, 'ok');
});

for (const [title, user, server, line] of [
  [
    'the version that 1.24 removed',
    { exec: { ...EXEC, apiVersion: 'client.authentication.k8s.io/v1alpha1' } },
    undefined,
    /kubectl runs no hook with apiVersion client\.authentication\.k8s\.io\/v1alpha1 and interactiveMode Never$/,
  ],
  [
    'no version',
    { exec: { ...EXEC, apiVersion: undefined } },
    undefined,
    /no hook with apiVersion \(none\) /,
  ],
  [
    'no interactiveMode',
    { exec: { ...EXEC, interactiveMode: undefined } },
    undefined,
    /\/v1 and interactiveMode \(none\)$/,
  ],
  [
    'interactiveMode in lower case',
    { exec: { ...EXEC, interactiveMode: 'never' } },
    undefined,
    / and interactiveMode never$/,
  ],
  [
    'a command that is not on PATH',
    { exec: { ...EXEC, command: 'kubectl-sa-token' } },
    undefined,
    /its command kubectl-sa-token is not on PATH/,
  ],
  [
    'a path that is not there',
    { exec: { ...EXEC, command: './kubectl-sa_token' } },
    undefined,
    /its command \S+\/\.kube\/kubectl-sa_token is not there, or not executable/,
  ],
  [
    'a tilde',
    { exec: { ...EXEC, command: '~/bin/kubectl-sa_token' } },
    undefined,
    /"~" is not expanded there/,
  ],
  ['no args', { exec: { ...EXEC, args: [] } }, undefined, /its args do not ask for get-token/],
  [
    'another format',
    { exec: { ...EXEC, args: ['get-token', 'prod', '-o', 'token'] } },
    undefined,
    /its args are refused, since a kubeconfig may only name the profile: get-token prod '?-o'? token$/,
  ],
  [
    'a flag',
    { exec: { ...EXEC, args: ['get-token', 'prod', '--server', 'https://evil.example'] } },
    undefined,
    /its args are refused, since a kubeconfig may only name the profile: get-token prod /,
  ],
  [
    'a flag before the command',
    { exec: { ...EXEC, args: ['-v', 'get-token', 'prod'] } },
    undefined,
    /its args are refused, since a kubeconfig may only name the profile: /,
  ],
  [
    'a variable that sets more than the profile',
    { exec: { ...EXEC, env: [{ name: 'KUBECTL_SA_TOKEN_SERVER', value: 'https://evil.example' }] } },
    undefined,
    /its env sets KUBECTL_SA_TOKEN_SERVER, which a kubeconfig may not decide$/,
  ],
  ['a cluster without TLS', { exec: EXEC }, 'http://h.example', /without https:\/\/ no hook is run/],
] as const) {
  test(`a hook that cannot work: ${title}`, (t) => {
    const { facts, host } = createScene(t);
    put(host, '.kube/config', kubeconfigOf(user, server));
    const found = kubeconfig(facts());
    t.like(found, { state: 'fail', remedy: 'write it again: kubectl sa-token kubeconfig prod --user robot' });
    t.regex(found.detail, line);
  });
}

for (const [title, exec, contexts, line] of [
  ['no context', EXEC, [], /no context uses it/],
  [
    'always interactive',
    { ...EXEC, interactiveMode: 'Always' },
    ['prod'],
    /fails wherever there is no terminal/,
  ],
] as const) {
  test(`a hook with a doubt: ${title}`, (t) => {
    const { facts, host } = createScene(t, ['kubectl-sa_token', 'kubectl']);
    put(host, '.kube/config', kubeconfigOf({ exec }, undefined, [...contexts]));
    t.is(kubeconfig(facts()).state, 'warn');
    t.regex(kubeconfig(facts()).detail, line);
  });
}

test('a hook’s profile is what get-token would take for it', (t) => {
  const { facts, host } = createScene(t);
  const found = (args: string[], env: object[] = []) => {
    put(host, '.kube/config', kubeconfigOf({ exec: { ...EXEC, args, env } }));
    return kubeconfig(facts());
  };
  const gone = { name: 'KUBECTL_SA_TOKEN_PROFILE', value: 'gone' };
  // Hooks of other profiles are not what was asked about.
  for (const finding of [
    found(['get-token', 'gone']),
    found(['get-token', '-v', 'gone']),
    found(['get-token'], [gone]),
  ])
    t.like(finding, { state: 'warn', detail: 'no user of the kubeconfig runs it' });
  t.is(found(['get-token', 'prod'], [gone]).state, 'ok');
  t.is(found(['get-token', 'prod', '-v']).state, 'ok');
});

test('the remedy is the command that does it', (t) => {
  const { facts, host } = createScene(t);
  const user = { exec: { ...EXEC, interactiveMode: undefined } };
  const named = kubeconfigOf(user).replaceAll('robot', "an o'robot");
  const file = put(host, 'my config', named);
  t.is(
    kubeconfig(facts(host, file)).remedy,
    String.raw`write it again: kubectl sa-token kubeconfig prod --user 'an o'\''robot' --kubeconfig='${file}'`,
  );
  put(host, '.kube/config', kubeconfigOf({ exec: EXEC, token: 'x' }));
  t.like(kubeconfig(facts()), {
    state: 'fail',
    detail: 'user "robot" in ~/.kube/config: it logs in by token too, so that the hook is never run',
    remedy: 'write it again: kubectl sa-token kubeconfig prod --user robot --force',
  });
  const nowhere = createScene(t, []);
  put(nowhere.host, '.kube/config', kubeconfigOf({ exec: EXEC }));
  t.like(kubeconfig(nowhere.facts()), { state: 'fail', remedy: path(nowhere.facts()).remedy ?? '' });
});

test('a kubeconfig that was named and is not there', async (t) => {
  const { facts, host } = createScene(t);
  await fails(t, () => kubeconfig(facts(host, `${host.home}/none`)), {
    code: 'no-kubeconfig',
    exitCode: 2,
    line: /there is no kubeconfig at ~\/none/,
  });
});

const cannotLoad: [string, (text: string) => string, RegExp][] = [
  [
    'a name that is no text',
    (text) => text.replaceAll('robot', 'on'),
    /cannot unmarshal bool into Go struct field/,
  ],
  ['a word that is no text', (text) => text.replace('- prod', '- no'), /cannot unmarshal bool/],
  [
    'two users of a name',
    (text) => text.replace('contexts:', '  - name: robot\n    user: {}\ncontexts:'),
    /duplicate name "robot" in list/,
  ],
];

for (const [title, broken, line] of cannotLoad) {
  testWith('kubectl')(`a kubeconfig that kubectl cannot load: ${title}`, async (t) => {
    const { facts, host, folder } = createScene(t);
    const text = kubeconfigOf({ exec: EXEC });
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    put(host, '.kube/config', text);
    t.is(kubeconfig(facts(withParts(host, { env }))).state, 'ok');
    put(host, '.kube/config', broken(text));
    await fails(t, () => kubeconfig(facts(withParts(host, { env }))), {
      code: 'bad-kubeconfig',
      exitCode: 2,
      line,
    });
  });
}

test('what only looks like another type is text to kubectl', (t) => {
  const { facts, host } = createScene(t);
  for (const name of ['2026-01-01', '10:30', '"on"']) {
    put(host, '.kube/config', kubeconfigOf({ exec: EXEC }).replaceAll('robot', name));
    t.is(kubeconfig(facts()).state, 'ok', name);
  }
});

test('a v1beta1 hook needs no interactiveMode', (t) => {
  const { facts, host } = createScene(t);
  const exec = { ...EXEC, apiVersion: 'client.authentication.k8s.io/v1beta1', interactiveMode: undefined };
  put(host, '.kube/config', kubeconfigOf({ exec }));
  t.is(kubeconfig(facts()).state, 'ok');
});

test('KUBECONFIG is a list: the first user of a name counts', (t) => {
  const { facts, host } = createScene(t);
  const first = put(host, 'a', kubeconfigOf({ token: 'x' }));
  const second = put(host, 'b', kubeconfigOf({ exec: EXEC }));
  const list = withParts(host, { env: { ...host.env, KUBECONFIG: `${first}:${second}` } });
  t.is(kubeconfig(facts(list)).detail, 'no user of the kubeconfig runs it');
});

test('kuberc: without a policy there is nothing to allow', (t) => {
  const { facts, host } = createScene(t);
  t.is(kuberc(facts()).detail, 'no allow-list');
  put(host, '.kube/kuberc', 'kind: Preference\n');
  t.is(kuberc(facts()).detail, 'no allow-list');
});

const kubercOf = (kind: string, allowed: object[] = []) =>
  stringify({
    apiVersion: 'kubectl.config.k8s.io/v1beta1',
    kind: 'Preference',
    credentialPluginPolicy: kind,
    credentialPluginAllowlist: allowed,
  });

test('kuberc: an allow-list that has it, by either name of the field, by name or by path', (t) => {
  const { facts, host, folder } = createScene(t);
  put(host, '.kube/config', kubeconfigOf({ exec: EXEC }));
  for (const entry of [
    { command: 'kubectl-sa_token' },
    { name: 'kubectl-sa_token' },
    { command: join(folder, 'kubectl-sa_token') },
  ]) {
    put(host, '.kube/kuberc', kubercOf('Allowlist', [{ command: 'aws' }, entry]));
    t.is(kuberc(facts()).detail, '~/.kube/kuberc allows kubectl-sa_token', JSON.stringify(entry));
  }
});

test('kuberc: one that does not have it, or denies all: the lines to put there', (t) => {
  const { facts, host } = createScene(t);
  const own = put(host, 'own', kubercOf('Allowlist', [{ command: 'aws' }]));
  const list = kuberc(facts(withParts(host, { env: { ...host.env, KUBERC: own } })));
  t.like(list, {
    state: 'fail',
    exitCode: 2,
    detail: '~/own does not let kubectl run kubectl-sa_token (Allowlist)',
  });
  t.regex(list.apply ?? '', /Allowlist:?\n?/);
  t.regex(list.apply ?? '', / {2}- name: aws\n {2}- name: kubectl-sa_token\n$/);
  t.is(
    list.remedy,
    'put the lines below in the place of what it says of credentialPlugin…, and leave the rest as it is',
  );
  put(host, '.kube/kuberc', kubercOf('DenyAll'));
  t.like(kuberc(facts()), { state: 'fail' });
  t.is(kuberc(facts(withParts(host, { env: { ...host.env, KUBERC: 'off' } }))).state, 'ok');
});

const userOf = (name: string, command: string) => ({ name, user: { exec: { ...EXEC, command } } });

test('kuberc: each command that an allow-list lacks', (t) => {
  const { facts, host } = createScene(t);
  put(
    host,
    '.kube/config',
    stringify({ users: [userOf('a', 'kubectl-sa_token'), userOf('b', '/b/kubectl-sa_token')] }),
  );
  put(host, '.kube/kuberc', kubercOf('Allowlist', [{ command: 'aws' }]));
  const found = kuberc(facts());
  t.regex(found.detail, /does not let kubectl run kubectl-sa_token, \/b\/kubectl-sa_token \(Allowlist\)$/);
  t.regex(found.apply ?? '', /name: aws\n.*name: kubectl-sa_token\n.*name: \/b\/kubectl-sa_token$/m);
});

test('kuberc: one that is none', async (t) => {
  const { facts, host } = createScene(t);
  for (const [text, line] of [
    ['kind: [', /^~\/\.kube\/kuberc: is not YAML \(.*\); correct the file, or/],
  ] as const) {
    put(host, '.kube/kuberc', text);
    // eslint-disable-next-line no-await-in-loop
    await fails(t, () => kuberc(facts()), { code: 'bad-kuberc', exitCode: 2, line });
  }
  put(host, '.kube/kuberc', '');
  t.is(kuberc(facts()).state, 'ok');
});
