/**
 * Answers of an API server: JSON bodies, and the Status object that every error but 429 is
 * (kubernetes/apimachinery pkg/api/errors/errors.go).
 */
import type { OutgoingHttpHeaders } from 'node:http';

export interface Reply {
  status: number;
  headers: OutgoingHttpHeaders;
  body: string;
}

interface Details {
  name?: string;
  group?: string;
  kind?: string;
  causes?: { reason?: string; message: string; field?: string }[];
}

/** A refusal on its way up to the one place that answers. */
export class ApiError extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super(reply.body.trim());
    this.reply = reply;
  }
}

export function json(status: number, value: unknown, headers: OutgoingHttpHeaders = {}): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: `${JSON.stringify(value)}\n`,
  };
}

export function text(status: number, body: string, headers: OutgoingHttpHeaders = {}): Reply {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body };
}

export function statusReply(code: number, reason: string, message: string, details?: Details): Reply {
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason };
  return json(code, { ...body, ...(details ? { details } : {}), code });
}

function failure(code: number, reason: string, message: string, details?: Details): ApiError {
  return new ApiError(statusReply(code, reason, message, details));
}

export function badRequest(message: string): ApiError {
  return failure(400, 'BadRequest', message);
}

/**
 * Whatever is wrong with a token, this is all that its holder is told
 * (kubernetes/apiserver pkg/endpoints/filters/authentication.go).
 */
export function unauthorized(): ApiError {
  return failure(401, 'Unauthorized', 'Unauthorized');
}

export interface ResourceAccess {
  verb: string;
  /** With its subresource, as RBAC writes it: `serviceaccounts/token`. */
  resource: string;
  group?: string;
  namespace?: string;
  name?: string;
}

/** kubernetes/apiserver pkg/endpoints/handlers/responsewriters/errors.go. */
export function forbidden(username: string, access: ResourceAccess): ApiError {
  const { verb, resource, group = '', namespace, name } = access;
  const kind = resource.split('/')[0] ?? resource;
  const qualified = group === '' ? kind : `${kind}.${group}`;
  const subject = name === undefined ? qualified : `${qualified} "${name}"`;
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const what = `cannot ${verb} resource "${resource}" in API group "${group}" ${scope}`;
  return failure(403, 'Forbidden', `${subject} is forbidden: User "${username}" ${what}`, {
    ...(name === undefined ? {} : { name }),
    ...(group === '' ? {} : { group }),
    kind,
  });
}

/** Here alone the message is escaped for HTML. */
export function forbiddenPath(username: string, verb: string, path: string): ApiError {
  return failure(
    403,
    'Forbidden',
    escapeHtml(`forbidden: User "${username}" cannot ${verb} path "${path}"`),
    {},
  );
}

function escapeHtml(message: string): string {
  return message.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function notFound(kind: string, name: string): ApiError {
  return failure(404, 'NotFound', `${kind} "${name}" not found`, { name, kind });
}

/**
 * A path that the API server does not know: plain text, no Status
 * (kubernetes/apiserver pkg/endpoints/handlers/responsewriters).
 */
export function unknownPath(): ApiError {
  return new ApiError(text(404, '404 page not found\n'));
}

/** The same below a group and version that it does know. */
export function unknownResource(): ApiError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function bodyTooLarge(limit: number): Reply {
  return statusReply(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
}

export function methodNotAllowed(): ApiError {
  return failure(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

export function conflict(group: string, kind: string, name: string, why: string): ApiError {
  const qualified = group === '' ? kind : `${kind}.${group}`;
  const message = `Operation cannot be fulfilled on ${qualified} "${name}": ${why}`;
  return failure(409, 'Conflict', message, { name, ...(group === '' ? {} : { group }), kind });
}

export function unsupportedMediaType(accepted: string): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted}`;
  return failure(415, 'UnsupportedMediaType', message);
}

/**
 * kubernetes/apimachinery pkg/util/validation/field: the value of a string field is quoted, that of a number is not.
 */
export function invalidTokenRequest(
  name: string,
  field: string,
  value: string | number | object,
  why: string,
): ApiError {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  return failure(
    422,
    'Invalid',
    `TokenRequest.authentication.k8s.io "${name}" is invalid: ${field}: ${message}`,
    {
      ...(name === '' ? {} : { name }),
      group: 'authentication.k8s.io',
      kind: 'TokenRequest',
      causes: [{ reason: 'FieldValueInvalid', message, field }],
    },
  );
}

/** RFC 3339 in whole seconds (kubernetes/apimachinery pkg/apis/meta/v1/time.go). */
export function timestamp(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
