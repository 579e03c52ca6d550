/** Who acts, and with what: the source token of a call, and the account that it asks for. */
import { missingSetting, noSource, notLoggedIn } from '../failures/usage.ts';
import type { Host } from '../host.ts';
import type { Given } from '../settings/given.ts';
import type { Resolved } from '../settings/resolve.ts';
import { digestOf, label, targetOf, type Target } from '../settings/target.ts';
import { readClaims } from '../source/claims.ts';
import { openSource, sourceKind } from '../source/source.ts';

export interface Identity {
  readonly target: Target;
  readonly sourceToken: string;
  /** Of every setting that changes the issued token, and of the source token. */
  readonly digest: string;
  /** Where the source token was read, in words. */
  readonly place: string;
}

/**
 * Reads the source token.
 *
 * @throws SaTokenError `not-logged-in`, `keychain-unavailable`, `missing-setting` and what else a source may throw
 */
export async function identify(host: Host, given: Given, settings: Resolved): Promise<Identity> {
  // A keychain item is found by its target; other sources may name the target in their token's claims.
  const account = sourceKind(settings) === 'keychain' ? label(keychainTarget(given, settings)) : '';
  const source = await openSource(host, settings, account);
  host.trace(`source token: reading ${source.place}`);
  const sourceToken = await source.read();
  if (sourceToken === undefined) {
    const login = `kubectl sa-token login ${given.profile ?? 'PROFILE'} --server ${settings.server}`;
    const inKeychain = source.place === 'keychain';
    const hint = inKeychain ? `log in: ${login}` : 'see what should have put it there';
    // A server or account that was changed by hand is another item.
    const place = inKeychain && given.profile !== undefined ? `keychain for ${account}` : source.place;
    throw notLoggedIn(given.profile ?? whoOf(settings), place, hint);
  }
  const target = targetOf(settings, readClaims(sourceToken));
  return { target, sourceToken, digest: digestOf(settings, target, sourceToken), place: source.place };
}

/** @throws SaTokenError `missing-setting`: no token of the keychain can be meant, so none is asked what it says */
function keychainTarget({ profile }: Given, settings: Resolved): Target {
  const missing = (['namespace', 'service-account'] as const).find((name) => settings[name] === undefined);
  if (missing === undefined) return targetOf(settings);
  if (profile === undefined) throw noSource();
  const login = `log in, which finds it in the token: kubectl sa-token login ${profile}`;
  throw missingSetting(missing, `profile "${profile}"`, login);
}

/** The account as far as the settings name it: what they leave out only the missing token could have told. */
function whoOf({ server, namespace, 'service-account': serviceAccount }: Resolved): string {
  if (namespace === undefined || serviceAccount === undefined) return server;
  return label({ server, namespace, serviceAccount });
}
