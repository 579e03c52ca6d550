/** `whoami` as a use case: the issued token goes to the API server of a context that was named, or to the profile's server. */
import type { Access } from '../api/context.ts';
import { codeOf } from '../errors/error.ts';
import { reviewSelf, type Self } from '../api/self-review.ts';
import { selfRefused } from '../errors/api-server.ts';
import type { Host } from '../base/host.ts';
import type { Given } from '../settings/overrides.ts';
import { resolveSettings } from '../settings/resolve.ts';
import type { Settings } from '../settings/table.ts';
import { issuedToken } from '../credential/issued-token.ts';

/** @throws SaTokenError of the exchange, or of the API server that is asked */
export async function whoAmI(host: Host, given: Given, access: Access): Promise<Self> {
  const settings = resolveSettings(host, given);
  const named = access.kubeconfig !== undefined || access.context !== undefined;
  // How long to wait is the caller's to say; all else is the cluster's.
  const { timeout } = settings;
  const cluster = named
    ? { ...(await namedCluster(host, access)), ...(timeout === undefined ? {} : { timeout }) }
    : settings;
  const token = await issuedToken(host, given);
  return reviewSelf(host, cluster, token).catch((error: unknown) => {
    const refused = codeOf(error) === 'issued-token-refused';
    const { kubeconfig } = access;
    throw refused
      ? selfRefused(cluster.server, { profile: given.profile, kubeconfig, audience: settings.audience })
      : error;
  });
}

async function namedCluster(host: Host, access: Access): Promise<Settings & { readonly server: string }> {
  const { clusterSettings, loadKubeConfig } = await import('../api/context.ts');
  return clusterSettings(host, loadKubeConfig(host, access));
}
