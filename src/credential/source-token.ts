/** Who acts, and with what: the source token of a call, and the account that it asks for. */
import type { Host } from '../base/host.ts';
import { digestOf } from '../cache/key.ts';
import { notLoggedIn } from '../errors/usage.ts';
import type { Given } from '../settings/overrides.ts';
import type { Resolved } from '../settings/resolve.ts';
import { label, targetOf, type Target } from '../settings/target.ts';
import { openSource } from '../source/open.ts';
import type { SourceToken } from '../source/source.ts';
import { readClaims } from '../token/claims.ts';

export interface Identity {
  readonly target: Target;
  readonly sourceToken: SourceToken;
  /** Of every setting that changes the issued token, and of the source token. */
  readonly digest: string;
  /** Where the source token was read, for messages. */
  readonly place: string;
}

/**
 * Reads the source token.
 *
 * @throws SaTokenError `not-logged-in`, `keychain-unavailable`, `missing-setting` and what else a source may throw
 */
export async function identify(host: Host, given: Given, settings: Resolved): Promise<Identity> {
  const source = await openSource(host, given.profile, settings);
  host.trace(`source token: reading ${source.place}`);
  const sourceToken = await source.read();
  if (sourceToken === undefined) {
    const who = given.profile ?? label(settings);
    const login = given.profile !== undefined && source.place === 'keychain';
    throw notLoggedIn(who, source.place, login ? `kubectl sa-token login ${who}` : `check what writes it`);
  }
  const target = targetOf(settings, readClaims(sourceToken));
  return { target, sourceToken, digest: digestOf(settings, label(target), sourceToken), place: source.place };
}
