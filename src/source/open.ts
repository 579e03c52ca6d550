/** The source that settings name. Only the kind in use is loaded. */
import { noSource } from '../failures/usage.ts';
import type { Host } from '../host.ts';
import type { Resolved } from '../settings/resolve.ts';
import type { Source } from './source.ts';

/**
 * @param profile - its item, where the source is the keychain
 * @throws SaTokenError `missing-setting` for a call without a profile and without a source: it never opens the keychain
 */
export async function openSource(
  host: Host,
  profile: string | undefined,
  settings: Resolved,
): Promise<Source> {
  if (settings['source-file'] !== undefined)
    return (await import('./file.ts')).fileSource(host, settings['source-file']);
  if (settings['source-command'] !== undefined)
    return (await import('./command.ts')).commandSource(host, settings['source-command']);
  if (settings['source-env'] !== undefined)
    return (await import('./env.ts')).envSource(host, settings['source-env']);
  if (profile === undefined) throw noSource();
  return (await import('./stored-token.ts')).storedSource(host, profile, settings);
}
