import { chmodSync, existsSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { version, type Host } from '../../../../src/base/host.ts';
import { createHost, put, withParts, type TestHost } from '../../../support/host.ts';
import { runMain } from '../../../support/in-process.ts';

function setUp(t: ExecutionContext): TestHost {
  const host = createHost(t);
  put(host, '.kube/sa-token.yaml', 'profiles: {prod: {server: https://h.example}}\n');
  return host;
}

function kubeconfig(host: TestHost, args: string[], parts: Partial<Host> = {}) {
  host.written.out = host.written.err = '';
  return runMain(withParts(host, { ...parts, argv: ['kubeconfig', 'prod', ...args] }));
}

interface Config {
  users: { name: string; user: { exec: Record<string, unknown> } }[];
}
const read = (file: string): Config => parse(readFileSync(file, 'utf8'));

test('the hook is written as kubectl and other clients want it', async (t) => {
  const host = setUp(t);
  t.deepEqual(await kubeconfig(host, []), {
    out: 'user "prod" added in ~/.kube/config\n',
    err: 'next: kubectl config set-context prod --cluster=CLUSTER --user=prod\n',
    steps: [],
    exitCode: undefined,
  });
  t.deepEqual(read(join(host.home, '.kube/config')).users, [
    {
      name: 'prod',
      user: {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: 'kubectl-sa_token',
          args: ['get-token', 'prod'],
          interactiveMode: 'Never',
          installHint: 'kubectl-sa_token is needed to log in; install it with: kubectl krew install sa-token',
        },
      },
    },
  ]);
  t.is((await kubeconfig(host, [])).out, 'user "prod" unchanged in ~/.kube/config\n');
  t.is(
    (await kubeconfig(host, ['--provide-cluster-info'])).out,
    'user "prod" changed in ~/.kube/config (before: ~/.kube/config.sa-token-backup)\n',
  );
  t.like(read(join(host.home, '.kube/config')).users[0]?.user.exec, { provideClusterInfo: true });
});

test('a profile with an audience: kubectl itself needs another', async (t) => {
  const host = setUp(t);
  put(host, '.kube/sa-token.yaml', 'profiles: {prod: {server: https://h.example, audience: [istio]}}\n');
  const { err } = await kubeconfig(host, []);
  t.regex(
    err,
    /^note: tokens of "prod" are for istio; kubectl itself needs one for .* without --audience for it\nnext: /,
  );
  t.regex((await kubeconfig(host, [])).err, /^note: [^\n]*\n$/);
});

test('another name of the user, and another file', async (t) => {
  const host = setUp(t);
  await kubeconfig(host, ['--user', 'robot', '--kubeconfig', 'mine']);
  t.is(read(join(host.home, 'mine')).users[0]?.name, 'robot');
  t.false(existsSync(join(host.home, '.kube/config')));
});

test('a name of a user that kubectl could not read is refused', async (t) => {
  const host = setUp(t);
  for (const user of ['a\u007f', 'a\nb', '\u0085', '\ufeffa', 'a\u2028'])
    t.like(await kubeconfig(host, ['--user', user]), {
      out: '',
      err: 'kubectl-sa-token: --user: holds characters that cannot be printed\n',
      exitCode: 2,
    });
  t.false(existsSync(join(host.home, '.kube/config')));
});

test('a profile and a user that YAML takes for something else have quotes', async (t) => {
  const host = setUp(t);
  put(host, '.kube/sa-token.yaml', 'profiles: {on: {server: https://h.example}, 1_0: }\n');
  for (const name of ['on', '1_0']) {
    const { exitCode } = await runMain(
      withParts(host, { argv: ['kubeconfig', name, '--user', 'yes', '--kubeconfig', name] }),
    );
    t.is(exitCode, undefined);
    t.regex(readFileSync(join(host.home, name), 'utf8'), new RegExp(`- name: "yes"\n[^]* - "${name}"\n`));
  }
});

test('current-context is nobody’s to change', async (t) => {
  const host = setUp(t);
  const text = 'kind: Config\ncurrent-context: other\nusers: []\n';
  const file = put(host, '.kube/config', text);
  await kubeconfig(host, []);
  t.true(
    readFileSync(file, 'utf8').startsWith('kind: Config\ncurrent-context: other\nusers:\n- name: prod\n'),
  );
});

test('an absolute path is the one on PATH: a link that an upgrade leads elsewhere', async (t) => {
  const host = setUp(t);
  const real = put(host, 'store/v1/kubectl-sa_token', '#!/bin/sh\n');
  chmodSync(real, 0o755);
  put(host, 'shadow/kubectl-sa_token', 'not executable');
  put(host, 'bin/x', '');
  symlinkSync(real, join(host.home, 'bin/kubectl-sa_token'));
  // As Go's LookPath: relative folders do not count.
  const PATH = ['bin', '', join(host.home, 'shadow'), join(host.home, 'bin')].join(':');
  await kubeconfig(host, ['--absolute'], { env: { PATH } });
  const { users } = read(join(host.home, '.kube/config'));
  t.is(users[0]?.user.exec['command'], join(host.home, 'bin/kubectl-sa_token'));
  const { err, exitCode } = await kubeconfig(host, ['--absolute'], { env: { PATH: 'bin' } });
  t.is(exitCode, 2);
  t.is(
    err,
    'kubectl-sa-token: kubectl-sa_token is not on PATH; install it (kubectl krew install sa-token) or leave out --absolute\n',
  );
});

test('a dry run prints the user that would be written, and writes nothing', async (t) => {
  const host = setUp(t);
  const text = 'kind: Config # mine\nusers:\n- name: a\n  user: {token: secret-a}\n';
  const file = put(host, '.kube/config', text);
  const { out, err } = await kubeconfig(host, ['--dry-run']);
  t.true(out.startsWith('# ~/.kube/config\nusers:\n- name: prod\n  user:\n    exec:\n'));
  t.is(err, '');
  t.is(readFileSync(file, 'utf8'), text);
});

test('a user that logs in by other means is replaced only when told to', async (t) => {
  const host = setUp(t);
  const file = put(host, '.kube/config', 'users:\n- name: prod\n  user: {token: secret-a}\n');
  const { exitCode, out } = await kubeconfig(host, []);
  t.deepEqual([exitCode, out], [2, '']);
  t.regex((await kubeconfig(host, ['--force'])).out, /^user "prod" changed in ~\/\.kube\/config \(before: /);
  t.notRegex(readFileSync(file, 'utf8'), /secret-a/);
  t.regex(readFileSync(`${file}.sa-token-backup`, 'utf8'), /secret-a/);
});

test('from an npm package the hook is the fast lane in it, where that path stays when the version changes', async (t) => {
  const host = setUp(t);
  const command = async (words: string[], platform: NodeJS.Platform = 'linux'): Promise<unknown> => {
    await kubeconfig(host, [], { self: ['/node', ...words], platform });
    return read(join(host.home, '.kube/config')).users[0]?.user.exec['command'];
  };
  for (const store of ['modules/plugin', `store/plugin@${version}`]) {
    const script = put(host, `${store}/dist/kubectl-sa-token.js`, '');
    const lane = put(host, `${store}/dist/kubectl-sa_token`, '');
    const link = join(host.home, `${store}/link`);
    symlinkSync(script, link);
    const wanted = store.startsWith('modules') ? realpathSync(lane) : 'kubectl-sa_token';
    t.is(await command(['--use-system-ca', link]), wanted);
    t.is(await command([link], 'win32'), 'kubectl-sa_token');
  }
  t.is(await command([]), 'kubectl-sa_token');
});
