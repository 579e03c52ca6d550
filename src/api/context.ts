/** The kubeconfig that kubectl would use: its context, and address and TLS settings of that context's cluster. */
import { dirname } from 'node:path';
import { KubeConfig, type Cluster } from '@kubernetes/client-node';
import { messageOf } from '../errors/error.ts';
import { noContext, noKubeconfig } from '../errors/api-server.ts';
import { badKubeconfig } from '../errors/usage.ts';
import type { Host } from '../base/host.ts';
import { shortPath } from '../settings/paths.ts';
import { parseValue, type Settings } from '../settings/table.ts';
import { kubeconfigContents, kubeconfigFiles, type KubeconfigContent } from '../kubeconfig/files.ts';

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
  const files = kubeconfigContents(host, access.kubeconfig).map((each) => read(host, each));
  const config = new KubeConfig();
  if (files.length > 0)
    config.loadFromOptions({
      clusters: firstOfEach(files.flatMap(({ clusters }) => clusters)),
      users: firstOfEach(files.flatMap(({ users }) => users)),
      contexts: firstOfEach(files.flatMap(({ contexts }) => contexts)),
      currentContext: files.map(({ currentContext }) => currentContext).find(Boolean) ?? '',
    });
  else if (host.env['KUBERNETES_SERVICE_HOST']) config.loadFromCluster();
  else
    throw noKubeconfig(
      kubeconfigFiles(host, undefined)
        .map((file) => shortPath(file, host.home))
        .join(', '),
    );
  selectContext(host, config, access.context);
  return config;
}

/** An entry that lacks a part is in the way of its own contexts alone. */
function read(host: Host, { file, content }: KubeconfigContent): KubeConfig {
  const one = new KubeConfig();
  try {
    const whole = { clusters: [], users: [], contexts: [], 'current-context': '', ...content };
    one.loadFromString(JSON.stringify(whole), { onInvalidEntry: 'filter' });
    one.makePathsAbsolute(dirname(file));
    return one;
  } catch (error) {
    throw badKubeconfig(shortPath(file, host.home), messageOf(error), error);
  }
}

/** As client-go merges: the first that has a name wins. */
function firstOfEach<Entry extends { readonly name: string }>(list: readonly Entry[]): Entry[] {
  return list.filter(({ name }, index) => list.findIndex((other) => other.name === name) === index);
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
