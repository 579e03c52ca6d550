/** Requests that are wrong in themselves: 400, 413, 415, 422. */
import { badRequest, bind, invalid, type Refusal, type Status } from './refusal.ts';

const TOO_SHORT = { body: { spec: { expirationSeconds: 60 } } };
const INVALID_DURATION = 'Invalid value: 60: may not specify a duration less than 10 minutes';

export const WRONG_REQUESTS: Refusal[] = [
  {
    title: 'a token bound to a kind that no token can be bound to',
    request: () => bind({ kind: 'ConfigMap', apiVersion: 'v1', name: 'kube-root-ca.crt' }),
    answer: () => badRequest('cannot bind token to object of type /v1, Kind=ConfigMap'),
  },
  {
    title: 'another namespace in the metadata',
    request: () => ({ body: { metadata: { namespace: 'elsewhere' } } }),
    answer: () =>
      badRequest('the namespace of the provided object does not match the namespace sent on the request'),
  },
  {
    title: 'another name in the metadata',
    request: () => ({ body: { metadata: { name: 'elsewhere' } } }),
    answer: () =>
      invalid(
        'bot',
        'metadata.name',
        'Invalid value: "elsewhere": must match the service account name if specified',
      ),
  },
  {
    title: 'a life under ten minutes',
    request: () => TOO_SHORT,
    answer: () => invalid('', 'spec.expirationSeconds', INVALID_DURATION),
  },
  {
    title: 'a life over 2^32 seconds',
    request: () => ({ body: { spec: { expirationSeconds: 2 ** 32 + 1 } } }),
    answer: () =>
      invalid(
        '',
        'spec.expirationSeconds',
        'Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
      ),
  },
  {
    title: 'a life that is no whole number',
    request: () => ({ body: { spec: { expirationSeconds: '600' } } }),
    answer: () =>
      undecodable(
        'json: cannot unmarshal string into Go struct field TokenRequestSpec.spec.expirationSeconds of type int64',
      ),
  },
  {
    title: 'an audience that is no list',
    request: () => ({ body: { spec: { audiences: 'x' } } }),
    answer: () =>
      undecodable(
        'json: cannot unmarshal string into Go struct field TokenRequestSpec.spec.audiences of type []string',
      ),
  },
  {
    title: 'an empty body',
    request: () => ({ body: '' }),
    answer: () =>
      badRequest(
        "the object provided is unrecognized (must be of type TokenRequest): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
      ),
  },
  {
    title: 'half a body',
    request: () => ({ body: '{' }),
    answer: () =>
      badRequest(
        "the object provided is unrecognized (must be of type TokenRequest): couldn't get version/kind; json parse error: unexpected end of JSON input ({)",
      ),
  },
  {
    title: 'an object of another kind',
    request: () => ({ body: { kind: 'Pod', apiVersion: 'v1' } }),
    answer: () =>
      badRequest(
        'Pod in version "v1" cannot be handled as a TokenRequest: converting (v1.Pod) to (authentication.TokenRequest): unknown conversion',
      ),
  },
  {
    title: 'a body that is neither JSON, YAML nor protobuf',
    realOnly: true,
    request: () => ({ body: 'spec=', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    answer: () => ({
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      reason: 'UnsupportedMediaType',
      code: 415,
    }),
  },
  {
    title: 'a body over 3 MiB',
    request: () => ({ body: { spec: { audiences: ['x'.repeat(3 * 1024 * 1024)] } } }),
    answer: () => ({
      message: 'Request entity too large: limit is 3145728',
      reason: 'RequestEntityTooLarge',
      code: 413,
    }),
  },
  {
    title: 'a Node, while the gate of such tokens is off',
    only: 'oldest',
    request: () => bind({ kind: 'Node', apiVersion: 'v1', name: 'gone' }),
    answer: () =>
      badRequest(
        'cannot bind token to a Node object as the "ServiceAccountTokenNodeBinding" feature-gate is disabled',
      ),
  },
  {
    title: 'attestations without a webhook',
    only: 'newest',
    request: () => ({ body: { spec: { attestations: { a: ['b'] } } } }),
    answer: () =>
      invalid(
        '',
        'spec.attestations',
        'Invalid value: {"a":["b"]}: attestations may only be specified with a webhook bound object reference',
      ),
  },
];

function undecodable(why: string): Status {
  return badRequest(`TokenRequest in version "v1" cannot be handled as a TokenRequest: ${why}`);
}
