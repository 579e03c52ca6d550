/** The command lines of the two servers. Both run in their private folder, so every file is named relative to it. */

/** What kubeadm's API servers call themselves. */
const ISSUER = 'https://kubernetes.default.svc.cluster.local';

/** A socket takes no port and, in a private folder, lets nobody else in; without fsync etcd starts at once. */
export function etcdFlags(): string[] {
  return [
    '--name=control-plane',
    '--data-dir=etcd',
    '--listen-client-urls=unix://etcd.sock',
    '--advertise-client-urls=unix://etcd.sock',
    '--listen-peer-urls=http://127.0.0.1:0',
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

export interface ApiServerOptions {
  /** The server's cap on the life of a token, in Go's notation (at least 1h). */
  maxTokenExpiration?: string;
  /** `url` makes the server's own URL its issuer, where its keys can be found from outside the cluster. */
  issuer?: 'cluster' | 'url';
  /** More flags; a repeated one wins over those below, unless it is a list. */
  extraFlags?: string[];
}

/** Issuer and only audience of the tokens that the server at `url` issues by default. */
export function issuerOf(url: string, { issuer = 'cluster' }: ApiServerOptions): string {
  return issuer === 'url' ? url : ISSUER;
}

export function apiServerFlags(url: string, options: ApiServerOptions): string[] {
  const { maxTokenExpiration, extraFlags = [] } = options;
  return [
    '--bind-address=127.0.0.1',
    `--secure-port=${new URL(url).port}`,
    // Where it says its keys are: else at this machine's outer address.
    '--external-hostname=127.0.0.1',
    // Without endpoints for the kubernetes Service, which may not be loopback addresses.
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--etcd-servers=unix://etcd.sock',
    '--tls-cert-file=server.crt',
    '--tls-private-key-file=server.key',
    '--client-ca-file=ca.crt',
    '--service-account-key-file=sa.pub',
    '--service-account-signing-key-file=sa.key',
    `--service-account-issuer=${issuerOf(url, options)}`,
    ...(maxTokenExpiration === undefined
      ? []
      : [`--service-account-max-token-expiration=${maxTokenExpiration}`]),
    '--authorization-mode=RBAC',
    '--anonymous-auth=true',
    '--audit-log-path=audit.log',
    '--audit-policy-file=audit-policy.json',
    ...extraFlags,
  ];
}
