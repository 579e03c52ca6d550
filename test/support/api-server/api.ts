/** One request to the API server, from its bearer token to the answer: authenticate, authorize, act. */
import { ANONYMOUS, TokenRejected, authenticate, type Authenticator, type User } from './authentication.ts';
import { authorize, authorizePath } from './authorization.ts';
import { REVIEW_VERSIONS, discovery, openIdConfiguration, version } from './discovery.ts';
import type { Tampering } from './faults.ts';
import { get, isKind, list } from './objects.ts';
import { resourcePath, type ResourcePath } from './request-info.ts';
import { reviewSelf, reviewToken } from './reviews.ts';
import {
  ApiError,
  badRequest,
  json,
  methodNotAllowed,
  text,
  unauthorized,
  unknownPath,
  unknownResource,
  unsupportedMediaType,
  type Reply,
} from './status.ts';
import { createToken } from './token-request.ts';

export interface ApiSettings extends Authenticator {
  anonymousAuth: boolean;
  maxExpirationSeconds: number | undefined;
  jwksUri: string;
}

export interface ApiRequest {
  method: string;
  /** Without the query. */
  path: string;
  authorization: string | undefined;
  contentType: string | undefined;
  body: string;
  tampering: Tampering;
}

type Warn = (warning: string) => void;

export async function answer(api: ApiSettings, request: ApiRequest): Promise<Reply> {
  const warnings = new Set<string>();
  const reply = await respond(api, request, (warning) => warnings.add(warning)).catch((error: unknown) => {
    if (error instanceof ApiError) return error.reply;
    throw error;
  });
  if (warnings.size === 0) return reply;
  return { ...reply, headers: { ...reply.headers, Warning: [...warnings].map(warningHeader) } };
}

/** kubernetes/apimachinery pkg/util/net/http.go `NewWarningHeader`. */
function warningHeader(warning: string): string {
  return `299 - "${warning.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`)}"`;
}

async function respond(api: ApiSettings, request: ApiRequest, warn: Warn): Promise<Reply> {
  const user = await identify(api, request.authorization, warn);
  const target = resourcePath(request);
  if (target) {
    authorize(api.cluster, user, target.access);
    return actOn(api, request, target, user, warn);
  }
  authorizePath(user, request.method.toLowerCase(), request.path);
  return show(api, request);
}

async function identify(api: ApiSettings, authorization: string | undefined, warn: Warn): Promise<User> {
  const token = /^bearer +(?<token>\S+)$/i.exec(authorization?.trim() ?? '')?.groups?.['token'];
  if (token === undefined) {
    if (api.anonymousAuth) return ANONYMOUS;
    throw unauthorized();
  }
  try {
    const { user, warnings } = await authenticate(api, token, api.cluster.settings.apiAudiences);
    for (const warning of warnings) warn(warning);
    return user;
  } catch (error) {
    throw error instanceof TokenRejected ? unauthorized() : error;
  }
}

async function actOn(
  api: ApiSettings,
  request: ApiRequest,
  target: ResourcePath,
  user: User,
  warn: Warn,
): Promise<Reply> {
  const { verb, resource, namespace, name } = target.access;
  const { cluster, maxExpirationSeconds } = api;
  if (resource === 'serviceaccounts/token' && namespace !== undefined && name !== undefined) {
    if (verb !== 'create') throw methodNotAllowed();
    const issuing = { cluster, maxExpirationSeconds, tampering: request.tampering, warn };
    return createToken(issuing, { namespace, name }, object(request, 'TokenRequest'));
  }
  if (resource === 'tokenreviews' && target.version === 'v1') {
    if (verb !== 'create') throw methodNotAllowed();
    return reviewToken(api, object(request, 'TokenReview'));
  }
  if (resource === 'selfsubjectreviews' && REVIEW_VERSIONS.includes(target.version)) {
    if (verb !== 'create') throw methodNotAllowed();
    return reviewSelf(user, target.version);
  }
  if (!isKind(resource)) throw unknownResource();
  if (verb !== 'get' && verb !== 'list') throw methodNotAllowed();
  return name === undefined ? list(cluster, resource, namespace) : get(cluster, resource, namespace, name);
}

/** JSON alone: kubectl's typed calls send protobuf since 1.32 or so, of which this server knows nothing. */
function object({ body, contentType }: ApiRequest, kind: string): Record<string, unknown> {
  const type = contentType?.split(';')[0]?.trim() ?? 'application/json';
  if (type !== 'application/json') throw unsupportedMediaType('application/json');
  try {
    const parsed = JSON.parse(body) as unknown;
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // told below
  }
  const problem = "couldn't get version/kind; json parse error: unexpected end of JSON input";
  const shown = body === '' ? '<empty>' : body.slice(0, 1024);
  throw badRequest(`the object provided is unrecognized (must be of type ${kind}): ${problem} (${shown})`);
}

function show(api: ApiSettings, { method, path }: ApiRequest): Reply {
  if (path.startsWith('/api/v1/')) throw unknownResource();
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed();
  const { issuer, signer } = api.cluster.settings;
  if (path === '/version' || path === '/version/') return version();
  if (['/healthz', '/livez', '/readyz'].includes(path)) return text(200, 'ok');
  if (path === '/.well-known/openid-configuration') return openIdConfiguration(issuer, api.jwksUri);
  if (path === '/openid/v1/jwks') {
    return json(200, signer.jwks, {
      'Content-Type': 'application/jwk-set+json',
      'Cache-Control': 'public, max-age=3600',
    });
  }
  const found = discovery(path);
  if (!found) throw unknownPath();
  return found;
}
