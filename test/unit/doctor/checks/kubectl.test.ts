/** `doctor` on what kubectl does with the token: the context that was chosen is asked with it, and no other. */
import test, { type ExecutionContext } from 'ava';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startServer } from '../../../support/token-request-server.ts';
import { commandScene, type CommandScene } from '../../../support/command-scene.ts';

interface HookScene extends CommandScene {
  /** A context whose user runs the hook of a profile. */
  hooked: (name: string, cluster?: object, args?: string[]) => Promise<void>;
  /** State and words of the check for a context (by default `prod`), with the exit code before them. */
  diagnose: (context?: string) => Promise<string>;
}

async function hookScene(t: ExecutionContext): Promise<HookScene> {
  const scene = await commandScene(t);
  const program = join(scene.sandbox.home, 'bin', 'kubectl-sa_token');
  await mkdir(join(scene.sandbox.home, 'bin'));
  await writeFile(program, '#!/bin/sh\n');
  await chmod(program, 0o755);
  return {
    ...scene,
    hooked: (name, cluster, args = ['get-token', 'prod']) => {
      const apiVersion = 'client.authentication.k8s.io/v1';
      return scene.context(
        name,
        { exec: { apiVersion, command: program, args, interactiveMode: 'Never' } },
        cluster,
      );
    },
    diagnose: async (context = 'prod') => {
      const flags = context === '' ? [] : ['--context', context];
      const { code, stdout } = await scene.run(['doctor', 'prod', ...flags]);
      const [, state, rest] = /^(\w+) +kubectl +(.*)$/m.exec(stdout) ?? [];
      return `${code} ${state} ${rest}`;
    },
  };
}

test.serial('no context runs the hook: nothing to try', async (t) => {
  const { diagnose } = await hookScene(t);
  t.is(await diagnose(), '0 skip no context of the kubeconfig uses this profile yet');
});

test.serial('the API server of the context takes the token', async (t) => {
  const { diagnose, hooked, server } = await hookScene(t);
  await hooked('prod');
  t.is(
    await diagnose(),
    `0 ok context "prod": ${server.apiUrl} takes it for system:serviceaccount:team-a:robot`,
  );
  const asked = server.requests.at(-1);
  t.is(asked?.path, '/apis/authentication.k8s.io/v1/selfsubjectreviews');
  t.not(asked?.headers.authorization, `Bearer ${server.adminToken}`);
});

test.serial('a context that nobody chose is not asked: its server gets no token', async (t) => {
  const { diagnose, hooked, server, sandbox } = await hookScene(t);
  const other = await startServer();
  t.teardown(other.close);
  const strange = { server: other.apiUrl, 'certificate-authority': undefined };
  await hooked('prod');
  await hooked('other', {
    ...strange,
    'certificate-authority-data': Buffer.from(other.caPem).toString('base64'),
  });
  await hooked('careless', { ...strange, 'insecure-skip-tls-verify': true });
  t.regex(await diagnose(), /^0 ok context "prod": \S+ takes it for .*; not asked: other, careless$/);
  t.is(
    await diagnose(''),
    '0 skip the current context does not run the hook; try another with --context: prod, other, careless',
  );
  t.is(
    await diagnose('admin'),
    '0 skip context "admin" does not run the hook; try another with --context: prod, other, careless',
  );
  t.regex(
    await diagnose('careless'),
    /^0 warn context "careless": \S+ is not asked: the context does not check its certificate \(insecure-skip-tls-verify\); have it checked: kubectl config set-cluster careless /,
  );
  t.is(other.connections, 0);
  // The current one needs no name.
  const file = join(sandbox.home, '.kube', 'config');
  await writeFile(
    file,
    (await readFile(file, 'utf8')).replace('current-context: admin', 'current-context: prod'),
  );
  t.regex(await diagnose(''), /^0 ok context "prod": /);
  t.is(other.connections, 0);
  t.true(server.requests.some(({ path }) => path.endsWith('/selfsubjectreviews')));
});

test.serial('who may not ask is known all the same', async (t) => {
  const { diagnose, hooked, server } = await hookScene(t);
  await hooked('prod');
  const message = 'selfsubjectreviews is forbidden: User "system:serviceaccount:team-a:robot" cannot create';
  server.faults.next({ status: 403, body: JSON.stringify({ kind: 'Status', message }) }, 1, /selfsubject/);
  t.regex(await diagnose(), /^0 ok context "prod": \S+ takes it$/);
  const anonymous = message.replace('system:serviceaccount:team-a:robot', 'system:anonymous');
  server.faults.next(
    { status: 403, body: JSON.stringify({ kind: 'Status', message: anonymous }) },
    1,
    /selfsubject/,
  );
  t.regex(await diagnose(), /^4 FAIL context "prod": .*"system:anonymous"/);
});

test.serial('a profile with an audience: the API server refuses its tokens', async (t) => {
  const { diagnose, hooked, profile } = await hookScene(t);
  await profile('prod', { audience: ['factors'] });
  await hooked('prod');
  t.regex(
    await diagnose(),
    /^4 FAIL context "prod": \S+ refuses the token \(401\): it is for factors; kubectl needs a token for the API server: make another profile without --audience$/,
  );
});

test.serial('another cluster, one that cannot be reached, one that is not there', async (t) => {
  const { diagnose, hooked, caFile } = await hookScene(t);
  const other = await startServer();
  t.teardown(() => other.close());
  const data = Buffer.from(other.caPem).toString('base64');
  const cluster = {
    server: other.apiUrl,
    'certificate-authority': undefined,
    'certificate-authority-data': data,
  };
  await hooked('other', cluster);
  t.regex(
    await diagnose('other'),
    /^4 FAIL context "other": \S+ does not know the token \(401\): it is another cluster .*; .*: kubectl config set-context other --cluster=CLUSTER$/,
  );
  await hooked('other', {
    ...cluster,
    'certificate-authority': caFile,
    'certificate-authority-data': undefined,
  });
  t.regex(
    await diagnose('other'),
    /^5 FAIL context "other": \S+ the server's certificate is not trusted.*; kubectl has the same trouble; correct the cluster: kubectl config set-cluster other --server/,
  );
  await hooked('other', { server: undefined });
  t.regex(
    await diagnose('other'),
    /^2 FAIL context "other": its cluster is not there, or has no server; kubectl config set-cluster CLUSTER .* && kubectl config set-context other --cluster=CLUSTER$/,
  );
});

test.serial('the proxy in the place of the API server, and an API server that knows no review', async (t) => {
  const { diagnose, hooked, server } = await hookScene(t);
  await hooked('prod', { server: server.url });
  t.regex(
    await diagnose(),
    /^5 FAIL context "prod": \S+ is the profile's own proxy, which .*; kubectl needs the address of the API server: kubectl config set-cluster prod --server=/,
  );
  await hooked('prod', {});
  server.faults.next({ status: 404, body: '404 page not found\n' }, 2, /selfsubject/);
  t.regex(await diagnose(), /^0 warn context "prod": \S+ cannot say whether it takes the token/);
});

test.serial('a hook that says more than the profile is refused, and doctor says so', async (t) => {
  const { hooked, run } = await hookScene(t);
  await hooked('prod', {}, ['get-token', 'prod', '--audience', 'x']);
  const { code, stdout } = await run(['doctor', 'prod']);
  t.log(code, stdout.match(/^.* kubeconfig .*$/m)?.[0]);
  t.regex(stdout, /^FAIL +kubeconfig .*its args are refused, since a kubeconfig may only name the profile/m);
});
