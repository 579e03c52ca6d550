/** Puts the layers of settings together: what a call was given, over the profile, over the cluster's address. */
import type { Host } from '../host.ts';
import { profileFile } from '../host.ts';
import { missingSetting, noProfile, unknownProfile } from '../failures/usage.ts';
import type { Given } from './given.ts';
import { readProfiles } from './profiles.ts';
import { shortPath } from './paths.ts';
import { sourceNames, type SettingName, type Settings } from './table.ts';

/** Settings that mean something only together: a layer that has one of them hides the others of the layers below. */
const groups: readonly (readonly SettingName[])[] = [
  ['certificate-authority', 'certificate-authority-data', 'insecure-skip-tls-verify'],
  ['client-certificate', 'client-key'],
  ['bound-object-kind', 'bound-object-name', 'bound-object-uid'],
  sourceNames,
];

export interface Resolved extends Settings {
  readonly server: string;
}

/**
 * All settings of a call. Reads the profile file when a profile is named.
 *
 * @throws SaTokenError `unknown-profile`, `no-profile`, `missing-setting` or `bad-profile-file`
 */
export function resolveSettings(host: Host, given: Given): Resolved {
  return withServer(host, given, profileSettings(host, given));
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

function withServer(host: Host, given: Given, profile: Settings): Resolved {
  const server = given.settings.server ?? profile.server ?? given.cluster.server;
  if (server === undefined) {
    if (given.profile === undefined) throw noProfile(shownFile(host), [...readProfiles(host).keys()]);
    throw missingSetting(
      'server',
      `profile "${given.profile}"`,
      `add "server: https://HOST/kubernetes" to ${shownFile(host)}`,
    );
  }
  const { server: clusterServer, ...tls } = given.cluster;
  const sameAddress = clusterServer !== undefined && new URL(clusterServer).origin === new URL(server).origin;
  return { ...mergeLayers([profile, sameAddress ? tls : {}, given.settings]), server };
}

function profileSettings(host: Host, given: Given): Settings {
  if (given.profile === undefined) return {};
  const profiles = readProfiles(host);
  const found = profiles.get(given.profile);
  if (found === undefined) throw unknownProfile(given.profile, profileFile(host), [...profiles.keys()]);
  return found;
}

function shownFile(host: Host): string {
  return shortPath(profileFile(host), host.home);
}
