/** Routes from a cluster's entrance to the proxy: Gateway API, Istio, Ingress. nginx behind them enforces; these only lead there. */
import { head, scalar, type ObjectName } from './yaml.ts';

export type Route = { readonly host: string } & (
  | { readonly kind: 'gateway-api'; readonly gateway: ObjectName }
  | {
      readonly kind: 'istio';
      readonly gateway: ObjectName;
      /** Where the gateway's pods are, and one label of theirs. */
      readonly workload: { readonly namespace: string; readonly label: readonly [string, string] };
    }
  | {
      readonly kind: 'ingress';
      readonly className: string | undefined;
      /** Secret with the certificate of the host, in the proxy's namespace. */
      readonly tlsSecret: string | undefined;
    }
);

type Of<Kind extends Route['kind']> = Extract<Route, { kind: Kind }>;

/** The proxy that a route leads to. */
interface Proxy {
  readonly namespace: string;
  readonly prefix: string;
}

/** Of all objects of the proxy; `kubectl kustomize` gives others. */
export const name = 'sa-token-proxy';

/** In the place of a host: whatever the gateway takes. */
export const anyHost = '*';

export function routeManifest(to: Proxy, route: Route): string {
  if (route.kind === 'gateway-api') return gatewayApi(to, route);
  return route.kind === 'istio' ? istioRoute(to, route) : ingress(to, route);
}

/** All that the proxy serves is below this. */
function pathOf({ prefix }: Proxy): string {
  return `${prefix}/api/v1/namespaces/`;
}

/**
 * A prefix and no rewrite, which is core in every implementation; a regular expression would not be
 * (src/CONTRACTS.md 5.5).
 */
function gatewayApi(to: Proxy, { host, gateway }: Of<'gateway-api'>): string {
  return `# The listener of the Gateway has to allow routes of namespace ${to.namespace} (allowedRoutes), and to hold the certificate
# of the host.
${head('gateway.networking.k8s.io/v1', 'HTTPRoute', name, to.namespace)}spec:
  parentRefs:
    - name: ${scalar(gateway.name)}
      namespace: ${scalar(gateway.namespace)}
${host === anyHost ? '' : `  hostnames: ["${host}"]\n`}  rules:
    - matches:
        - path:
            type: PathPrefix
            value: ${scalar(pathOf(to))}
      backendRefs:
        - name: ${name}
          port: 80
`;
}

function ingress(to: Proxy, { host, className, tlsSecret }: Of<'ingress'>): string {
  return `# ${
    tlsSecret === undefined
      ? `No secretName: ${host} gets the controller's default certificate. If that is ingress-nginx's own "Kubernetes
# Ingress Controller Fake Certificate", every client refuses it: give the Secret with --tls-secret.`
      : `Secret ${tlsSecret} (kubernetes.io/tls) has to be in namespace ${to.namespace}.`
  }
${head('networking.k8s.io/v1', 'Ingress', name, to.namespace)}spec:
${className === undefined ? '' : `  ingressClassName: ${scalar(className)}\n`}  tls:
    - hosts: ["${host}"]
${tlsSecret === undefined ? '' : `      secretName: ${scalar(tlsSecret)}\n`}  rules:
    - host: "${host}"
      http:
        paths:
          - path: ${scalar(pathOf(to))}
            pathType: Prefix
            backend:
              service:
                name: ${name}
                port:
                  name: http
`;
}

/**
 * The route has a name, so that the filter can be bound to it: a RequestAuthentication reads every bearer token, cannot
 * be told to leave a path alone, and answers 401 "Jwt issuer is not configured" to the source token
 * (src/CONTRACTS.md 5.4).
 */
function istioRoute(to: Proxy, route: Of<'istio'>): string {
  const { host, gateway, workload } = route;
  return `# The host has to be written as the gateway's other VirtualServices write it ("*" in Kubeflow): a narrower one would take all
# of that host's other paths from them.
${head('networking.istio.io/v1', 'VirtualService', name, to.namespace)}spec:
  hosts: ["${host}"]
  gateways: ["${gateway.namespace}/${gateway.name}"]
  http:
    # The EnvoyFilter below knows the route by this name.
    - name: ${scalar(`${to.namespace}.${name}`)}
      match:
        - uri:
            prefix: ${scalar(pathOf(to))}
      route:
        - destination:
            host: ${scalar(`${name}.${to.namespace}.svc.cluster.local`)}
            port:
              number: 80
---
# A RequestAuthentication on the gateway reads every bearer token. A source token's issuer it does not know: 401, "Jwt
# issuer is not configured". One that it knows it takes away on the way (forwardOriginalToken: false): 403 for
# system:anonymous. Neither can be switched off for a path there, so its filter is switched off for this one route; the
# API server judges the token. It has to be in the namespace of the gateway's pods.
# An AuthorizationPolicy with action CUSTOM (AuthService, oauth2-proxy) must leave the path alone as well: give its rules
# "notPaths: ["${to.prefix}/*"]". One with action DENY for requests without requestPrincipals likewise.
${head('networking.istio.io/v1alpha3', 'EnvoyFilter', name, workload.namespace)}spec:
  workloadSelector:
    labels:
      ${scalar(workload.label[0])}: ${scalar(workload.label[1])}
  configPatches:
    - applyTo: HTTP_ROUTE
      match:
        context: GATEWAY
        routeConfiguration:
          vhost:
            route:
              name: ${scalar(`${to.namespace}.${name}`)}
      patch:
        operation: MERGE
        value:
          typed_per_filter_config:
            envoy.filters.http.jwt_authn:
              "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig
              disabled: true
`;
}
