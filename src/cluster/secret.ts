/** Reads a ServiceAccount's token from its Secret, as whoever the kubeconfig's context is. */
import { CoreV1Api, type V1Secret } from '@kubernetes/client-node';
import { badUsage, noSecretToken } from '../failures/usage.ts';
import type { Host } from '../host.ts';
import { loadKubeConfig, reasonOf, type Access } from './access.ts';

/**
 * @param secret - `NAMESPACE/NAME`
 * @throws SaTokenError `bad-usage`, `bad-kubeconfig` or `no-secret-token`
 */
export async function readSecretToken(host: Host, secret: string, access: Access): Promise<string> {
  const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(secret) ?? [];
  if (namespace === undefined || name === undefined)
    throw badUsage('--from-secret takes NAMESPACE/NAME', 'login');
  const api = loadKubeConfig(host, access).makeApiClient(CoreV1Api);
  let found: V1Secret;
  try {
    found = await api.readNamespacedSecret({ namespace, name });
  } catch (error) {
    throw noSecretToken(secret, reasonOf(error), error);
  }
  if (found.type !== 'kubernetes.io/service-account-token') {
    throw noSecretToken(
      secret,
      `it is of type ${found.type ?? 'none'}, not kubernetes.io/service-account-token`,
    );
  }
  const token = found.data?.['token'];
  if (token === undefined || token === '')
    throw noSecretToken(secret, 'it holds no token yet; the control plane fills it in a moment');
  return Buffer.from(token, 'base64').toString('utf8');
}
