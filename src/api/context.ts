/** The kubeconfig that kubectl would use: its context, and address and TLS settings of that context's cluster. */
import { readFileSync, statSync } from 'node:fs';
import { KubeConfig, type Cluster } from '@kubernetes/client-node';
import { parseDocument } from 'yaml';
import { messageOf } from '../errors/error.ts';
import { noContext, noKubeconfig } from '../errors/api-server.ts';
import { badKubeconfig } from '../errors/usage.ts';
import type { Host } from '../base/host.ts';
import { shortPath } from '../settings/paths.ts';
import { parseValue, type Settings } from '../settings/table.ts';
import { kubeconfigFiles } from '../kubeconfig/files.ts';

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
  const files = kubeconfigFiles(host, access.kubeconfig);
  const existing = files.filter((file) => statSync(file, { throwIfNoEntry: false }) !== undefined);
  const config = new KubeConfig();
  if (existing.length > 0) for (const file of existing) addFile(host, config, file);
  else if (access.kubeconfig === undefined && host.env['KUBERNETES_SERVICE_HOST']) config.loadFromCluster();
  else throw noKubeconfig(files.map((file) => shortPath(file, host.home)).join(', '));
  selectContext(host, config, access.context);
  return config;
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

/** As client-go merges: the first file that names something wins. */
function addFile(host: Host, config: KubeConfig, file: string): void {
  const one = readFile(host, file);
  config.clusters = [...(config.clusters ?? []), ...one.clusters.filter(isNewIn(config.clusters))];
  config.users = [...(config.users ?? []), ...one.users.filter(isNewIn(config.users))];
  config.contexts = [...(config.contexts ?? []), ...one.contexts.filter(isNewIn(config.contexts))];
  config.currentContext ||= one.currentContext;
}

/** A file without content names nothing; an entry that lacks a part is in the way of its own contexts alone. */
function readFile(host: Host, file: string): KubeConfig {
  const one = new KubeConfig();
  one.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: '' });
  try {
    const document = parseDocument(readFileSync(file, 'utf8'));
    if (document.errors.length > 0 || document.toJS() !== null)
      one.loadFromFile(file, { onInvalidEntry: 'filter' });
  } catch (error) {
    throw badKubeconfig(shortPath(file, host.home), messageOf(error), error);
  }
  one.currentContext ??= '';
  return one;
}

interface Named {
  readonly name: string;
}

function isNewIn(known: readonly Named[] | undefined): (entry: Named) => boolean {
  return ({ name }) => known === undefined || known.every((other) => other.name !== name);
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
