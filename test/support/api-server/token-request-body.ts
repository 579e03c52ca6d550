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
  };
}

const SPEC_FIELDS = new Set(['audiences', 'expirationSeconds', 'boundObjectRef', 'attestations']);

/** `kind` and `apiVersion` may be left out; fields it does not know are warned of, not refused (contracts 3.1). */
export function decode(body: Record<string, unknown>, warn: (text: string) => void): TokenRequest {
  const { kind = 'TokenRequest', metadata = {}, spec = {} } = body;
  if (kind !== 'TokenRequest')
    throw undecodable(`no kind "${String(kind)}" in version "authentication.k8s.io/v1"`);
  const request: TokenRequest = { metadata: metadata ?? {}, spec: spec ?? {} };
  const { audiences, expirationSeconds } = request.spec;
  if (!Number.isInteger(expirationSeconds ?? DEFAULT_SECONDS)) {
    throw undecodable(
      'json: cannot unmarshal into Go struct field TokenRequestSpec.spec.expirationSeconds of type int64',
    );
  }
  if (audiences && !(Array.isArray(audiences) && audiences.every((item) => typeof item === 'string'))) {
    throw undecodable(
      'json: cannot unmarshal into Go struct field TokenRequestSpec.spec.audiences of type string',
    );
  }
  for (const name of Object.keys(request.spec))
    if (!SPEC_FIELDS.has(name)) warn(`unknown field "spec.${name}"`);
  return request;
}

function undecodable(why: string): ApiError {
  return badRequest(`TokenRequest in version "v1" cannot be handled as a TokenRequest: ${why}`);
}
