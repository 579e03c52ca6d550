/** The README's section for the cluster's admin, line by line as it is written there, from an empty cluster to a laptop. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { requirement } from '../support/require.ts';
import { repository } from '../support/runner.ts';
import { onEachMinor } from './each-subject.ts';
import { startEntrance } from './entrance.ts';
import { need, setUpLaptop, untilOk } from './laptop.ts';

const HOST = 'kube.example.test';

onEachMinor((test) => {
  test('the four commands of the README, and kubectl after them', async (t, plane) => {
    t.timeout(240_000);
    if (!requirement(t, 'nginx')) return;
    const { commands, next } = await adminSection();
    t.is(commands.length, 4);
    const [account = '', proxy = '', login = '', kubeconfig = ''] = commands;
    const laptop = await setUpLaptop(t, plane);
    const before = await need(laptop.sh('kubectl get namespaces -o name'));
    t.notRegex(before, /team-a|sa-token-proxy/, 'the cluster has none of it');

    t.regex(await need(laptop.sh(account)), /serviceaccount\/robot created/);
    t.regex(await need(laptop.sh(proxy)), /deployment.apps\/sa-token-proxy created/);
    // The controllers' part: the token of the Secret, the rules of `view`, the CA in each namespace; and the proxy itself.
    await plane.fillTokenSecret('team-a', 'robot-token');
    await plane.fillViewRole();
    await plane.fillNamespace('sa-token-proxy');
    const { proxyUrl, caPem, nginx } = await startEntrance(t, plane);
    const ca = join(laptop.home, 'public-ca.crt');
    await writeFile(ca, caPem);
    Object.assign(laptop.env, { HTTPS_PROXY: proxyUrl, NODE_EXTRA_CA_CERTS: ca });

    const said = await untilOk(() => laptop.sh(login));
    // A stand-in for a CA of the system's store: the hook itself does not look at this variable.
    t.is(said.code, 0);
    t.regex(said.stderr, /^warning: kubectl's hook does not use NODE_EXTRA_CA_CERTS: [^\n]*\n$/);
    t.regex(said.stdout, /logged in/);
    t.regex(await need(laptop.sh(kubeconfig)), /prod/);

    const pods = await untilOk(() => laptop.sh(next));
    t.like(pods, { code: 0, stdout: '', stderr: 'No resources found in team-a namespace.\n' });
    t.is(decodeJwt(await laptop.issued('prod')).sub, 'system:serviceaccount:team-a:robot');
    t.regex(
      await nginx.accessLog(),
      /"method":"POST","path":"\/kubernetes\/api\/v1\/namespaces\/team-a\/.*"status":201/,
    );
    t.log(['README:', ...commands, next].join('\n'));
  });
});

/** The commands, and the one that a comment says to run then; only the host is put in. */
async function adminSection(): Promise<{ commands: string[]; next: string }> {
  const readme = await readFile(join(repository, 'README.md'), 'utf8');
  const [, block = ''] = /^## For the cluster's admin\n[^]*?^```sh\n([^]*?)^```/m.exec(readme) ?? [];
  const lines = block.replaceAll('HOST', HOST).trim().split('\n');
  const next = /# then: (kubectl .*)$/.exec(lines.at(-1) ?? '')?.[1];
  if (next === undefined) throw new Error('the section does not say what to run then');
  return { commands: lines.map((line) => line.replace(/\s+# .*/, '')), next };
}
