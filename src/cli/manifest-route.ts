/** What `manifest proxy --route` leads over, from its flags. */
import { isIP } from 'node:net';
import { anyHost, type Route } from '../cluster/manifests-routes.ts';
import { badValue, missingSetting } from '../failures/usage.ts';
import type { Arguments } from './command.ts';
import { labelOf, nameOf, objectOf } from './manifest-names.ts';
import {
  gatewayOptions,
  ingressOptions,
  routeOptions,
  routes,
  workloadOptions,
  type OptionTable,
} from './manifest-options.ts';
import { hostOf, refuse } from './manifest-values.ts';
import { choiceOf } from './options.ts';

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
