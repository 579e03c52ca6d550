/** Puts the layers of settings together: what a call was given, over the profile. The way and the source come from one layer. */
import type { FileRecord } from '../base/file-identity.ts';
import type { Host } from '../base/host.ts';
import { missingSetting, noProfile, otherWay } from '../errors/usage.ts';
import type { Given } from './overrides.ts';
import { shownProfileFile } from './paths.ts';
import { readProfile, readProfiles } from './profiles.ts';
import { flagOf, sourceNames, variableOf, type SettingName, type Settings } from './table.ts';
import { wayNames } from './way.ts';

/** Settings that mean something only together: a layer that has one of them hides the others of the layers below. */
const groups: readonly (readonly SettingName[])[] = [
  ['certificateAuthority', 'certificateAuthorityData', 'insecureSkipTlsVerify'],
  ['clientCertificate', 'clientKey'],
  ['boundObjectKind', 'boundObjectName', 'boundObjectUid'],
  sourceNames,
];

export interface Resolved extends Settings {
  readonly server: string;
}

/**
 * All settings of a call. Reads the profile file when a profile is named.
 *
 * @throws SaTokenError `unknown-profile`, `no-profile`, `missing-setting` or `bad-profile-file`; `other-way` where a call
 *   with a profile names another server, CA or source than the profile does
 */
export function resolveSettings(host: Host, given: Given): Resolved {
  return resolveCall(host, given).settings;
}

/** The same, with the profile file that was read; undefined for a call without a profile. */
export function resolveCall(
  host: Host,
  given: Given,
): { settings: Resolved; profileFile: FileRecord | undefined } {
  const read = given.profile === undefined ? undefined : readProfile(host, given.profile);
  if (read !== undefined) refuseOtherWay(host, given, read.settings);
  return { settings: withServer(host, given, read?.settings ?? {}), profileFile: read?.file };
}

/** Layers from weak to strong. */
export function mergeLayers(layers: readonly Settings[]): Settings {
  let merged: Settings = {};
  for (const layer of layers) {
    const hidden = groups.filter((group) => group.some((name) => layer[name] !== undefined)).flat();
    merged = {
      ...Object.fromEntries(Object.entries(merged).filter(([key]) => !hidden.some((name) => name === key))),
      ...layer,
    };
  }
  return merged;
}

/** @throws SaTokenError `other-way` */
function refuseOtherWay(host: Host, given: Given, own: Settings): void {
  if (given.profile === undefined) return;
  for (const name of [...wayNames, ...sourceNames]) {
    const value = given.settings[name];
    if (value === undefined || JSON.stringify(value) === JSON.stringify(own[name])) continue;
    const variable = host.env[variableOf(name)] ? variableOf(name) : undefined;
    throw otherWay(
      { profile: given.profile, name: flagOf(name), own: shown(name, own[name]), value: shown(name, value) },
      variable,
    );
  }
}

/** A setting with its value, but for a command (it may hold a secret) and CA data, which nobody can read. */
function shown(name: SettingName, value: unknown): string {
  if (value === undefined) return `no ${flagOf(name)}`;
  return name === 'sourceCommand' || name === 'certificateAuthorityData'
    ? `a ${flagOf(name)} of its own`
    : `${flagOf(name)} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
}

function withServer(host: Host, given: Given, profile: Settings): Resolved {
  const server = given.settings.server ?? profile.server;
  if (server !== undefined) return { ...mergeLayers([profile, given.settings]), server };
  if (given.profile === undefined) throw noProfile(shownProfileFile(host), [...readProfiles(host).keys()]);
  throw missingSetting(
    'server',
    `profile "${given.profile}"`,
    `add "server: https://HOST/kubernetes" to ${shownProfileFile(host)}`,
  );
}
