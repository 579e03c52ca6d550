/** The `/kubernetes` proxy as Deployment, Service and ConfigMap: the part that enforces. Routes to it are in routes.ts. */
import { createHash } from 'node:crypto';
import { namespaceDocument } from './account.ts';
import { nginxConfig } from './nginx.ts';
import { routeManifest, type Route, type Routed } from './routes.ts';
import { scalar, indent } from './yaml.ts';

export interface ProxyManifest {
  readonly namespace: string;
  /** Of Deployment, Service and ConfigMap. */
  readonly name: string;
  readonly createNamespace: boolean;
  readonly prefix: string;
  readonly image: string;
  readonly replicas: number;
  /** Not by default: nginx ends where a node's kernel knows no IPv6. */
  readonly ipv6: boolean;
  readonly route: Route | undefined;
}

/** All documents, in the order in which they are to be applied. */
export function proxyManifest(wanted: ProxyManifest): string {
  const config = nginxConfig({
    prefix: wanted.prefix,
    listen: wanted.ipv6 ? `[::]:${port} ipv6only=off` : String(port),
    upstream: 'kubernetes.default.svc:443',
    upstreamName: 'kubernetes.default.svc',
    upstreamCa: `${folders.ca}/ca.crt`,
    runFolder: folders.run,
    tls: undefined,
  });
  const parts = [
    wanted.createNamespace ? namespaceDocument(wanted.namespace) : undefined,
    configMap(wanted, config),
    deployment(wanted, config),
    service(wanted),
    wanted.route && routeManifest(routed(wanted), wanted.route),
  ];
  return parts.filter((part) => part !== undefined).join('---\n');
}

function routed({ namespace, name, prefix }: ProxyManifest): Routed {
  return { namespace, name, service: name, prefix, path: `${prefix}/api/v1/namespaces/` };
}

function configMap({ name, namespace }: ProxyManifest, config: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${scalar(name)}
  namespace: ${scalar(namespace)}
data:
  nginx.conf: |
${indent(config, 4)}`;
}

function deployment(wanted: ProxyManifest, config: string): string {
  const { name, namespace, image, replicas, route } = wanted;
  return `# It holds no credential: no ServiceAccount token is mounted, and none of its own is ever sent.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${scalar(name)}
  namespace: ${scalar(namespace)}
  labels:
    app.kubernetes.io/name: ${scalar(name)}
spec:
  replicas: ${replicas}
  selector:
    matchLabels:
      app.kubernetes.io/name: ${scalar(name)}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ${scalar(name)}${route?.kind === 'istio' ? noSidecar : ''}
      annotations:
        # Changes with the configuration, so that "kubectl apply" rolls the pods.
        sa-token/config: ${scalar(createHash('sha256').update(config).digest('hex').slice(0, 16))}
    spec:
${indent(podSpec(name, image), 6)}`;
}

/** A mesh-wide RequestAuthentication would meet the source token in the pod's sidecar too, after the gateway let it by. */
const noSidecar = `
        # A mesh-wide RequestAuthentication would refuse the source token once more in a sidecar.
        sidecar.istio.io/inject: "false"`;

function service({ name, namespace }: ProxyManifest): string {
  return `# Plain HTTP inside the cluster: TLS ends at what routes here. Do not expose this Service as it is.
apiVersion: v1
kind: Service
metadata:
  name: ${scalar(name)}
  namespace: ${scalar(namespace)}
  labels:
    app.kubernetes.io/name: ${scalar(name)}
spec:
  selector:
    app.kubernetes.io/name: ${scalar(name)}
  ports:
    - name: http
      port: 80
      targetPort: http
      appProtocol: http
`;
}

/** A port that needs no privilege. */
export const port = 8080;
/** Where the pod has its files. */
export const folders = { config: '/etc/sa-token-proxy', ca: '/etc/sa-token-proxy-ca', run: '/tmp' };

/** @param config - name of the ConfigMap with `nginx.conf` */
export function podSpec(config: string, image: string): string {
  return `automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 101
  runAsGroup: 101
  seccompProfile:
    type: RuntimeDefault
containers:
${indent(container(image), 2)}volumes:
  - name: config
    configMap:
      name: ${scalar(config)}
  # The CA of the API server: Kubernetes keeps this ConfigMap in every namespace.
  - name: cluster-ca
    configMap:
      name: kube-root-ca.crt
      items:
        - key: ca.crt
          path: ca.crt
  - name: run
    emptyDir:
      medium: Memory
      sizeLimit: 16Mi
`;
}

function container(image: string): string {
  return `- name: nginx
  image: ${scalar(image)}
  command: ["nginx", "-e", "stderr", "-c", "${folders.config}/nginx.conf"]
  ports:
    - name: http
      containerPort: ${port}
  readinessProbe:
    tcpSocket:
      port: http
  lifecycle:
    preStop:
      exec:
        # Until nothing is routed here any more; the image's stop signal then lets requests under way finish.
        command: ["sleep", "5"]
  resources:
    requests:
      cpu: 10m
      memory: 16Mi
    limits:
      memory: 64Mi
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop: ["ALL"]
  volumeMounts:
    - name: config
      mountPath: ${folders.config}
      readOnly: true
    - name: cluster-ca
      mountPath: ${folders.ca}
      readOnly: true
    - name: run
      mountPath: ${folders.run}
`;
}
