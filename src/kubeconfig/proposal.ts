/** What the cluster of a kubeconfig's context proposes for a profile. It is shown to a person, who decides; a hook never reads it. */
import { dirname } from 'node:path';
import { noContext } from '../errors/api-server.ts';
import type { Host } from '../base/host.ts';
import { listAt, objectAt, textAt, type JsonObject } from '../base/json.ts';
import { extensionName, isOurs } from '../exec/info.ts';
import { mergeLayers } from '../settings/resolve.ts';
import { flagOf, parseValue, type SettingName, type Settings } from '../settings/table.ts';
import { readKubeconfigs } from './files.ts';

/** Settings that a cluster entry may propose. What runs here, what is stored here and what is trusted blindly are not among them. */
const proposable = [
  'server',
  'namespace',
  'serviceAccount',
  'audience',
  'duration',
  'certificateAuthority',
  'certificateAuthorityData',
  'tlsServerName',
  'proxyUrl',
] as const satisfies readonly SettingName[];

/**
 * The extension's settings over the cluster's own address and CA; the latter count only for a server of the same origin.
 *
 * @throws SaTokenError `no-kubeconfig`, `bad-kubeconfig`, `no-context`, `bad-value`
 */
export function proposedBy(
  host: Host,
  { kubeconfig, context }: { readonly kubeconfig: string | undefined; readonly context: string },
): Settings {
  const { contexts, clusters } = readKubeconfigs(host, kubeconfig);
  const name = textAt(contexts.get(context)?.value, 'cluster') ?? '';
  const found = clusters.get(name);
  if (found === undefined) throw noContext(context, [...contexts.keys()]);
  const cluster = found.value;
  const where = { where: `cluster "${name}"`, folder: dirname(found.file), home: host.home };
  const extended = read(extensionOf(cluster), { ...where, where: `extension of cluster "${name}"` });
  const { server } = read({ server: cluster['server'] }, where);
  const sameOrigin = server !== undefined && originOf(extended.server ?? server) === originOf(server);
  return sameOrigin ? mergeLayers([read(cluster, where), extended]) : extended;
}

function read(values: JsonObject, place: { where: string; folder: string; home: string }): Settings {
  return Object.fromEntries(
    proposable
      .map((name) => ({ name, key: flagOf(name) }))
      .filter(({ key }) => values[key] !== undefined)
      .map(({ name, key }) => [
        name,
        parseValue(name, values[key], { ...place, where: `${place.where}: ${key}` }),
      ]),
  );
}

/** What our extension says, below `login` or, as up to version 0.1.0, beside `profile`; one of another plugin proposes nothing. */
function extensionOf(cluster: JsonObject): JsonObject {
  const found = listAt(cluster, 'extensions').find((each) => textAt(each, 'name') === extensionName);
  const extension = objectAt(found, 'extension');
  return isOurs(extension) ? { ...extension, ...objectAt(extension, 'login') } : {};
}

function originOf(server: string): string {
  return new URL(server).origin;
}
