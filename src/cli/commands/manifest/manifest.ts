/** `manifest`: prints what the cluster's side needs, for `kubectl apply -f -`. Asks no cluster and changes nothing. */
import { isIP } from 'node:net';
import { badUsage, missingSetting, badValue } from '../../../errors/usage.ts';
import { accountManifest } from '../../../manifest/account.ts';
import { nginxConfig } from '../../../manifest/nginx.ts';
import { proxyManifest } from '../../../manifest/proxy.ts';
import { anyHost, type Route } from '../../../manifest/routes.ts';
import type { Arguments, Command } from '../../command.ts';
import { choiceOf } from '../../options.ts';
import {
  accountOptions,
  commonOptions,
  configOptions,
  deploymentOptions,
  printConfig,
  proxyOptions,
  routeOptions,
  routes,
  gatewayOptions,
  ingressOptions,
  workloadOptions,
  type OptionTable,
} from './options.ts';
import {
  imageOf,
  nameOf,
  roleNamesOf,
  secretNameOf,
  serviceNameOf,
  countOf,
  hostOf,
  listenOf,
  pathOf,
  prefixOf,
  refuse,
  upstreamOf,
  labelOf,
  objectOf,
} from './values.ts';

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
  const noSecret = argv['no-secret'] === true;
  if (noSecret) refuse(argv, { 'secret-name': {} }, 'has no meaning with --no-secret');
  return accountManifest({
    namespace,
    serviceAccount,
    requester,
    secretName: noSecret ? undefined : secretNameOf(argv, requester),
    createNamespace: argv['create-namespace'] === true,
    clusterRoles: roleNamesOf(argv, 'cluster-role'),
  });
}

function proxy(argv: Arguments): string {
  refuse(argv, accountOptions, 'is for "manifest account"');
  choiceOf(argv, 'flavour', ['nginx'], 'manifest');
  if (argv['print-config'] === true) return printedConfig(argv);
  refuse(argv, configOptions, 'needs --print-config');
  const namespace = nameOf(argv, 'namespace');
  const own = namespace === undefined;
  return proxyManifest({
    namespace: namespace ?? 'sa-token-proxy',
    name: serviceNameOf(argv, 'name') ?? 'sa-token-proxy',
    createNamespace: (argv['create-namespace'] ?? own) === true,
    prefix: prefixOf(argv),
    image: imageOf(argv),
    replicas: countOf(argv, 'replicas', 2),
    ipv6: argv['ipv6'] === true,
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

type Kind = Route['kind'];

/** What each kind has no use for. */
const strangers: Readonly<Record<Kind, OptionTable>> = {
  'gateway-api': { ...workloadOptions, ...ingressOptions },
  istio: ingressOptions,
  ingress: { ...gatewayOptions, ...workloadOptions },
};

export function routeOf(argv: Arguments): Route | undefined {
  const kind = choiceOf(argv, 'route', routes, 'manifest');
  if (kind === undefined) {
    refuse(argv, routeOptions, 'needs --route');
    return undefined;
  }
  refuse(argv, strangers[kind], `has no meaning with --route ${kind}`);
  const host = routedHost(argv, kind);
  return kind === 'ingress' ? ingress(argv, host) : atGateway(argv, kind, host);
}

/** An Ingress and a route of the Gateway API take no address; Istio does. */
function routedHost(argv: Arguments, kind: Kind): string {
  if (kind !== 'ingress' && argv['host'] === anyHost) return anyHost;
  const host = hostOf(argv, 'host', { wildcard: true });
  if (host === undefined) throw missingSetting('host', `--route ${kind}`, 'give the name that clients use');
  if (kind !== 'istio' && isIP(host) !== 0)
    throw badValue('--host', `${JSON.stringify(host)} is an address; --route ${kind} needs a name`);
  return host;
}

function ingress(argv: Arguments, host: string): Route {
  return {
    kind: 'ingress',
    host,
    className: nameOf(argv, 'ingress-class'),
    tlsSecret: nameOf(argv, 'tls-secret'),
  };
}

function atGateway(argv: Arguments, kind: 'gateway-api' | 'istio', host: string): Route {
  const gateway = objectOf(argv, 'gateway');
  if (gateway === undefined) throw missingSetting('gateway', `--route ${kind}`, 'give NAMESPACE/NAME');
  if (kind === 'gateway-api') return { kind, host, gateway };
  const workload = {
    namespace: nameOf(argv, 'gateway-workload-namespace') ?? 'istio-system',
    label: labelOf(argv, 'gateway-workload-label') ?? (['istio', 'ingressgateway'] as const),
  };
  return { kind, host, gateway, workload };
}
