/** `login --from-context`: what the cluster of a kubeconfig proposes is shown, and stored when the person agrees. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { writeKubeconfig } from '../../support/kubectl.ts';
import { testWith } from '../../support/require.ts';
import { failed, fingerprint, setScene, withKeychain, type Scene } from '../../support/keychain-scene.ts';

const withTerminal = testWith('secret-service', 'pty').serial;

/** A context whose cluster is the API server itself, and whose extension names the proxy and the account. */
async function proposing(t: ExecutionContext, more: object = {}): Promise<Scene & { shown: RegExp }> {
  const scene = await setScene(t);
  const { server, home } = scene;
  mkdirSync(join(home, '.kube'), { mode: 0o700 });
  await writeKubeconfig({
    path: join(home, '.kube', 'config'),
    server: server.apiUrl,
    caPem: server.caPem,
    user: { token: 'someone' },
    execConfig: {
      apiVersion: 'sa-token.kubectl/v1',
      server: server.url,
      namespace: 'team-a',
      'service-account': 'robot',
      duration: '2h',
      ...more,
    },
  });
  writeFileSync(join(home, 'token'), scene.robot.token, { mode: 0o600 });
  const shown = new RegExp(
    `^context "\\S+" proposes for profile "prod":\r?\n +server +${server.url}\r?\n[^]*? +service-account +robot\r?\n`,
  );
  return { ...scene, shown };
}

const words = ['login', 'prod', '--from-context', 'test', '--token-file', 'token'];

withKeychain('nobody has seen it: refused without a terminal, done with --yes', async (t) => {
  const scene = await proposing(t);
  const refused = await scene.run(words);
  t.like(refused, { code: 2, stdout: '' });
  t.regex(refused.stderr, scene.shown);
  t.regex(
    refused.stderr,
    /\nkubectl-sa-token: there is no terminal to ask whether what context "test" proposes is right\. Nothing was sent; check the lines above, then add --yes\n$/,
  );
  t.is(scene.server.requests.length, 0);
  t.deepEqual([await scene.kept(), scene.kube('sa-token.yaml')], [{}, undefined]);

  const done = await scene.run([...words, '--yes']);
  t.is(done.code, 0, done.stderr);
  t.regex(done.stderr, scene.shown);
  t.deepEqual(await scene.kept(), { prod: fingerprint(scene.robot.token) });
  const { prod } = parse(scene.kube('sa-token.yaml') ?? '').profiles;
  t.like(prod, { server: scene.server.url, namespace: 'team-a', 'service-account': 'robot', duration: 7200 });
  t.truthy(prod['certificate-authority-data']);
  // From here on it is the profile's: the kubeconfig decides nothing any more.
  writeFileSync(join(scene.home, '.kube', 'config'), '');
  t.like(await scene.run(['get-token', 'prod', '--force-refresh']), { code: 0, stderr: '' });
});

withKeychain('a flag counts before what the cluster proposes', async (t) => {
  const scene = await proposing(t, { audience: 'vault' });
  const flags = ['--audience', 'istio', '--certificate-authority', 'ca.crt', '--yes'];
  t.is((await scene.run([...words, ...flags])).code, 0);
  const { prod } = parse(scene.kube('sa-token.yaml') ?? '').profiles;
  t.deepEqual([prod.audience, prod['certificate-authority']], [['istio'], join(scene.home, 'ca.crt')]);
  t.is(prod['certificate-authority-data'], undefined);
});

withKeychain('what a cluster may not propose is not taken', async (t) => {
  const scene = await proposing(t, {
    'source-command': 'touch ran',
    'insecure-skip-tls-verify': true,
    cache: 'none',
  });
  t.is((await scene.run([...words, '--yes'])).code, 0);
  t.notRegex(scene.kube('sa-token.yaml') ?? '', /source-command|insecure|cache/);
});

withKeychain('a context of another server over a login: --yes alone replaces nothing', async (t) => {
  const scene = await proposing(t, { server: 'https://elsewhere.example/kubernetes' });
  await scene.login('prod');
  const before = scene.kube('sa-token.yaml');
  const { code, stderr } = await scene.run([...words, '--yes']);
  t.is(code, 2);
  t.regex(
    stderr,
    /\nkubectl-sa-token: profile "prod" has a login already: it is for \S+, not https:\/\/elsewhere\.example\/kubernetes\. Nothing was sent/,
  );
  t.is(scene.kube('sa-token.yaml'), before);
});

withKeychain('a context that is not there, and a value that does not fit', async (t) => {
  const scene = await proposing(t, { duration: 'soon' });
  const other = ['login', 'prod', '--from-context', 'none', '--token-file', 'token', '--yes'];
  failed(t, await scene.run(other), 2, /: the kubeconfig has no context "none"; .*test/);
  failed(
    t,
    await scene.run([...words, '--yes']),
    2,
    /extension of cluster "\S+": duration: "soon" is not a duration/,
  );
  failed(t, await scene.run([...words, '--kubeconfig', 'nowhere']), 2, /nowhere/);
});

withTerminal('the person is shown it and asked', async (t) => {
  const scene = await proposing(t);
  const expect = 'Is the source token to be sent there? [y/N] ';
  const no = await scene.sandbox.runInTerminal(words, { script: [{ expect, send: 'n\r' }] });
  t.like(no, { code: 1, missed: null });
  t.regex(no.transcript, scene.shown);
  t.is(scene.server.requests.length, 0);
  t.deepEqual(await scene.kept(), {});
  const yes = await scene.sandbox.runInTerminal(words, { script: [{ expect, send: 'y\r' }] });
  t.like(yes, { code: 0, missed: null });
  t.deepEqual(await scene.kept(), { prod: fingerprint(scene.robot.token) });
});
