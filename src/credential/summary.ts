/** What is known of each profile without opening a keychain, running a command or asking a server. */
import { listEntries, readEntry } from '../entry/entry.ts';
import { timestamp } from '../entry/exec-credential.ts';
import type { Host } from '../host.ts';
import { objectAt, parseJson, textAt } from '../json.ts';
import { shortPath } from '../settings/paths.ts';
import { readProfiles } from '../settings/profiles.ts';
import type { Settings } from '../settings/table.ts';
import { readClaims } from '../source/claims.ts';
import { sourceKind } from '../source/source.ts';

export interface ProfileSummary {
  readonly name: string;
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
}

/** All profiles in the file's order. Throws as `readProfiles`. */
export function summarize(host: Host): ProfileSummary[] {
  return [...readProfiles(host)].map(([name, settings]) => ({
    name,
    server: settings.server,
    namespace: settings.namespace,
    serviceAccount: settings['service-account'],
    audiences: settings.audience ?? [],
    duration: settings.duration,
    source: describeSource(host, settings),
    insecure: settings['insecure-skip-tls-verify'] === true,
    cached: cachedOf(host, name),
  }));
}

function cachedOf(host: Host, name: string): ProfileSummary['cached'] {
  const entry = readEntry(host, name);
  if (entry === undefined) return undefined;
  return {
    expirationTimestamp: timestamp(entry.expires),
    secondsLeft: Math.floor(entry.expires - host.now() / 1000),
  };
}

function describeSource(host: Host, settings: Settings): string {
  const kind = sourceKind(settings);
  if (kind === 'file') return `file ${shortPath(settings['source-file'] ?? '', host.home)}`;
  return kind === 'env' ? `env ${settings['source-env']}` : kind;
}

/** Audiences of the profiles and of the cached tokens, for completion. */
export function seenAudiences(host: Host): string[] {
  const configured = [...readProfiles(host).values()].flatMap((settings) => settings.audience ?? []);
  const cached = listEntries(host).flatMap((name) => {
    const token = textAt(objectAt(parseJson(readEntry(host, name)?.credential ?? ''), 'status'), 'token');
    return token === undefined ? [] : (readClaims(token)?.audiences ?? []);
  });
  return [...new Set([...configured, ...cached])];
}
