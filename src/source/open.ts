/** The source that settings name. Only the kind in use is loaded. */
import { readTextFile, refuseForeignWriters } from '../base/config-file.ts';
import type { Host } from '../base/host.ts';
import { noSource } from '../errors/usage.ts';
import { shortPath } from '../settings/paths.ts';
import type { Resolved } from '../settings/resolve.ts';
import { type Source, cleanToken } from './source.ts';

/**
 * @param profile - its item, where the source is the keychain
 * @throws SaTokenError `missing-setting` for a call without a profile and without a source: it never opens the keychain
 */
export async function openSource(
  host: Host,
  profile: string | undefined,
  settings: Resolved,
): Promise<Source> {
  if (settings.sourceFile !== undefined) return fileSource(host, settings.sourceFile);
  if (settings.sourceCommand !== undefined)
    return (await import('./command.ts')).commandSource(host, settings.sourceCommand);
  if (settings.sourceEnv !== undefined) return envSource(host, settings.sourceEnv);
  if (profile === undefined) throw noSource();
  return (await import('./stored-token.ts')).storedSource(host, profile, settings);
}

export function envSource(host: Host, variable: string): Source {
  const place = `environment variable ${variable}`;
  return {
    place,
    read: async () => cleanToken(host.env[variable] ?? '', place),
  };
}

export function fileSource(host: Host, path: string): Source {
  const place = `file ${shortPath(path, host.home)}`;
  return {
    place,
    read: async () => {
      refuseForeignWriters(host, path, 'keep the token in a file of your own');
      const text = readTextFile('source-file', path, shortPath(path, host.home));
      return text === undefined ? undefined : cleanToken(text, place);
    },
  };
}
