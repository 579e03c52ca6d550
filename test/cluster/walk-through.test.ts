/** The ways in which people come to a TokenRequest, walked with our commands against real API servers. */
import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { need, setUpLaptop, untilOk, type Laptop } from './laptop.ts';
import type { ControlPlane } from './control-plane.ts';
import { onEachMinor, type Declare } from './each-subject.ts';
import { realSubject } from './subject.ts';

onEachMinor((test) => {
  describeAdministration(test);
  describeRequests(test);
  describeServices(test);
});

function describeAdministration(test: Declare<ControlPlane>): void {
  test('from an empty cluster to a working laptop in four commands', async (t, plane) => {
    t.timeout(240_000);
    const laptop = await setUpLaptop(t, plane);
    const namespace = `team-${randomUUID().slice(0, 8)}`;
    // `view` itself is put together by a controller, which does not run here.
    const role = '--cluster-role system:aggregate-to-view';
    const account = `-n ${namespace} --create-namespace --service-account robot ${role}`;
    const applied = await need(
      laptop.sh(`kubectl sa-token manifest account ${account} | kubectl apply -f -`),
    );
    t.is(applied.match(/ created$/gm)?.length, 6, applied);
    // The token controller's part: it has no list to go by but the annotation that is in the manifest.
    await plane.fillTokenSecret(namespace, 'robot-token');

    const server = `--server ${plane.url} --certificate-authority ${laptop.ca}`;
    const login = `kubectl sa-token login prod ${server} --from-secret ${namespace}/robot-token`;
    t.like(await untilOk(() => laptop.sh(login)), { code: 0, stderr: '' });
    t.like(await laptop.sh('kubectl sa-token kubeconfig prod'), { code: 0 });
    await need(
      laptop.sh(`kubectl config set-context prod --cluster=test --user=prod --namespace=${namespace}`),
    );

    const pods = await untilOk(() => laptop.sh('kubectl --context prod get pods'));
    t.like(pods, { code: 0, stdout: '', stderr: `No resources found in ${namespace} namespace.\n` });
    const denied = await laptop.sh('kubectl --context prod get secrets');
    t.regex(denied.stderr, /User "system:serviceaccount:.*:robot" cannot list resource "secrets"/);
    t.is(denied.code, 1);
  });

  test('an account whose requester is kept apart: its tokens create no others', async (t, plane) => {
    t.timeout(240_000);
    const laptop = await setUpLaptop(t, plane);
    const namespace = `team-${randomUUID().slice(0, 8)}`;
    const account = `-n ${namespace} --create-namespace --service-account robot --requester asker`;
    await need(laptop.sh(`kubectl sa-token manifest account ${account} | kubectl apply -f -`));
    await plane.fillTokenSecret(namespace, 'asker-token');
    const line = [
      `kubectl sa-token login prod --server ${plane.url} --certificate-authority ${laptop.ca}`,
      `--from-secret ${namespace}/asker-token --namespace ${namespace} --service-account robot`,
    ];
    t.like(await untilOk(() => laptop.sh(line.join(' '))), { code: 0 });
    // One who comes later takes nothing from the first.
    const second = account.replace('asker', 'second');
    await need(laptop.sh(`kubectl sa-token manifest account ${second} | kubectl apply -f -`));
    for (const asker of ['second', 'asker']) {
      const who = `--as system:serviceaccount:${namespace}:${asker}`;
      const may = `kubectl auth can-i create serviceaccounts/robot --subresource=token -n ${namespace} ${who}`;
      t.like(await untilOk(() => laptop.sh(may)), { code: 0, stdout: 'yes\n' });
    }
    const token = await laptop.issued('prod');
    t.is(decodeJwt(token).sub, `system:serviceaccount:${namespace}:robot`);
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/robot/token`;
    t.is((await plane.call('POST', path, { as: { token }, body: {} })).status, 403);
  });
}

function describeRequests(test: Declare<ControlPlane>): void {
  test('a TokenRequest by kubectl create --raw and get-token give the same claims', async (t, plane) => {
    t.timeout(240_000);
    const laptop = await setUpLaptop(t, plane);
    const bot = await realSubject(plane).makeBot();
    t.like(await laptop.logIn('prod', bot.token, ['--audience', 'vault', '--duration', '1h30m']), {
      code: 0,
    });
    const spec = {
      audiences: ['vault'],
      expirationSeconds: 5400,
      boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'bot-token' },
    };
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    const raw = laptop.sh(`kubectl create -f - --raw ${bot.path}`, { stdin: JSON.stringify(request) });
    const byKubectl = claimsOf(JSON.parse(await need(raw)).status.token);
    const byUs = claimsOf(await laptop.issued('prod'));
    t.deepEqual(byUs, byKubectl);
    t.like(byUs, { aud: ['vault'], life: 5400 });
  });

  test('direct calls with curl and -o header', async (t, plane) => {
    t.timeout(240_000);
    const laptop = await setUpLaptop(t, plane);
    const bot = await realSubject(plane).makeBot();
    await laptop.logIn('prod', bot.token);
    const curl = `curl -sS --cacert ${laptop.ca} -H "$(kubectl sa-token get-token prod -o header)" -w '%{http_code}'`;
    t.regex(await need(laptop.sh(`${curl} ${plane.url}/api`)), /"versions"[^]*200$/);
    const review = `${curl} --json '{}' ${plane.url}/apis/authentication.k8s.io/v1/selfsubjectreviews`;
    const said = await need(laptop.sh(review));
    t.regex(said, /201$/);
    t.true(said.includes(`system:serviceaccount:${bot.namespace}:bot`));
  });
}

/** A client that asks for a token for a service, and a service that lets the API server judge each caller's token. */
function describeServices(test: Declare<ControlPlane>): void {
  test('token-client and token-server: the audience `factors` is accepted, another refused', async (t, plane) => {
    t.timeout(240_000);
    const laptop = await setUpLaptop(t, plane);
    const [client, server] = [await realSubject(plane).makeBot(), await realSubject(plane).makeBot()];
    await delegate(plane, server.namespace);
    t.like(await laptop.logIn('token-client', client.token, ['--audience', 'factors']), { code: 0 });
    t.like(await laptop.logIn('token-server', server.token), { code: 0 });
    const [factors, other] = [
      await laptop.issued('token-client'),
      (await need(laptop.plugin(['get-token', 'token-client', '--audience', 'vault', '-o', 'token']))).trim(),
    ];
    t.deepEqual([decodeJwt(factors).aud, decodeJwt(other).aud], [['factors'], ['vault']]);
    t.is(
      (await plane.call('GET', '/api', { as: { token: factors } })).status,
      401,
      'it is for the service alone',
    );

    const accepted = await untilOk(() => asTokenServer(laptop, plane, factors));
    t.like(JSON.parse(accepted.stdout).status, {
      authenticated: true,
      audiences: ['factors'],
      user: { username: `system:serviceaccount:${client.namespace}:bot` },
    });
    const refused = JSON.parse((await asTokenServer(laptop, plane, other)).stdout).status;
    t.falsy(refused.authenticated);
    t.regex(refused.error, /token audiences \["vault"\] is invalid for the target audiences \["factors"\]/);

    const review = 'kubectl sa-token review --token-stdin --audience factors --context token-server';
    t.like(await laptop.sh(review, { stdin: factors }), { code: 0, stderr: '' });
    const no = await laptop.sh(review, { stdin: other });
    t.is(no.code, 4);
    t.regex(
      no.stderr,
      /^kubectl-sa-token: .*\["vault"\] is invalid for the target audiences \["factors"\].*\n$/,
    );
    t.is(no.stdout, '');
  });
}

/** How a service without our command does it: a TokenReview with its own token. */
function asTokenServer(laptop: Laptop, plane: ControlPlane, token: string) {
  const body = JSON.stringify({ spec: { token, audiences: ['factors'] } });
  const header = '-H "$(kubectl sa-token get-token token-server -o header)"';
  const url = `${plane.url}/apis/authentication.k8s.io/v1/tokenreviews`;
  return laptop.sh(`curl -sS --fail --cacert ${laptop.ca} ${header} --json @- ${url}`, { stdin: body });
}

async function delegate(plane: ControlPlane, namespace: string): Promise<void> {
  await plane.need('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    body: {
      metadata: { name: `delegator-${namespace}` },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'system:auth-delegator',
      },
      subjects: [{ kind: 'ServiceAccount', namespace, name: 'bot' }],
    },
  });
}

/** What is the same for two tokens that were asked for alike. */
function claimsOf(token: string): Record<string, unknown> {
  const { iat = 0, exp = 0, nbf = 0, jti, ...claims } = decodeJwt(token);
  return { ...claims, life: exp - iat, sinceNow: nbf === iat, id: typeof jti };
}
