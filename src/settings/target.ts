/** Whom a call acts as and where it asks: the target, and the digest that tells one token's settings from another's. */
import { missingSetting } from '../errors/usage.ts';
import type { Settings } from './table.ts';

/** Where a call goes that is for no account. */
export interface Endpoint {
  /** Base address without a slash at its end, e.g. `https://HOST/kubernetes`. */
  readonly server: string;
}

export interface Target extends Endpoint {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/**
 * How messages name where a call goes: `NAMESPACE/SERVICEACCOUNT@SERVER`, which was the keychain account of the source
 * token up to version 0.1.0; the server's address where the call is for no account.
 */
export function label({ server, namespace, serviceAccount }: Endpoint & Partial<Target>): string {
  return namespace === undefined || serviceAccount === undefined
    ? server
    : `${namespace}/${serviceAccount}@${server}`;
}

/**
 * The target that settings name; what they leave out is taken from the source token's claims.
 *
 * @throws SaTokenError `missing-setting` where neither says it
 */
export function targetOf(
  settings: Settings,
  claims: { namespace?: string | undefined; serviceAccount?: string | undefined } = {},
): Target {
  const { server } = settings;
  const namespace = settings.namespace ?? claims.namespace;
  const serviceAccount = settings.serviceAccount ?? claims.serviceAccount;
  const hint =
    'the source token does not say it either (is it a whole JWT, and not base64 of one?): give it as a flag or in the profile';
  if (server === undefined) throw missingSetting('server', 'the call', 'give it as a flag or in the profile');
  if (namespace === undefined) throw missingSetting('namespace', 'the call', hint);
  if (serviceAccount === undefined) throw missingSetting('service-account', 'the call', hint);
  return { server, namespace, serviceAccount };
}
