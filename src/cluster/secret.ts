/** Reads a ServiceAccount's token from its Secret, as whoever the kubeconfig's context is. */
import { ApiException, CoreV1Api, KubeConfig, type V1Secret } from '@kubernetes/client-node';
import { badKubeconfig, badUsage, noSecretToken } from '../failures/usage.ts';
import { messageOf } from '../errors.ts';
import { parseJson, textAt } from '../json.ts';
import type { Host } from '../host.ts';
import { resolvePath } from '../settings/paths.ts';

export interface Access {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

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

/** The kubeconfig as kubectl finds it: the flag, KUBECONFIG (a list), ~/.kube/config. */
export function loadKubeConfig(host: Host, access: Access): KubeConfig {
  const config = new KubeConfig();
  const shown = access.kubeconfig ?? host.env['KUBECONFIG'] ?? '~/.kube/config';
  try {
    if (access.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(resolvePath(access.kubeconfig, host.cwd, host.home));
  } catch (error) {
    throw badKubeconfig(shown, `cannot be used (${messageOf(error)})`, error);
  }
  if (access.context !== undefined) config.setCurrentContext(access.context);
  if (config.getContextObject(config.getCurrentContext()) === null) {
    throw badKubeconfig(shown, `has no context "${config.getCurrentContext()}"`);
  }
  if (config.getCurrentCluster() === null)
    throw badKubeconfig(shown, 'the context names no cluster that is there');
  return config;
}

/** The Status in the body of a refused call, else what the connection failed with. */
function reasonOf(error: unknown): string {
  if (error instanceof ApiException) {
    const status = typeof error.body === 'string' ? parseJson(error.body) : error.body;
    return textAt(status, 'message') ?? `the API server answered ${error.code}`;
  }
  return messageOf(error instanceof Error && error.cause instanceof Error ? error.cause : error);
}
