/** Which of the ways to an issuer's keys is taken. */
import { timeoutMs, type Settings } from '../settings/table.ts';
import type { Access } from '../cluster/access.ts';
import { keysAt, keysOfIssuer } from '../exchange/issuer-keys.ts';
import { unknownIssuer } from '../failures/cluster.ts';
import type { Host } from '../host.ts';
import { isSafeAddress } from '../settings/addresses.ts';
import type { IssuerKeys } from '../source/signature.ts';

/** The first that is given counts; with none of them, the address of the issuer in the tokens. */
export interface KeySource {
  /** Through the API server, as the kubeconfig's user. */
  readonly access: Access | undefined;
  /** URL of the key set. */
  readonly keys: string | undefined;
  /** URL of the issuer. */
  readonly issuer: string | undefined;
}

/**
 * @param issuers - `iss` of the tokens
 * @param settings - how to reach the profile's own server, if there is one, and how long to wait
 * @throws SaTokenError `unknown-issuer`, `keys-unreachable`, `bad-keys`, or of the kubeconfig
 */
export async function findKeys(
  host: Host,
  source: KeySource,
  issuers: readonly string[],
  settings: Settings,
): Promise<IssuerKeys> {
  if (source.access !== undefined) {
    const { loadKubeConfig } = await import('../cluster/access.ts');
    const { keysOfCluster } = await import('../cluster/issuer-keys.ts');
    const milliseconds = timeoutMs(settings);
    return keysOfCluster(loadKubeConfig(host, source.access), milliseconds);
  }
  if (source.keys !== undefined) return keysAt(host, settings, source.keys);
  const issuer = source.issuer ?? issuers.find(isSafeAddress);
  if (issuer === undefined) throw unknownIssuer(issuers[0] ?? '');
  return keysOfIssuer(host, settings, issuer);
}
