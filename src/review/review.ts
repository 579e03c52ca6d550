/** `review` as a use case: which token goes to which API server, and what to do about its answer. */
import { timeoutMs } from '../settings/table.ts';
import type { KubeConfig } from '@kubernetes/client-node';
import { clusterSettings, loadKubeConfig, type Access } from '../api/context.ts';
import { reviewToken, type Review } from '../api/token-review.ts';
import { sourceRefused, tokenRefused, unsafeCluster } from '../errors/api-server.ts';
import { forProfile, SaTokenError } from '../errors/error.ts';
import type { Host } from '../base/host.ts';
import type { Given } from '../settings/overrides.ts';
import { resolveSettings, type Resolved } from '../settings/resolve.ts';
import { identify } from '../credential/source-token.ts';
import { issuedToken } from '../credential/issued-token.ts';

export interface ReviewRequest {
  readonly access: Access;
  /** Whom the token has to be for; undefined: those that the profile asks for. */
  readonly audiences: readonly string[] | undefined;
  /** Look at the source token rather than the issued one. */
  readonly source: boolean;
}

/**
 * Has a token of a profile reviewed.
 *
 * @throws SaTokenError of the exchange, or of the API server that is asked
 */
export async function review(host: Host, given: Given, request: ReviewRequest): Promise<Review> {
  const settings = resolveSettings(host, given);
  const config = loadKubeConfig(host, request.access);
  const cluster = clusterSettings(host, config);
  if (request.source) refuseStranger(config, cluster, settings, request.access);
  const token = request.source
    ? (await identify(host, given, settings)).sourceToken
    : await issuedToken(host, given).catch((error: unknown) => {
        const refused = error instanceof SaTokenError && error.code === 'unauthorized';
        throw refused ? sourceRefused(error, given.profile, request.access.context) : error;
      });
  // The source token is for the API server alone, whatever its issued ones are for.
  const audiences = request.audiences ?? (request.source ? [] : (settings.audience ?? []));
  return reviewToken(host, config, token, audiences, timeoutMs(settings));
}

/**
 * A review that says no, as an error with what to do.
 *
 * @param name - of the token, as a message says it
 * @param profile - whose it is, where that is known
 * @throws SaTokenError `token-refused`
 */
export function requireAuthenticated(
  name: string,
  { authenticated, server, reason = '' }: Review,
  profile?: string,
): void {
  if (authenticated) return;
  const hint = remedies.find(([pattern]) => pattern.test(reason))?.[1];
  throw forProfile(tokenRefused(name, server, reason, hint ?? 'see the log of the API server'), profile);
}

/** The reasons of kubernetes/kubernetes pkg/serviceaccount/legacy.go, claims.go and jwt.go, and what helps. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [/target audiences/, 'it is for another audience: ask for that one with --audience, as its service would'],
  [/for which audience/, 'its answer cannot be relied on: it does not know audiences'],
  [
    /has expired/,
    'get a new one: kubectl sa-token get-token PROFILE --force-refresh; or log in again for the source',
  ],
  [/not valid yet/, 'the clocks of the servers differ'],
  [/marked invalid/, 'remove that label from the Secret, or log in with a new token'],
  [
    /UID|invalidated|server's copy|not found/,
    'its account or Secret was deleted: create that again, and log in with its token',
  ],
  [
    /invalid bearer token|invalid signature|no keys found|without a reason/,
    'it is of another cluster, or its keys were changed: check --context',
  ],
];

/**
 * The source token goes to its own cluster alone: the context has to be named for it, or to be at the address of the
 * profile's server, and its certificate has to be checked.
 */
function refuseStranger(config: KubeConfig, cluster: Resolved, settings: Resolved, access: Access): void {
  const { server } = cluster;
  const same = new URL(server).origin === new URL(settings.server).origin;
  if (!same && access.context === undefined)
    throw unsafeCluster(
      server,
      'the current context could be of another cluster, and the source token goes to its own alone',
      `if it is of this one, say so: --context ${config.getCurrentContext()}`,
    );
  if (cluster.insecureSkipTlsVerify === true && settings.insecureSkipTlsVerify !== true)
    throw unsafeCluster(
      server,
      'the context does not check the certificate, so the source token does not go there',
      'name another context with --context',
    );
}
