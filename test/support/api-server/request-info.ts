/** What a request is about, read from its method and path. */
import type { ResourceAccess } from './status.ts';

export interface ResourcePath {
  access: ResourceAccess;
  version: string;
}

const CORE_PATH =
  /^\/api\/(?<version>v1)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+)(?:\/(?<sub>[^/]+))?)?$/;
const NAMESPACE_PATH = /^\/api\/v1\/namespaces\/(?<name>[^/]+)$/;
const REVIEW_PATH = /^\/apis\/(?<group>authentication\.k8s\.io)\/(?<version>[^/]+)\/(?<resource>[^/]+)$/;
const VERBS: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** kubernetes/apiserver pkg/endpoints/request/requestinfo.go. */
export function resourcePath({ method, path }: { method: string; path: string }): ResourcePath | undefined {
  const namespacePath = NAMESPACE_PATH.exec(path)?.groups;
  const found = namespacePath
    ? { resource: 'namespaces', version: 'v1', ...namespacePath, namespace: namespacePath['name'] }
    : (CORE_PATH.exec(path)?.groups ?? REVIEW_PATH.exec(path)?.groups);
  if (!found) return undefined;
  const {
    group = '',
    version: at = '',
    namespace,
    resource = '',
    name,
    sub,
  } = found as Record<string, string | undefined>;
  const verb = VERBS[method] ?? (name === undefined ? 'list' : 'get');
  const access: ResourceAccess = {
    verb,
    resource: sub === undefined ? resource : `${resource}/${sub}`,
    group,
  };
  if (namespace !== undefined) access.namespace = namespace;
  if (name !== undefined) access.name = name;
  return { access, version: at };
}
