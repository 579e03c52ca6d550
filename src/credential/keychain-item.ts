/** The keychain item that a profile's source token is in. Profiles of the same account and server share one. */
import { entryFile, prepareFolder } from '../entry/folder.ts';
import type { Host } from '../host.ts';
import { withLock } from '../lock.ts';
import { sourceKind } from '../source/source.ts';
import type { Settings } from '../settings/table.ts';
import { label, targetOf } from '../settings/target.ts';

/** The account of the item, `NAMESPACE/SERVICEACCOUNT@SERVER`; undefined where the profile has none. */
export function keychainAccount(settings: Settings): string | undefined {
  const { server, namespace, 'service-account': serviceAccount } = settings;
  if (sourceKind(settings) !== 'keychain') return undefined;
  if (server === undefined || namespace === undefined || serviceAccount === undefined) return undefined;
  return label(targetOf(settings));
}

/** A profile among these that the item is for. */
export function sharerOf(
  account: string,
  profiles: Iterable<readonly [string, Settings]>,
): string | undefined {
  for (const [name, settings] of profiles) if (keychainAccount(settings) === account) return name;
  return undefined;
}

/**
 * Runs what changes keychain and profiles together: of two at once, one would remove the item that the other relies on,
 * or both leave it to each other.
 */
export function whileNobodyLogsIn<T>(host: Host, work: () => Promise<T>): Promise<T> {
  prepareFolder(host);
  return withLock(host, entryFile(host, '@login', 'lock'), work);
}
