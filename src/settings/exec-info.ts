/** What a client tells an exec plugin: `KUBERNETES_EXEC_INFO` (client-go plugin/pkg/client/auth/exec/exec.go). */
import { badExecInfo } from '../failures/usage.ts';
import { isObject, objectAt, parseJson, textAt, type JsonObject } from '../json.ts';

export const apiVersions = [
  'client.authentication.k8s.io/v1',
  'client.authentication.k8s.io/v1beta1',
] as const;
export type ApiVersion = (typeof apiVersions)[number];

/** Texts of `spec.cluster`: on the wire they have the names of the settings. */
export const clusterTexts = [
  'server',
  'tls-server-name',
  // Only the Python client passes the path; it is relative to its working directory.
  'certificate-authority',
  'certificate-authority-data',
  'proxy-url',
] as const;

/** `spec.cluster`, present with `provideClusterInfo: true`. */
export interface ClusterInfo extends Readonly<Partial<Record<(typeof clusterTexts)[number], string>>> {
  /** The cluster's extension `client.authentication.k8s.io/exec`. */
  readonly config?: JsonObject;
}

export interface ExecInfo {
  /** The version to answer in. */
  readonly apiVersion: ApiVersion;
  readonly cluster: ClusterInfo | undefined;
}

/**
 * Reads the variable. Clients that set none (JavaScript, Java, fabric8) get v1.
 *
 * @throws SaTokenError `bad-exec-info` for anything that is not an ExecCredential of a version we speak
 */
export function readExecInfo(text: string | undefined): ExecInfo {
  if (text === undefined || text.trim() === '') return { apiVersion: apiVersions[0], cluster: undefined };
  const info = parseJson(text);
  if (!isObject(info)) throw badExecInfo('is not a JSON object');
  if (info['kind'] !== undefined && info['kind'] !== 'ExecCredential')
    throw badExecInfo('is not an ExecCredential');
  const spec = objectAt(info, 'spec');
  return {
    apiVersion: readVersion(info['apiVersion']),
    cluster: isObject(spec['cluster']) ? readCluster(spec['cluster']) : undefined,
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

function readCluster(cluster: JsonObject): ClusterInfo {
  const found: Record<string, unknown> = {};
  for (const key of clusterTexts) {
    const value = textAt(cluster, key);
    if (value !== undefined) found[key] = value;
  }
  if (isObject(cluster['config'])) found['config'] = cluster['config'];
  return found;
}
