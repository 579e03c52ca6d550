/** The keys of the issuer through its API server, as whoever the kubeconfig's context is. */
import { OpenidApi, type KubeConfig } from '@kubernetes/client-node';
import { badKeys, keysUnreachableThere } from '../failures/cluster.ts';
import { readKeySet, type IssuerKeys } from '../source/signature.ts';
import { callFailed, clusterOf, missingPlugin, reasonOf } from './access.ts';
import { within } from './patience.ts';

/**
 * Asks for /openid/v1/jwks, which every ServiceAccount may and others by system:service-account-issuer-discovery.
 *
 * @throws SaTokenError `keys-unreachable`, `bad-keys`
 */
export async function keysOfCluster(config: KubeConfig, milliseconds: number): Promise<IssuerKeys> {
  const place = `${clusterOf(config).server}/openid/v1/jwks`;
  let text: unknown;
  try {
    const api = config.makeApiClient(OpenidApi);
    text = await api.getServiceAccountIssuerOpenIDKeyset({}, within(milliseconds));
  } catch (error) {
    if (missingPlugin(error) !== undefined) throw callFailed(clusterOf(config).server, error);
    throw keysUnreachableThere(place, reasonOf(error), error);
  }
  const keys = readKeySet(typeof text === 'string' ? text : JSON.stringify(text));
  if (keys === undefined) throw badKeys(place, 'the answer is no JSON Web Key Set');
  return { keys, place };
}
