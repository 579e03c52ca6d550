/** What `manifest` prints, as the API server sees it: nothing unknown, nothing refused. */
import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import type { ControlPlane } from './control-plane.ts';
import { onEachMinor } from './each-subject.ts';
import { need, setUpLaptop, type Laptop } from './laptop.ts';
import { findRouteKinds } from './route-kinds.ts';

const PRINTED: [string, string][] = [
  ['account', 'account -n NAMESPACE --service-account robot'],
  ['account with all', 'account -n NAMESPACE --service-account robot --requester asker --cluster-role view'],
  ['account without a Secret', 'account -n NAMESPACE --service-account robot --no-secret'],
  ['proxy', 'proxy -n NAMESPACE'],
  ['proxy with an ingress', 'proxy -n NAMESPACE --route ingress --host example.test --tls-secret cert'],
];

const APPLY = 'kubectl apply --dry-run=server --validate=strict';

const GATEWAY_API = 'gateway-api --host example.test --gateway edge/entrance';
const ISTIO = 'istio --host example.test --gateway istio-system/gateway';

/** Routes of kinds that an API server is taught. */
const ROUTES: [string, string][] = [
  ['a route of the Gateway API', GATEWAY_API],
  ['a route of the Gateway API for any host', 'gateway-api --host "*" --gateway edge/entrance'],
  ['a route of Istio', ISTIO],
  [
    'a route of Istio for any host',
    'istio --host "*" --gateway kubeflow/kubeflow-gateway --gateway-workload-label app=gw',
  ],
];

/** Edits of a route as it is printed, and what the API server then says. */
const MISTAKES: [string, string, RegExp][] = [
  [GATEWAY_API, 's/PathPrefix/PathBeginning/', /Unsupported value: "PathBeginning"/],
  [GATEWAY_API, 's/backendRefs/backends/', /unknown field "spec.rules\[0\].backends"/],
  [ISTIO, 's/gateways:/gateway:/', /unknown field "spec.gateway"/],
  [ISTIO, 's/MERGE/MERGED/', /Unsupported value: "MERGED"/],
];

onEachMinor((test) => {
  for (const [title, args] of PRINTED)
    test(`kubectl apply --dry-run=server takes: ${title}`, async (t, plane) => {
      t.timeout(240_000);
      const laptop = await setUpLaptop(t, plane);
      await takes(t, plane, laptop, args);
    });

  test('names that YAML reads as numbers and booleans: kubectl apply takes them as they are', async (t, plane) => {
    t.timeout(240_000);
    const laptop = await setUpLaptop(t, plane);
    await plane.makeNamespace('123');
    const names = '-n 123 --service-account on --requester 1e3 --cluster-role yes --cluster-role "x: Y_z"';
    await need(laptop.sh(`kubectl sa-token manifest account ${names} >"$HOME/printed.yaml"`));
    const { code, stdout, stderr } = await laptop.sh(`${APPLY} -o name -f "$HOME/printed.yaml"`);
    t.deepEqual([code, stderr], [0, '']);
    const expected = ['serviceaccount/on', 'serviceaccount/1e3', 'secret/1e3-token'];
    t.deepEqual(stdout.split('\n').slice(0, 3), expected);
    const apart = `kubectl sa-token manifest account -n null --service-account on`;
    t.regex((await laptop.sh(`${apart} | ${APPLY} -f -`)).stderr, /namespaces "null" not found/);
  });

  test('with the definitions of Gateway API and Istio, kubectl apply --dry-run=server takes their routes', async (t, plane) => {
    t.timeout(240_000);
    const kinds = findRouteKinds();
    if ('missing' in kinds)
      return process.env['CI'] ? t.fail(kinds.missing) : t.log(`skipped: ${kinds.missing}`);
    const laptop = await setUpLaptop(t, plane);
    const files = kinds.map((file) => `-f '${file}'`).join(' ');
    await need(laptop.sh(`kubectl apply --server-side ${files}`));
    await need(laptop.sh(`kubectl wait --for=condition=Established --timeout=60s ${files}`));
    // Where Istio's gateway is, and a part of its route goes.
    await plane.makeNamespace('istio-system');
    for (const [title, route] of ROUTES) {
      t.log(title);
      await takes(t, plane, laptop, `proxy -n NAMESPACE --route ${route}`);
    }
    for (const mistake of MISTAKES) await refuses(t, laptop, ...mistake);
  });
});

async function takes(t: ExecutionContext, plane: ControlPlane, laptop: Laptop, args: string): Promise<void> {
  const namespace = `ns-${randomUUID().slice(0, 8)}`;
  await plane.makeNamespace(namespace);
  await need(
    laptop.sh(`kubectl sa-token manifest ${args.replace('NAMESPACE', namespace)} >"$HOME/printed.yaml"`),
  );
  const { code, stdout, stderr } = await laptop.sh(`${APPLY} -f "$HOME/printed.yaml"`);
  t.deepEqual([code, stderr], [0, '']);
  const documents = await need(laptop.sh(`grep -c ^kind: "$HOME/printed.yaml"`));
  t.is(stdout.match(/ created \(server dry run\)$/gm)?.length, Number(documents), stdout);
}

/** A mistake in what is printed would be seen: the API server holds it against the kind's own definition. */
async function refuses(t: ExecutionContext, laptop: Laptop, route: string, edit: string, expected: RegExp) {
  const print = `kubectl sa-token manifest proxy -n default --route ${route}`;
  const { code, stderr } = await laptop.sh(`${print} | sed '${edit}' | ${APPLY} -f -`);
  t.is(code, 1, edit);
  t.regex(stderr, expected);
}
