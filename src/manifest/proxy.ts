/** The `/kubernetes` proxy as Deployment, Service and ConfigMap: the part that enforces. Routes to it are in routes.ts. */
import { createHash } from 'node:crypto';
import { namespaceDocument } from './account.ts';
import { folders, nginxConfig, port } from './nginx.ts';
import { name, routeManifest, type Route } from './routes.ts';
import { head, indent, scalar } from './yaml.ts';

export interface ProxyManifest {
  readonly namespace: string;
  readonly createNamespace: boolean;
  /** Before `/api`, without a slash at its end; '' for none. */
  readonly prefix: string;
  readonly image: string;
  readonly ipv6: boolean;
  readonly route: Route | undefined;
}

/** All documents, in the order in which they are to be applied. */
export function proxyManifest(wanted: ProxyManifest): string {
  const config = nginxConfig(wanted.prefix, wanted.ipv6);
  const parts = [
    wanted.createNamespace ? namespaceDocument(wanted.namespace) : undefined,
    configMap(wanted, config),
    deployment(wanted, config),
    service(wanted),
    wanted.route && routeManifest(wanted, wanted.route),
  ];
  return parts.filter((part) => part !== undefined).join('---\n');
}

function configMap({ namespace }: ProxyManifest, config: string): string {
  return `${head('v1', 'ConfigMap', name, namespace)}data:
  nginx.conf: |
${indent(config, 4)}`;
}

function deployment(wanted: ProxyManifest, config: string): string {
  const { namespace, image, route } = wanted;
  return `# It holds no credential: no ServiceAccount token is mounted, and none of its own is ever sent.
${head('apps/v1', 'Deployment', name, namespace)}  labels:
    app.kubernetes.io/name: ${name}
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ${name}${route?.kind === 'istio' ? noSidecar : ''}
      annotations:
        # Changes with the configuration, so that "kubectl apply" rolls the pods.
        sa-token/config: ${scalar(createHash('sha256').update(config).digest('hex').slice(0, 16))}
    spec:
${indent(podSpec(image), 6)}`;
}

/** A mesh-wide RequestAuthentication would meet the source token in the pod's sidecar too, after the gateway let it by. */
const noSidecar = `
        # A mesh-wide RequestAuthentication would refuse the source token once more in a sidecar.
        sidecar.istio.io/inject: "false"`;

function service({ namespace }: ProxyManifest): string {
  return `# Plain HTTP inside the cluster: TLS ends at what routes here. Do not expose this Service as it is.
${head('v1', 'Service', name, namespace)}  labels:
    app.kubernetes.io/name: ${name}
spec:
  selector:
    app.kubernetes.io/name: ${name}
  ports:
    - name: http
      port: 80
      targetPort: http
      appProtocol: http
`;
}

function podSpec(image: string): string {
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
      name: ${name}
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
