/**
 * What a ServiceAccount token says of itself. Read, never verified: the API server judges
 * (kubernetes/kubernetes pkg/serviceaccount/claims.go, legacy.go).
 */

import { isDnsSubdomain, isNamespace } from '../settings/names.ts';
import { isObject, numberAt, objectAt, parseJson, textAt, textsAt, type JsonObject } from '../base/json.ts';

export interface Claims {
  readonly issuer: string | undefined;
  /** `system:serviceaccount:NAMESPACE:NAME` */
  readonly subject: string | undefined;
  readonly audiences: readonly string[];
  /** Epoch seconds; undefined for a legacy token, which has no end. */
  readonly expires: number | undefined;
  readonly issuedAt: number | undefined;
  /** Epoch seconds from which on it is valid. */
  readonly notBefore: number | undefined;
  /** The end that was asked for, where the API server made it a later one. Epoch seconds. */
  readonly warnAfter: number | undefined;
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
  /** UID of the ServiceAccount. */
  readonly uid: string | undefined;
  /** The Secret it is stored in (legacy) or bound to. */
  readonly secret: { readonly name: string; readonly uid: string | undefined } | undefined;
  /** `Pod NAME` or `Node NAME`: such a token dies with it. A Pod's token names its Node too. */
  readonly boundTo: string | undefined;
  /** Flat claims of a token from a Secret, made by kube-controller-manager. */
  readonly legacy: boolean;
}

const flat = 'kubernetes.io/serviceaccount/';

/** The claims of a JWT in either shape, or undefined when the text is not a JWT (an opaque token). */
export function readClaims(token: string): Claims | undefined {
  const parts = token.split('.');
  const payload = parts.length === 3 ? decodePart(parts[1] ?? '') : undefined;
  if (payload === undefined) return undefined;
  const nested = objectAt(payload, 'kubernetes.io');
  const account = objectAt(nested, 'serviceaccount');
  const legacy = textAt(payload, `${flat}service-account.name`) !== undefined;
  const subject = textAt(payload, 'sub');
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(subject ?? '') ?? [];
  return {
    issuer: textAt(payload, 'iss'),
    subject,
    audiences: [textAt(payload, 'aud') ?? textsAt(payload, 'aud')].flat(),
    expires: timeAt(payload, 'exp'),
    issuedAt: timeAt(payload, 'iat'),
    notBefore: timeAt(payload, 'nbf'),
    warnAfter: timeAt(nested, 'warnafter'),
    namespace: nameIn(
      isNamespace,
      textAt(payload, `${flat}namespace`) ?? textAt(nested, 'namespace') ?? namespace,
    ),
    serviceAccount: nameIn(
      isDnsSubdomain,
      textAt(payload, `${flat}service-account.name`) ?? textAt(account, 'name') ?? name,
    ),
    uid: textAt(payload, `${flat}service-account.uid`) ?? textAt(account, 'uid'),
    secret: secretOf(payload, objectAt(nested, 'secret')),
    boundTo: named('Pod', objectAt(nested, 'pod')) ?? named('Node', objectAt(nested, 'node')),
    legacy,
  };
}

/** Nobody has checked the claims yet, and names of theirs become part of a path: what cannot be one is taken as not there. */
function nameIn(isOne: (text: string) => boolean, text: string | undefined): string | undefined {
  return text !== undefined && isOne(text) ? text : undefined;
}

/** Seconds around the epoch that a date can be of (ECMA-262, "Time Values"). */
const lastTime = 8.64e12;

/** The time at a key, epoch seconds; what is no date's is taken as not there. */
function timeAt(value: unknown, key: string): number | undefined {
  const seconds = numberAt(value, key);
  return seconds === undefined || Math.abs(seconds) > lastTime ? undefined : seconds;
}

/** Header or claims of a JWT; undefined for what is no JSON object. */
export function decodePart(part: string): JsonObject | undefined {
  const value = parseJson(Buffer.from(part, 'base64url').toString('utf8'));
  return isObject(value) ? value : undefined;
}

function secretOf(payload: JsonObject, nested: JsonObject): Claims['secret'] {
  const name = textAt(payload, `${flat}secret.name`) ?? textAt(nested, 'name');
  // A legacy token names its Secret without the UID.
  return name === undefined ? undefined : { name, uid: textAt(nested, 'uid') };
}

function named(kind: string, object: JsonObject): string | undefined {
  const name = textAt(object, 'name');
  return name === undefined ? undefined : `${kind} ${name}`;
}
