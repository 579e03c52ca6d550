/** Puts the layers of settings together: what a call was given, over the profile, over the cluster's address. */
import type { Host } from '../host.ts';
import { missingSetting, noProfile } from '../failures/usage.ts';
import type { Given } from './given.ts';
import { shownProfileFile } from './paths.ts';
import { readProfiles, requireProfile } from './profiles.ts';
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
    if (given.profile === undefined) throw noProfile(shownProfileFile(host), [...readProfiles(host).keys()]);
    throw missingSetting(
      'server',
      `profile "${given.profile}"`,
      `add "server: https://HOST/kubernetes" to ${shownProfileFile(host)}`,
    );
  }
  const { server: clusterServer, ...tls } = given.cluster;
  const sameAddress = clusterServer !== undefined && new URL(clusterServer).origin === new URL(server).origin;
  return { ...mergeLayers([profile, sameAddress ? tls : {}, given.settings]), server };
}

function profileSettings(host: Host, given: Given): Settings {
  return given.profile === undefined ? {} : requireProfile(host, given.profile);
}
