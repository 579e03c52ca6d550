/** Nothing on PATH but kubectl and the plugin: no Node, no coreutils, no shell of one's own. */
import type { ExecutionContext } from 'ava';
import { mkdir, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { oldestAndNewest, type Kubectl } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { PLUGIN } from './support/installation.ts';
import { checkCredential } from './support/outcome.ts';
import { setScene, type Scene } from './support/scene.ts';

const withKeychain = testWith('secret-service', 'kubectl');

/** A scene with that PATH; its `kubectl`, if it is to have one, is found there. */
async function bare(t: ExecutionContext, build?: Kubectl): Promise<Scene> {
  const scene = await setScene(t, { keychain: true });
  const tools = join(scene.home, 'tools');
  await mkdir(tools);
  if (build) await symlink(build.path, join(tools, 'kubectl'));
  scene.sandbox.env['PATH'] = [tools, scene.installed].join(delimiter);
  return scene;
}

for (const build of oldestAndNewest()) {
  withKeychain(`login, kubectl 1.${build.minor} twice, kubectl sa-token, logout`, async (t) => {
    const scene = await bare(t, build);
    const { server, robot, caFile, sandbox } = scene;
    const kubectl = (args: string[]) => sandbox.exec('kubectl', args);
    const flags = ['--server', server.url, '--certificate-authority', caFile, '--token-stdin'];
    const login = await scene.plugin(['login', 'prod', ...flags], { stdin: robot.token });
    t.like(login, { code: 0, stderr: '' });
    t.is((await scene.plugin(['kubeconfig', 'prod'])).code, 0);
    for (const args of [
      ['set-cluster', 'there', `--server=${server.apiUrl}`, `--certificate-authority=${caFile}`],
      ['set-context', 'prod', '--cluster=there', '--user=prod', '--namespace=team-a'],
      ['use-context', 'prod'],
    ])
      t.is((await kubectl(['config', ...args])).code, 0);
    for (const _ of [1, 2])
      t.like(await kubectl(['get', 'secrets', '-o', 'name']), {
        code: 0,
        stderr: '',
        stdout: 'secret/robot-token\n',
      });
    t.is(server.exchanges, 1);
    const list = await kubectl(['sa-token', 'list', '-o', 'name']);
    t.like(list, { code: 0, stderr: '', stdout: 'prod\n' });
    const status = await kubectl(['sa-token', 'status']);
    t.regex(status.stdout, /^prod +team-a\/robot .* keychain +\d+m left$/m);
    const left =
      'user "prod" of the kubeconfig still names "prod"; remove it: kubectl config delete-user prod\n';
    t.like(await kubectl(['sa-token', 'logout', 'prod', '--forget']), { code: 0, stderr: left });
    t.like(await kubectl(['sa-token', 'list', '-o', 'name']), { code: 0, stdout: '' });
  });
}

withKeychain('the hook: cold and warm, v1 and v1beta1, in silence', async (t) => {
  const scene = await bare(t);
  const { server, robot, caFile } = scene;
  const flags = ['--server', server.url, '--certificate-authority', caFile, '--token-stdin', '--no-verify'];
  t.is((await scene.plugin(['login', 'prod', ...flags], { stdin: robot.token })).code, 0);
  // One client for each call: with no sh on PATH it is named whole.
  const script = `"${join(scene.installed, PLUGIN)}" get-token prod; exit $?`;
  const tokens = new Set<string>();
  for (const apiVersion of ['v1', 'v1', 'v1beta1'] as const) {
    const info = { kind: 'ExecCredential', apiVersion: `client.authentication.k8s.io/${apiVersion}` };
    const execInfo = { ...info, spec: { interactive: false } };
    const result = await scene.sandbox.exec('/bin/sh', ['-c', script], { execInfo });
    tokens.add(checkCredential(t, result, apiVersion).token);
  }
  t.is(tokens.size, 1);
  t.is(server.exchanges, 1);
});
