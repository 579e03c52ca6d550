/** The kubeconfig that kubectl would use: its context, and address and TLS settings of that context's cluster. */
import { dirname, resolve } from 'node:path';
import { KubeConfig, type Cluster } from '@kubernetes/client-node';
import { noContext, noKubeconfig } from '../errors/api-server.ts';
import { badKubeconfig } from '../errors/usage.ts';
import type { Host } from '../base/host.ts';
import { textAt } from '../base/json.ts';
import { shortPath } from '../settings/paths.ts';
import { parseValue, type Settings } from '../settings/table.ts';
import { kubeconfigFiles, readKubeconfigs, type Named } from '../kubeconfig/files.ts';

/** Which kubeconfig and which context of it. */
export interface Access {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/**
 * The kubeconfig as kubectl finds it: the flag, KUBECONFIG (a list, of which files may be missing), ~/.kube/config; in a
 * pod without one, the pod's own account.
 *
 * @throws SaTokenError `no-kubeconfig`, `bad-kubeconfig` or `no-context`
 */
export function loadKubeConfig(host: Host, access: Access): KubeConfig {
  const { users, contexts, clusters, current, files } = readKubeconfigs(host, access.kubeconfig);
  const config = new KubeConfig();
  if (files.length > 0) {
    const whole = {
      clusters: listOf(clusters, 'cluster'),
      users: listOf(users, 'user'),
      contexts: listOf(contexts, 'context'),
      'current-context': current ?? '',
    };
    // An entry that lacks a part is in the way of its own contexts alone.
    config.loadFromString(JSON.stringify(whole), { onInvalidEntry: 'filter' });
  } else if (host.env['KUBERNETES_SERVICE_HOST']) config.loadFromCluster();
  else
    throw noKubeconfig(
      kubeconfigFiles(host, undefined)
        .map((file) => shortPath(file, host.home))
        .join(', '),
    );
  selectContext(host, config, access.context);
  return config;
}

const paths = ['certificate-authority', 'client-certificate', 'client-key'];

/** As the library reads it; a relative path starts from the folder of its file. */
function listOf(entries: ReadonlyMap<string, Named>, key: string): object[] {
  return [...entries].map(([name, { file, value }]) => {
    const absolute = paths
      .filter((path) => textAt(value, path) !== undefined)
      .map((path) => [path, resolve(dirname(file), textAt(value, path) ?? '')]);
    return { name, [key]: { ...value, ...Object.fromEntries(absolute) } };
  });
}

/** Address and TLS settings of the context's cluster. */
export function clusterSettings(host: Host, config: KubeConfig): Settings & { readonly server: string } {
  const cluster = clusterOf(config);
  const place = { where: `kubeconfig cluster "${cluster.name}"`, folder: host.cwd, home: host.home };
  return {
    server: parseValue('server', cluster.server, place),
    ...(cluster.caFile === undefined ? {} : { certificateAuthority: cluster.caFile }),
    ...(cluster.caData === undefined ? {} : { certificateAuthorityData: cluster.caData }),
    ...(cluster.tlsServerName === undefined ? {} : { tlsServerName: cluster.tlsServerName }),
    ...(cluster.skipTLSVerify ? { insecureSkipTlsVerify: true } : {}),
    ...(cluster.proxyUrl === undefined ? {} : { proxyUrl: parseValue('proxyUrl', cluster.proxyUrl, place) }),
  };
}

/** The cluster of the context; `loadKubeConfig` has seen that there is one. */
export function clusterOf(config: KubeConfig): Cluster {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw noContext(config.getCurrentContext(), []);
  return cluster;
}

function selectContext(host: Host, config: KubeConfig, wanted: string | undefined): void {
  if (wanted !== undefined) config.setCurrentContext(wanted);
  const name = config.getCurrentContext();
  const known = config.getContexts().map((context) => context.name);
  const context = config.getContextObject(name);
  if (context === null) throw noContext(name, known);
  if (config.getCurrentCluster() === null)
    throw badKubeconfig(
      `context "${name}"`,
      `its cluster "${context.cluster}" is not there, or has no server`,
    );
  // Without any it is nobody, which kubectl allows.
  if (context.user && config.getCurrentUser() === null)
    throw badKubeconfig(`context "${name}"`, `its user "${context.user}" is not there`);
  host.trace(`kubeconfig: context ${name}, ${config.getCurrentCluster()?.server}`);
}
