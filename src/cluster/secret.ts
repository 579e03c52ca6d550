/** Reads a ServiceAccount's token from its Secret, as whoever the kubeconfig's context is. */
import { ApiException, CoreV1Api, type KubeConfig, type V1Secret } from '@kubernetes/client-node';
import { badUsage, emptySecret, noSecretToken } from '../failures/usage.ts';
import { notLoggedInThere } from '../failures/cluster.ts';
import type { Host } from '../host.ts';
import { callFailed, clusterOf, loadKubeConfig, reasonOf, type Access } from './access.ts';
import { within } from './patience.ts';

/**
 * @param secret - `NAMESPACE/NAME`
 * @throws SaTokenError `bad-usage`, `bad-kubeconfig`, `no-secret-token`, `kubeconfig-refused` or `api-failed`
 */
export async function readSecretToken(
  host: Host,
  secret: string,
  access: Access,
  milliseconds: number,
): Promise<string> {
  const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(secret) ?? [];
  if (namespace === undefined || name === undefined)
    throw badUsage('--from-secret takes NAMESPACE/NAME', 'login');
  const config = loadKubeConfig(host, access);
  const api = config.makeApiClient(CoreV1Api);
  let found: V1Secret;
  try {
    found = await api.readNamespacedSecret({ namespace, name }, within(milliseconds));
  } catch (error) {
    throw refusal(config, secret, error);
  }
  if (found.type !== 'kubernetes.io/service-account-token') {
    throw noSecretToken(
      secret,
      `it is of type ${found.type ?? 'none'}, not kubernetes.io/service-account-token`,
    );
  }
  const token = found.data?.['token'];
  if (token === undefined || token === '') throw emptySecret(secret);
  return Buffer.from(token, 'base64').toString('utf8');
}

/** Only a server that answered can have said something of the Secret. */
function refusal(config: KubeConfig, secret: string, error: unknown): Error {
  const { server } = clusterOf(config);
  if (!(error instanceof ApiException)) return callFailed(server, error);
  if (error.code === 401) return notLoggedInThere(server);
  return noSecretToken(secret, reasonOf(error), error);
}
