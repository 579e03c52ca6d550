/** Whom a call acts as and where it asks: the target, and the digest that tells one token's settings from another's. */
import { createHash } from 'node:crypto';
import { missingSetting } from '../failures/usage.ts';
import { settingNames, table, type SettingName, type Settings } from './table.ts';

/** Where a call goes that is for no account. */
export interface Endpoint {
  /** Base address without a slash at its end, e.g. `https://HOST/kubernetes`. */
  readonly server: string;
}

export interface Target extends Endpoint {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** `NAMESPACE/SERVICEACCOUNT@SERVER`: how a target is named in messages, and the keychain account of its source token. */
export function label(target: Target): string {
  return `${target.namespace}/${target.serviceAccount}@${target.server}`;
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
  const serviceAccount = settings['service-account'] ?? claims.serviceAccount;
  const hint =
    'the source token does not say it either (is it a whole JWT, and not base64 of one?): give it as a flag or in the profile';
  if (server === undefined) throw missingSetting('server', 'the call', 'give it as a flag or in the profile');
  if (namespace === undefined) throw missingSetting('namespace', 'the call', hint);
  if (serviceAccount === undefined) throw missingSetting('service-account', 'the call', hint);
  return { server, namespace, serviceAccount };
}

/**
 * Digest of every setting that changes the issued token, and of the source token.
 *
 * @returns 64 hexadecimal digits
 */
export function digestOf(settings: Settings, target: Target, sourceToken: string): string {
  // Server and account are in the label, whoever named them: the settings, or the token's claims at a login.
  const inLabel = new Set<SettingName>(['server', 'namespace', 'service-account']);
  const parts = settingNames
    .filter((name) => table[name].changesToken && !inLabel.has(name))
    .map((name) => [name, settings[name] ?? null]);
  // The version comes first, so that a change of what is hashed can never meet an old digest.
  return createHash('sha256')
    .update(JSON.stringify(['v1', label(target), parts, sourceToken]))
    .digest('hex');
}
