/** The route at an Istio gateway, where the gateway's own token check has to be kept from the source token. */
import type { IstioRoute, Routed } from './manifests-routes.ts';
import { scalar } from './yaml-text.ts';

/**
 * The route has a name, so that the filter can be bound to it: a RequestAuthentication reads every bearer token, cannot
 * be told to leave a path alone, and answers 401 "Jwt issuer is not configured" to the source token (contracts 5.4).
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
