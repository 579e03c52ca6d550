/** Reads a ServiceAccount's token from its Secret, as whoever the kubeconfig's context is. */
import { loadKubeConfig, type Access } from './context.ts';
import { badUsage, noSecretToken } from '../errors/usage.ts';
import type { Host } from '../base/host.ts';
import { objectAt, textAt } from '../base/json.ts';
import { askAsUser } from './client.ts';

/**
 * @param secret - `NAMESPACE/NAME`
 * @throws SaTokenError `bad-usage`, `bad-kubeconfig`, `no-secret-token`, or of the call
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
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  const call = { method: 'GET', path, milliseconds } as const;
  const { status, content, reason } = await askAsUser(host, loadKubeConfig(host, access), call);
  if (status !== 200) throw noSecretToken(secret, reason);
  const type = textAt(content, 'type');
  if (type !== 'kubernetes.io/service-account-token') {
    throw noSecretToken(secret, `it is of type ${type ?? 'none'}, not kubernetes.io/service-account-token`);
  }
  const token = textAt(objectAt(content, 'data'), 'token');
  if (token === undefined)
    throw noSecretToken(secret, 'it holds no token yet', 'the control plane fills it: try again in a moment');
  return Buffer.from(token, 'base64').toString('utf8');
}
