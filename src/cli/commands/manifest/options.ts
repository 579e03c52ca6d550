/** The flags of `manifest`, by what they are for. */
import type { Options } from 'yargs';

export type OptionTable = Readonly<Record<string, Options>>;

export const routes = ['gateway-api', 'istio', 'ingress'] as const;

export const defaultImage = 'nginxinc/nginx-unprivileged:1.28-alpine';

const text = (group: string, describe: string): Options => ({
  type: 'string',
  requiresArg: true,
  group,
  describe,
});

const both = 'Both:';
const account = 'manifest account:';
const proxy = 'manifest proxy:';
const config = 'manifest proxy --print-config (nginx.conf alone):';

export const commonOptions: OptionTable = {
  namespace: { ...text(both, 'Namespace (for the proxy: sa-token-proxy, made with it)'), alias: 'n' },
  'create-namespace': { type: 'boolean', group: both, describe: 'Print the Namespace too' },
};

export const accountOptions: OptionTable = {
  'service-account': text(account, 'Account that is acted as'),
  'secret-name': text(account, 'Secret for the source token (default: ACCOUNT-token)'),
  'no-secret': { type: 'boolean', group: account, describe: 'No Secret: the source token is made otherwise' },
  requester: text(
    account,
    'Account of the source token, kept apart: issued tokens then cannot renew themselves',
  ),
  'cluster-role': text(account, 'ClusterRole that the account gets in the namespace, e.g. view (repeatable)'),
};

/** For nginx in the cluster and elsewhere. */
export const proxyOptions: OptionTable = {
  flavour: text(proxy, 'What enforces (default and only choice: nginx)'),
  prefix: text(proxy, 'Path before /api (default: /kubernetes; "/" for none)'),
};

export const deploymentOptions: OptionTable = {
  name: text(proxy, 'Name of all its objects (default: sa-token-proxy)'),
  image: text(proxy, `Image of nginx, best with a digest of your own choice (default: ${defaultImage})`),
  replicas: text(proxy, 'Pods (default: 2)'),
  ipv6: { type: 'boolean', group: proxy, describe: 'Listen on IPv6 too: for clusters that have it' },
  route: text(proxy, `Print a route to it too: ${routes.join(', ')}`),
};

export const gatewayOptions: OptionTable = {
  gateway: text(proxy, 'NAMESPACE/NAME of the Gateway (gateway-api, istio)'),
};

export const workloadOptions: OptionTable = {
  'gateway-workload-namespace': text(proxy, "Namespace of the gateway's pods (istio; default: istio-system)"),
  'gateway-workload-label': text(
    proxy,
    "KEY=VALUE, a label of the gateway's pods (istio; default: istio=ingressgateway)",
  ),
};

export const ingressOptions: OptionTable = {
  'ingress-class': text(proxy, 'IngressClass (ingress)'),
  'tls-secret': text(proxy, 'Secret with the certificate of the host (ingress)'),
};

export const routeOptions: OptionTable = {
  host: text(proxy, 'Host that clients use; "*": whatever the gateway takes'),
  ...gatewayOptions,
  ...workloadOptions,
  ...ingressOptions,
};

export const configOptions: OptionTable = {
  listen: text(config, 'Port, or ADDRESS:PORT (default: 8080)'),
  upstream: text(config, 'HOST:PORT of the API server (default: kubernetes.default.svc:443)'),
  'upstream-name': text(
    config,
    'Name in its certificate (default: the host, or kubernetes.default.svc for an address)',
  ),
  'upstream-ca': text(config, 'File with its CA'),
  'run-folder': text(config, 'The folder that nginx writes to (default: /tmp)'),
  certificate: text(config, 'Serve TLS with this certificate (file)'),
  'certificate-key': text(config, 'and this key (file)'),
};

export const printConfig: OptionTable = {
  'print-config': { type: 'boolean', group: config, describe: 'Print nginx.conf and nothing else' },
};
