/** The pod of the proxy: nginx without root, without a credential, without a file system to write to. */
import { indent } from './manifests-nginx.ts';
import { scalar } from './yaml-text.ts';

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
