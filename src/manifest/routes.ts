/** Routes from a cluster's entrance to the proxy: Gateway API, Istio, Ingress. nginx behind them enforces; these only lead there. */
import { scalar } from './yaml.ts';

export type Route = GatewayApiRoute | IstioRoute | IngressRoute;

export interface GatewayApiRoute {
  readonly kind: 'gateway-api';
  readonly host: string;
  readonly gateway: ObjectName;
}

export interface IstioRoute {
  readonly kind: 'istio';
  readonly host: string;
  readonly gateway: ObjectName;
  /** Where the gateway's pods are, and one label of theirs. */
  readonly workload: { readonly namespace: string; readonly label: readonly [string, string] };
}

export interface IngressRoute {
  readonly kind: 'ingress';
  readonly host: string;
  readonly className: string | undefined;
  /** Secret with the certificate of the host, in the proxy's namespace. */
  readonly tlsSecret: string | undefined;
}

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** What a route leads to. */
export interface Routed {
  readonly namespace: string;
  readonly name: string;
  readonly service: string;
  /** Of the proxy, without a slash at its end. */
  readonly prefix: string;
  /** All that it serves is below this. */
  readonly path: string;
}

/** In the place of a host: whatever the gateway takes. */
export const anyHost = '*';

export function routeManifest(to: Routed, route: Route): string {
  if (route.kind === 'gateway-api') return gatewayApi(to, route);
  return route.kind === 'istio' ? istioRoute(to, route) : ingress(to, route);
}

/**
 * A prefix and no rewrite, which is core in every implementation; a regular expression would not be
 * (src/CONTRACTS.md 5.5).
 */
function gatewayApi(to: Routed, { host, gateway }: GatewayApiRoute): string {
  return `# The listener of the Gateway has to allow routes of namespace ${to.namespace} (allowedRoutes), and to hold the certificate
# of the host.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: ${scalar(to.name)}
  namespace: ${scalar(to.namespace)}
spec:
  parentRefs:
    - name: ${scalar(gateway.name)}
      namespace: ${scalar(gateway.namespace)}
${host === anyHost ? '' : `  hostnames: ["${host}"]\n`}  rules:
    - matches:
        - path:
            type: PathPrefix
            value: ${scalar(to.path)}
      backendRefs:
        - name: ${scalar(to.service)}
          port: 80
`;
}

function ingress(to: Routed, { host, className, tlsSecret }: IngressRoute): string {
  return `# ${
    tlsSecret === undefined
      ? `No secretName: ${host} gets the controller's default certificate. If that is ingress-nginx's own "Kubernetes
# Ingress Controller Fake Certificate", every client refuses it: give the Secret with --tls-secret.`
      : `Secret ${tlsSecret} (kubernetes.io/tls) has to be in namespace ${to.namespace}.`
  }
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${scalar(to.name)}
  namespace: ${scalar(to.namespace)}
spec:
${className === undefined ? '' : `  ingressClassName: ${scalar(className)}\n`}  tls:
    - hosts: ["${host}"]
${tlsSecret === undefined ? '' : `      secretName: ${scalar(tlsSecret)}\n`}  rules:
    - host: "${host}"
      http:
        paths:
          - path: ${scalar(to.path)}
            pathType: Prefix
            backend:
              service:
                name: ${scalar(to.service)}
                port:
                  name: http
`;
}

/**
 * The route has a name, so that the filter can be bound to it: a RequestAuthentication reads every bearer token, cannot
 * be told to leave a path alone, and answers 401 "Jwt issuer is not configured" to the source token
 * (src/CONTRACTS.md 5.4).
 */
export function istioRoute(to: Routed, route: IstioRoute): string {
  const { host, gateway, workload } = route;
  return `# The host has to be written as the gateway's other VirtualServices write it ("*" in Kubeflow): a narrower one would take all
# of that host's other paths from them.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${scalar(to.name)}
  namespace: ${scalar(to.namespace)}
spec:
  hosts: ["${host}"]
  gateways: ["${gateway.namespace}/${gateway.name}"]
  http:
    # The EnvoyFilter below knows the route by this name.
    - name: ${scalar(`${to.namespace}.${to.name}`)}
      match:
        - uri:
            prefix: ${scalar(to.path)}
      route:
        - destination:
            host: ${scalar(`${to.service}.${to.namespace}.svc.cluster.local`)}
            port:
              number: 80
---
# A RequestAuthentication on the gateway reads every bearer token. A source token's issuer it does not know: 401, "Jwt
# issuer is not configured". One that it knows it takes away on the way (forwardOriginalToken: false): 403 for
# system:anonymous. Neither can be switched off for a path there, so its filter is switched off for this one route; the
# API server judges the token. It has to be in the namespace of the gateway's pods.
# An AuthorizationPolicy with action CUSTOM (AuthService, oauth2-proxy) must leave the path alone as well: give its rules
# "notPaths: ["${to.prefix}/*"]". One with action DENY for requests without requestPrincipals likewise.
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: ${scalar(to.name)}
  namespace: ${scalar(workload.namespace)}
spec:
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
              name: ${scalar(`${to.namespace}.${to.name}`)}
      patch:
        operation: MERGE
        value:
          typed_per_filter_config:
            envoy.filters.http.jwt_authn:
              "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig
              disabled: true
`;
}
