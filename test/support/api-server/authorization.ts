/** RBAC as far as this server needs it: the built-in roles of every cluster, and the grants of its own. */
import type { User } from './authentication.ts';
import type { Cluster } from './cluster-state.ts';
import { forbidden, forbiddenPath, type ResourceAccess } from './status.ts';

/** system:public-info-viewer */
const PUBLIC_PATHS = new Set(['/version', '/version/', '/healthz', '/livez', '/readyz']);
/** system:discovery */
const DISCOVERY_PATHS = /^\/(?:apis?|openapi)(?:\/.*)?$/;
/** system:service-account-issuer-discovery */
const ISSUER_PATHS = new Set(['/.well-known/openid-configuration', '/openid/v1/jwks']);

export function authorize(cluster: Cluster, user: User, access: ResourceAccess): void {
  if (isMember(user, 'system:masters') || isBasicUser(user, access)) return;
  if (!cluster.grants.allow(user.username, access)) throw forbidden(user.username, access);
}

export function authorizePath(user: User, verb: string, path: string): void {
  const allowed =
    isMember(user, 'system:masters') ||
    PUBLIC_PATHS.has(path) ||
    (isMember(user, 'system:authenticated') && DISCOVERY_PATHS.test(path)) ||
    (isMember(user, 'system:serviceaccounts') && ISSUER_PATHS.has(path));
  if (!allowed) throw forbiddenPath(user.username, verb, path);
}

/** system:basic-user: everybody known may ask who they are. */
function isBasicUser(user: User, access: ResourceAccess): boolean {
  return isMember(user, 'system:authenticated') && access.resource === 'selfsubjectreviews';
}

function isMember(user: User, group: string): boolean {
  return user.groups.includes(group);
}
