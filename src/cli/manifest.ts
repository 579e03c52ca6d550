/** `manifest`: prints what the cluster's side needs, for `kubectl apply -f -`. Asks no cluster and changes nothing. */
import { isIP } from 'node:net';
import { accountManifest } from '../cluster/manifests-account.ts';
import { nginxConfig } from '../cluster/manifests-nginx.ts';
import { proxyManifest } from '../cluster/manifests-proxy.ts';
import { badUsage, missingSetting } from '../failures/usage.ts';
import type { Arguments, Command } from './command.ts';
import {
  accountOptions,
  commonOptions,
  configOptions,
  deploymentOptions,
  printConfig,
  proxyOptions,
  routeOptions,
  routes,
  type OptionTable,
} from './manifest-options.ts';
import {
  countOf,
  hostOf,
  imageOf,
  labelOf,
  listenOf,
  namesOf,
  nameOf,
  objectOf,
  pathOf,
  prefixOf,
  upstreamOf,
} from './manifest-values.ts';
import { textOf } from './options.ts';
import type { Route } from '../cluster/manifests-routes.ts';

const kinds = ['account', 'proxy'] as const;

/** In the certificate of every API server; nginx checks no addresses in certificates. */
const inCluster = 'kubernetes.default.svc';

export const manifestCommand: Command = {
  usage: 'manifest <KIND>',
  summary:
    'Print what the cluster needs, as YAML for "kubectl apply -f -": an account, or the /kubernetes proxy',
  options: {
    ...commonOptions,
    ...accountOptions,
    ...proxyOptions,
    ...deploymentOptions,
    ...routeOptions,
    ...printConfig,
    ...configOptions,
  },
  values: { '': kinds, flavour: ['nginx'], route: routes },
  examples: [
    ['$0 manifest account -n team-a --service-account robot | kubectl apply -f -', 'account, Secret, Role'],
    ['$0 manifest proxy --route ingress --host HOST --tls-secret HOST-tls', 'POST …/token and nothing else'],
    ['$0 manifest proxy --route istio --host "*" --gateway istio-system/gateway', 'at an Istio gateway'],
    [
      '$0 manifest proxy --print-config --upstream 10.0.0.1:6443 --upstream-ca ca.crt',
      'for an nginx elsewhere',
    ],
  ],
  run: async (host, argv) => {
    const kind = kinds.find((known) => known === argv['KIND']);
    if (kind === undefined) throw badUsage(`manifest knows ${kinds.join(' and ')}`, 'manifest');
    host.out(kind === 'account' ? account(argv) : proxy(argv));
  },
};

function account(argv: Arguments): string {
  for (const table of [proxyOptions, deploymentOptions, routeOptions, printConfig, configOptions])
    refuse(argv, table, 'is for "manifest proxy"');
  const namespace = nameOf(argv, 'namespace');
  const serviceAccount = nameOf(argv, 'service-account');
  const example = 'e.g. manifest account -n team-a --service-account robot';
  if (namespace === undefined) throw missingSetting('namespace', 'manifest account', example);
  if (serviceAccount === undefined) throw missingSetting('service-account', 'manifest account', example);
  const requester = nameOf(argv, 'requester') ?? serviceAccount;
  return accountManifest({
    namespace,
    serviceAccount,
    requester,
    secretName:
      argv['no-secret'] === true ? undefined : (nameOf(argv, 'secret-name') ?? `${requester}-token`),
    createNamespace: argv['create-namespace'] === true,
    clusterRoles: namesOf(argv, 'cluster-role'),
  });
}

function proxy(argv: Arguments): string {
  refuse(argv, accountOptions, 'is for "manifest account"');
  const flavour = textOf(argv, 'flavour') ?? 'nginx';
  if (flavour !== 'nginx') throw badUsage(`--flavour ${flavour} is not one of nginx`, 'manifest');
  if (argv['print-config'] === true) return printedConfig(argv);
  refuse(argv, configOptions, 'needs --print-config');
  const namespace = nameOf(argv, 'namespace');
  return proxyManifest({
    namespace: namespace ?? 'sa-token-proxy',
    name: nameOf(argv, 'name') ?? 'sa-token-proxy',
    createNamespace: namespace === undefined || argv['create-namespace'] === true,
    prefix: prefixOf(argv),
    image: imageOf(argv),
    replicas: countOf(argv, 'replicas', 2),
    route: routeOf(argv),
  });
}

/** The configuration alone: for an nginx that runs elsewhere, and for trying it. */
function printedConfig(argv: Arguments): string {
  for (const table of [commonOptions, deploymentOptions, routeOptions])
    refuse(argv, table, 'has no meaning with --print-config');
  const certificate = pathOf(argv, 'certificate');
  const key = pathOf(argv, 'certificate-key');
  if ((certificate === undefined) !== (key === undefined))
    throw badUsage('--certificate and --certificate-key go together', 'manifest');
  const upstream = upstreamOf(argv);
  return nginxConfig({
    prefix: prefixOf(argv),
    listen: listenOf(argv),
    upstream: upstream.address,
    upstreamName: hostOf(argv, 'upstream-name') ?? (isIP(upstream.host) === 0 ? upstream.host : inCluster),
    upstreamCa: pathOf(argv, 'upstream-ca') ?? '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
    runFolder: pathOf(argv, 'run-folder') ?? '/tmp',
    tls: certificate === undefined || key === undefined ? undefined : { certificate, key },
  });
}

function routeOf(argv: Arguments): Route | undefined {
  const kind = textOf(argv, 'route');
  if (kind === undefined) {
    refuse(argv, routeOptions, 'needs --route');
    return undefined;
  }
  const known = routes.find((name) => name === kind);
  if (known === undefined) throw badUsage(`--route ${kind} is not one of ${routes.join(', ')}`, 'manifest');
  const host = hostOf(argv, 'host', known !== 'ingress');
  if (host === undefined) throw missingSetting('host', `--route ${known}`, 'give the name that clients use');
  if (known === 'ingress')
    return {
      kind: known,
      host,
      className: nameOf(argv, 'ingress-class'),
      tlsSecret: nameOf(argv, 'tls-secret'),
    };
  const gateway = objectOf(argv, 'gateway');
  if (gateway === undefined) throw missingSetting('gateway', `--route ${known}`, 'give NAMESPACE/NAME');
  if (known === 'gateway-api') return { kind: known, host, gateway };
  const workload = {
    namespace: nameOf(argv, 'gateway-workload-namespace') ?? 'istio-system',
    label: labelOf(argv, 'gateway-workload-label') ?? (['istio', 'ingressgateway'] as const),
  };
  return { kind: known, host, gateway, workload };
}

/** A flag that would be passed over is a mistake, not a wish. */
function refuse(argv: Arguments, table: OptionTable, why: string): void {
  const stray = Object.keys(table).find((name) => argv[name] !== undefined);
  if (stray !== undefined) throw badUsage(`--${stray} ${why}`, 'manifest');
}
