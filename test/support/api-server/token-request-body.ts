/** The body of a TokenRequest, as the API server's decoder takes it. */
import { badRequest, type ApiError } from './status.ts';

export const DEFAULT_SECONDS = 3600;

export interface BoundObjectRef {
  apiVersion?: string;
  kind?: string;
  name?: string;
  uid?: string;
}

export interface TokenRequest {
  metadata: { name?: string; namespace?: string; uid?: string };
  spec: {
    audiences?: string[] | null;
    expirationSeconds?: number | null;
    boundObjectRef?: BoundObjectRef | null;
    attestations?: Record<string, string[]> | null;
  };
}

const SPEC_FIELDS = new Set(['audiences', 'expirationSeconds', 'boundObjectRef', 'attestations']);

/**
 * `kind` and `apiVersion` may be left out; fields it does not know are warned of, not refused (src/CONTRACTS.md 3.1).
 */
export function decode(body: Record<string, unknown>, warn: (text: string) => void): TokenRequest {
  const { kind = 'TokenRequest', apiVersion, metadata = {}, spec = {} } = body;
  if (kind !== 'TokenRequest') throw unconvertible(String(kind), String(apiVersion));
  const request: TokenRequest = { metadata: metadata ?? {}, spec: spec ?? {} };
  const { audiences, expirationSeconds } = request.spec;
  if (!Number.isInteger(expirationSeconds ?? DEFAULT_SECONDS))
    throw mistyped(expirationSeconds, 'expirationSeconds', 'int64');
  if (audiences && !Array.isArray(audiences)) throw mistyped(audiences, 'audiences', '[]string');
  for (const audience of audiences ?? [])
    if (typeof audience !== 'string') throw mistyped(audience, 'audiences', 'string');
  for (const name of Object.keys(request.spec))
    if (!SPEC_FIELDS.has(name)) warn(`unknown field "spec.${name}"`);
  return request;
}

/** As encoding/json puts it. */
function mistyped(value: unknown, field: string, type: string): ApiError {
  const given = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const shown = typeof value === 'number' ? `number ${value}` : given;
  return undecodable(
    `json: cannot unmarshal ${shown} into Go struct field TokenRequestSpec.spec.${field} of type ${type}`,
  );
}

function unconvertible(kind: string, apiVersion: string): ApiError {
  const version = apiVersion.split('/').at(-1) ?? '';
  const conversion = `converting (${version}.${kind}) to (authentication.TokenRequest): unknown conversion`;
  return badRequest(`${kind} in version "${version}" cannot be handled as a TokenRequest: ${conversion}`);
}

function undecodable(why: string): ApiError {
  return badRequest(`TokenRequest in version "v1" cannot be handled as a TokenRequest: ${why}`);
}
