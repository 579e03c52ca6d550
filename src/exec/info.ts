/** What a client tells an exec plugin: `KUBERNETES_EXEC_INFO` (kubernetes/client-go plugin/pkg/client/auth/exec/exec.go). */
import { badExecInfo, hookRefused } from '../errors/usage.ts';
import type { Host } from '../base/host.ts';
import { isObject, objectAt, parseJson, type JsonObject } from '../base/json.ts';
import { checkProfileName } from '../settings/names.ts';

export const apiVersions = [
  'client.authentication.k8s.io/v1',
  'client.authentication.k8s.io/v1beta1',
] as const;
export type ApiVersion = (typeof apiVersions)[number];

/** Name of the extension of a kubeconfig's cluster that client-go passes on with `provideClusterInfo: true`. */
export const extensionName = 'client.authentication.k8s.io/exec';
/** The apiVersion by which an extension says that it is ours; every plugin of a cluster is given the same one. */
export const extensionVersion = 'sa-token.kubectl/v1';

export interface ExecInfo {
  /** The version to answer in. */
  readonly apiVersion: ApiVersion;
  /** The profile that the cluster's extension names. The rest of `spec.cluster` is not looked at: it decides nothing. */
  readonly profile: string | undefined;
}

/** True where a client runs us as the exec plugin of a kubeconfig. `exec.env` cannot unset the variable: client-go sets it last. */
export function isHook({ env }: Pick<Host, 'env'>): boolean {
  return (env['KUBERNETES_EXEC_INFO'] ?? '').trim() !== '';
}

/**
 * Reads the variable. Clients that set none (client-node, Java, fabric8) get v1.
 *
 * @throws SaTokenError `bad-exec-info` for anything that is not an ExecCredential of a version we speak, `hook-refused` for
 *   an extension that says more than the profile, `bad-profile-name`
 */
export function readExecInfo({ env }: Pick<Host, 'env'>): ExecInfo {
  if (!isHook({ env })) return { apiVersion: apiVersions[0], profile: undefined };
  const info = parseJson(env['KUBERNETES_EXEC_INFO'] ?? '');
  if (!isObject(info)) throw badExecInfo('is not a JSON object');
  if (info['kind'] !== undefined && info['kind'] !== 'ExecCredential')
    throw badExecInfo('is not an ExecCredential');
  const apiVersion = readVersion(info['apiVersion']);
  return {
    apiVersion,
    profile: readExtension(objectAt(objectAt(objectAt(info, 'spec'), 'cluster'), 'config')),
  };
}

function readVersion(given: unknown): ApiVersion {
  const found = apiVersions.find((version) => version === given);
  if (found !== undefined) return found;
  throw badExecInfo(
    typeof given === 'string'
      ? `asks for apiVersion ${JSON.stringify(given)}, which is not supported`
      : 'has no apiVersion',
  );
}

/** The profile that an extension of ours names. What is below `login` is for `login --from-context` and not looked at here. */
function readExtension(extension: JsonObject): string | undefined {
  if (!isOurs(extension)) return undefined;
  for (const key of Object.keys(extension))
    if (!['apiVersion', 'kind', 'profile', 'login'].includes(key))
      throw hookRefused(`the cluster extension's "${key}"`);
  return extension['profile'] === undefined ? undefined : checkProfileName(extension['profile']);
}

/** True for an extension without an apiVersion, or with ours. */
export function isOurs(extension: JsonObject): boolean {
  return (extension['apiVersion'] ?? extensionVersion) === extensionVersion;
}
