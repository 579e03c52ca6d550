/** Completion as kubectl and the shells see it. */
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { kubectlCompletion, scripts } from '../../../../src/cli/completion-scripts.ts';
import { runIn } from '../../../support/in-process.ts';
import { findKubectls, onPath } from '../../../support/kubectl.ts';
import { testUnless, testWith } from '../../../support/require.ts';
import { createSandbox, productCommand, repository, type Sandbox } from '../../../support/runner.ts';

const profiles = `profiles:
  prod: {server: https://prod/kubernetes, audience: [gateway, api]}
  staging: {server: https://staging/kubernetes}
`;
const kubeconfig = 'contexts: [{name: blue}, {name: green}]\nusers: [{name: ann}]\n';

async function withFiles(t: ExecutionContext) {
  const box = await createSandbox();
  t.teardown(() => box.cleanup());
  await mkdir(join(box.home, '.kube'));
  await writeFile(join(box.home, '.kube', 'sa-token.yaml'), profiles, { mode: 0o600 });
  await writeFile(join(box.home, '.kube', 'config'), kubeconfig);
  return { ...box, run: runIn(box) };
}

const completes = test.macro({
  title: (_, words: string[], expected: string[]) =>
    `"${words.join(' ')}" completes to ${expected.join(' ') || 'nothing'}`,
  exec: async (t, words: string[], expected: string[]) => {
    const box = await withFiles(t);
    const { code, stdout, stderr } = await box.run(['__complete', ...words]);
    t.deepEqual([code, stderr], [0, '']);
    t.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[0] ?? ''),
      expected,
    );
  },
});

test(completes, ['log'], ['login', 'logout', ':4']);
test(completes, ['nope', ''], [':4']);
test(completes, ['get-token', ''], ['prod', 'staging', ':4']);
test(completes, ['get-token', 'p'], ['prod', ':4']);
test(completes, ['get-token', 'prod', ''], [':4']);
test(completes, ['get-token', '-n', 'x', 's'], ['staging', ':4']);
test(completes, ['get-token', '--force-refresh', 's'], ['staging', ':4']);
test(completes, ['get-token', '--cache=d'], ['--cache=disk', ':4']);
test(completes, ['get-token', '-o', 'h'], ['header', ':4']);
test(completes, ['get-token', '--cache', ''], ['disk', 'keychain', 'none', ':4']);
test(completes, ['get-token', '--bound-object-n'], ['--bound-object-name', ':4']);
test(completes, ['login', '--context', ''], ['blue', 'green', ':4']);
test(completes, ['kubeconfig', 'prod', '--user', ''], ['ann', ':4']);
test(completes, ['login', 'x', '--token-file', ''], [':0']);
test(completes, ['manifest', 'proxy', '--route', 'i'], ['istio', 'ingress', ':4']);
test(completes, ['kubeconfig', 'x', '--kubeconfig', ''], [':0']);
test(completes, ['login', 'x', '--server', ''], [':4']);
test(completes, ['completion', 'z'], ['zsh', ':4']);
test(completes, ['status', '-o', 'n'], ['name', ':4']);

test('a broken profile file gives no choices and no message', async (t) => {
  const box = await withFiles(t);
  await writeFile(join(box.home, '.kube', 'sa-token.yaml'), 'profiles: [');
  const { code, stdout, stderr } = await box.run(['__complete', 'get-token', '']);
  t.deepEqual([code, stdout, stderr], [0, ':4\n', '']);
});

test('the program for kubectl is the one that completion installs', async (t) => {
  t.is(await readFile(join(repository, 'cmd', 'kubectl_complete-sa_token'), 'utf8'), kubectlCompletion);
});

test('completion refuses a shell it does not know', async (t) => {
  const box = await withFiles(t);
  const { code, stdout, stderr } = await box.run(['completion', 'tcsh']);
  t.deepEqual([code, stdout], [2, '']);
  t.regex(stderr, /WHAT tcsh is not one of bash, zsh, fish, powershell, install/);
});

testWith('kubectl')('kubectl completes the plugin after completion install', async (t) => {
  const box = await withFiles(t);
  const bin = await plugin(box);
  const kubectl = findKubectls().at(-1)?.path ?? '';
  const env = { PATH: `${bin}:${box.env['PATH'] ?? ''}` };
  const installed = await box.run(['completion', 'install'], { env });
  t.is(installed.code, 0, installed.stderr);
  t.is((await stat(join(bin, 'kubectl_complete-sa_token'))).mode & 0o777, 0o755);
  const { stdout } = await box.exec(kubectl, ['__complete', 'sa-token', 'get-token', ''], { env });
  t.deepEqual(stdout.split('\n').slice(0, 3), [
    'prod\thttps://prod/kubernetes',
    'staging\thttps://staging/kubernetes',
    ':4',
  ]);
});

test('completion install without the plugin on PATH says so', async (t) => {
  const box = await withFiles(t);
  const { code, stdout, stderr } = await box.run(['completion', 'install'], {
    env: { PATH: '/usr/bin:/bin' },
  });
  t.deepEqual([code, stdout], [2, '']);
  t.regex(stderr, /kubectl-sa_token is not on PATH/);
});

for (const [shell, script] of [
  [
    'bash',
    `source "$1"; COMP_WORDS=(kubectl-sa_token get-token p); COMP_CWORD=2; _kubectl_sa_token; echo "\${COMPREPLY[@]}"`,
  ],
  [
    'zsh',
    `_describe() { print -l $choices }; source "$1"; words=(kubectl-sa_token get-token p); CURRENT=3; _kubectl_sa_token`,
  ],
  ['fish', `source $argv[1]; complete -C 'kubectl-sa_token get-token p'`],
] as const) {
  const missing = onPath(shell) === undefined ? `no ${shell} on PATH` : undefined;
  testUnless(missing)(`the ${shell} script completes in ${shell}`, async (t) => {
    const box = await withFiles(t);
    const env = { PATH: `${await plugin(box)}:${box.env['PATH'] ?? ''}` };
    const file = join(box.home, `complete.${shell}`);
    await writeFile(file, scripts[shell] ?? '');
    const args = shell === 'fish' ? ['-c', script, file] : ['-c', script, shell, file];
    const { stdout, stderr } = await box.exec(shell, args, { env });
    t.regex(stdout, /^prod\b/, stderr);
  });
}

/** The product under the name that kubectl looks up. */
async function plugin(box: Pick<Sandbox, 'home'>): Promise<string> {
  const bin = join(box.home, 'bin');
  await mkdir(bin);
  const file = join(bin, 'kubectl-sa_token');
  await writeFile(
    file,
    `#!/bin/sh\nexec ${productCommand()
      .map((word) => `'${word}'`)
      .join(' ')} "$@"\n`,
  );
  await chmod(file, 0o755);
  return bin;
}
