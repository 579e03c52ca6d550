/** What is known of each profile without opening a keychain, running a command or asking a server. */
import { isOfProfileFile, readEntry, type Entry } from '../cache/entry.ts';
import { describe, SaTokenError } from '../errors/error.ts';
import { timestamp, tokenIn } from '../exec/credential.ts';
import type { Host } from '../base/host.ts';
import { shortPath } from '../settings/paths.ts';
import { eachProfile, readProfiles } from '../settings/profiles.ts';
import type { Settings } from '../settings/table.ts';
import { sourceKind } from '../source/source.ts';
import { notedProfiles } from '../source/stored-token.ts';
import { reportToken } from '../token/report.ts';
import { shortened } from '../token/warnings.ts';

export interface ProfileSummary {
  readonly name: string;
  /** What is wrong with the profile, with file and line; nothing else is known of it then. */
  readonly problem?: string;
  readonly server: string | undefined;
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly audiences: readonly string[];
  /** Life asked for, seconds. */
  readonly duration: number | undefined;
  /** `keychain`, `file PATH`, `command` or `env NAME`. */
  readonly source: string;
  readonly insecure: boolean;
  /** The entry, if there is one. */
  readonly cached: { readonly expirationTimestamp: string; readonly secondsLeft: number } | undefined;
  /** Warnings for people. */
  readonly warnings: readonly string[];
}

/** Of a profile whose server proves nothing. */
export const insecureWarning =
  'insecure-skip-tls-verify: whoever answers at that address gets the source token';

/** All profiles in the file's order, those with a mistake too. Throws as `readProfiles`. */
export function summarize(host: Host): ProfileSummary[] {
  return [...eachProfile(host)].map(([name, found]) => {
    const settings = found instanceof SaTokenError ? {} : found;
    const entry = readEntry(host, name);
    return {
      name,
      ...(found instanceof SaTokenError ? { problem: describe(found) } : {}),
      server: settings.server,
      namespace: settings.namespace,
      serviceAccount: settings.serviceAccount,
      audiences: settings.audience ?? [],
      duration: settings.duration,
      source: found instanceof SaTokenError ? '?' : describeSource(host, settings),
      insecure: settings.insecureSkipTlsVerify === true,
      cached: entry && {
        expirationTimestamp: timestamp(entry.expires),
        secondsLeft: Math.floor(entry.expires - host.now() / 1000),
      },
      warnings: warningsOf(host, settings, entry),
    };
  });
}

/** Profiles that are gone and whose tokens are stored, by the notes of this machine. */
export function orphans(host: Host): string[] {
  const known = readProfiles(host);
  return notedProfiles(host).filter((name) => !known.has(name));
}

function warningsOf(host: Host, settings: Settings, entry: Entry | undefined): string[] {
  const warnings: string[] = [];
  if (settings.insecureSkipTlsVerify === true) warnings.push(insecureWarning);
  // One from before the last change of the profiles may have been asked for otherwise.
  if (entry !== undefined && isOfProfileFile(host, entry.profile)) {
    const short = shortened(reportToken(tokenIn(entry.credential), 'cached', host.now() / 1000), settings);
    if (short !== undefined) warnings.push(`cached token: ${short}`);
  }
  return warnings;
}

function describeSource(host: Host, settings: Settings): string {
  const kind = sourceKind(settings);
  if (kind === 'file') return `file ${shortPath(settings.sourceFile ?? '', host.home)}`;
  return kind === 'env' ? `env ${settings.sourceEnv}` : kind;
}
