/** Whose keys a token's signature is held against. */
import { timeoutMs, type Settings } from '../settings/table.ts';
import type { Access } from '../api/context.ts';
import { unknownIssuer } from '../errors/api-server.ts';
import type { Host } from '../base/host.ts';
import { isSafeAddress } from '../settings/parse.ts';
import type { IssuerKeys } from '../token/signature.ts';

/** At most one is given; with neither it is the issuer that the token itself names. */
export interface KeySource {
  /** Through the API server, as the kubeconfig's user. */
  readonly access: Access | undefined;
  /** URL of the issuer. */
  readonly issuer: string | undefined;
}

/**
 * @param issuers - `iss` of the tokens
 * @param settings - how to reach the profile's own server, if there is one, and how long to wait
 * @throws SaTokenError `unknown-issuer`, `keys-unreachable`, `bad-keys`, or of the kubeconfig and its user
 */
export async function findKeys(
  host: Host,
  source: KeySource,
  issuers: readonly string[],
  settings: Settings,
): Promise<IssuerKeys> {
  // Late, for it brings along the library that reads kubeconfigs.
  const { keysOfCluster, keysOfIssuer } = await import('../api/jwks.ts');
  if (source.access !== undefined) {
    const { loadKubeConfig } = await import('../api/context.ts');
    return keysOfCluster(host, loadKubeConfig(host, source.access), timeoutMs(settings));
  }
  if (source.issuer !== undefined) return keysOfIssuer(host, settings, source.issuer);
  const issuer = issuers.find(isSafeAddress);
  if (issuer === undefined) throw unknownIssuer(issuers[0] ?? '');
  return { ...(await keysOfIssuer(host, settings, issuer)), selfNamed: true };
}
