/**
 * The TokenRequest call in two halves: `send` does the I/O, `judgeReply` reads the answer and does none
 * (src/CONTRACTS.md 3.1 to 3.3).
 */
import type { Host } from '../base/host.ts';
import { isObject, objectAt, parseJson, textAt } from '../base/json.ts';
import { cut } from '../errors/error.ts';
import { badAnswer } from '../errors/http.ts';
import { missingSetting } from '../errors/usage.ts';
import { ask, type Reply } from '../http/request.ts';
import type { Settings } from '../settings/table.ts';
import type { SourceToken } from '../source/source.ts';
import { type Target, label } from '../settings/target.ts';
import { readClaims, type Claims } from '../token/claims.ts';
import { judgeRefusal } from './refusals.ts';

/** What the API server granted. */
export interface Grant {
  readonly token: string;
  /** Seconds that the token lives, by the server's own clock. */
  readonly life: number;
  /** When the server says that it ends, epoch seconds by its own clock. */
  readonly end: number;
  /** Seconds that the server's clock is ahead of ours; undefined without a `Date` header. */
  readonly skew: number | undefined;
  /** Texts of `Warning` headers, such as that of a shortened life. */
  readonly warnings: readonly string[];
}

/** How far clocks that are right may differ. Seconds. */
const leeway = 60;
/** The end of JavaScript's dates; a token that ends later does so in another age. Epoch seconds. */
const latest = 8.64e12 - 86_400;

/** Sends one request. Which token is sent, and where, is decided here and nowhere else. */
export function send(
  host: Host,
  target: Target,
  settings: Settings,
  sourceToken: SourceToken,
  claims: Claims | undefined,
  milliseconds: number,
): Promise<Reply> {
  const path = tokenPath(target);
  const body = JSON.stringify(tokenRequest(target, settings, claims));
  return ask(host, target, settings, { method: 'POST', path, token: sourceToken, body, milliseconds });
}

/** Below the server's address. */
export function tokenPath({ namespace, serviceAccount }: Target): string {
  return `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
}

/**
 * The request's body. The claims' UIDs go with it, so that an account or Secret made anew under the
 * same name is a conflict and not a surprise.
 */
export function tokenRequest(target: Target, settings: Settings, claims: Claims | undefined): object {
  const uid = knownUid(target, claims);
  const bound = boundObject(settings, claims?.namespace === target.namespace ? claims : undefined);
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {
      name: target.serviceAccount,
      namespace: target.namespace,
      ...(uid === undefined ? {} : { uid }),
    },
    spec: {
      ...(settings.audience === undefined ? {} : { audiences: settings.audience }),
      ...(settings.duration === undefined ? {} : { expirationSeconds: settings.duration }),
      ...(bound === undefined ? {} : { boundObjectRef: bound }),
    },
  };
}

/** UID of the target's account, where the source token is that account's own and says it. */
export function knownUid(target: Target, claims: Claims | undefined): string | undefined {
  const isOwn = claims?.namespace === target.namespace && claims.serviceAccount === target.serviceAccount;
  return isOwn ? claims.uid : undefined;
}

/**
 * What revokes the issued token when it is deleted: by default the Secret that the source token itself is stored in.
 *
 * @throws SaTokenError `missing-setting` for half of an object: the token would else be bound to nothing, unseen
 */
function boundObject(settings: Settings, claims: Claims | undefined): object | undefined {
  const { boundObjectKind: kind, boundObjectName: name, boundObjectUid: uid } = settings;
  if (kind === 'none') return undefined;
  if (kind === undefined) {
    if (name !== undefined || uid !== undefined)
      throw missingSetting('bound-object-kind', 'a bound object', 'say what it is: Secret, Pod or Node');
    return claims?.secret === undefined ? undefined : objectRef('Secret', claims.secret);
  }
  if (name === undefined) {
    const hint = 'name the object, or give --bound-object-kind none';
    throw missingSetting('bound-object-name', 'a bound object', hint);
  }
  return objectRef(kind, { name, uid });
}

function objectRef(kind: string, { name, uid }: { name: string; uid: string | undefined }): object {
  return { kind, apiVersion: 'v1', name, ...(uid === undefined ? {} : { uid }) };
}

/**
 * Reads an answer.
 *
 * @param asked - when the request was sent, local epoch seconds
 * @throws SaTokenError of exit code 4 or 5, one for each row of src/CONTRACTS.md 3.3
 */
export function judgeReply(target: Target, reply: Reply, asked: number): Grant {
  if (reply.status !== 201) throw judgeRefusal(target, reply);
  const answer = parseJson(reply.body);
  if (!isObject(answer)) throw badAnswer(label(target), 'the answer is 201 but not JSON');
  const status = objectAt(answer, 'status');
  const token = textAt(status, 'token');
  const end = Date.parse(textAt(status, 'expirationTimestamp') ?? '') / 1000;
  if (token === undefined) throw badAnswer(label(target), 'the answer is 201 but holds no token');
  if (!/^[\x21-\x7e]+$/.test(token))
    throw badAnswer(label(target), 'the issued token has characters that no token has');
  if (Number.isNaN(end) || end > latest)
    throw badAnswer(label(target), 'the answer does not say when the token expires');
  const date = Date.parse(reply.headers.date ?? '') / 1000;
  const life = end - issuedAt(readClaims(token)?.issuedAt, date, asked);
  if (life <= 0) throw badAnswer(label(target), 'the issued token has expired already');
  return {
    token,
    life,
    end,
    skew: Number.isNaN(date) ? undefined : date - asked,
    warnings: reply.warnings.flatMap(warningTexts),
  };
}

/**
 * When the token was issued, by the clock that tells its end: as the token itself says it, unless the answer's `Date` (a
 * proxy's, maybe) and the clock here are both far from that. Of the three, one that is wrong is so outvoted.
 */
function issuedAt(claimed: number | undefined, date: number, asked: number): number {
  const told = [claimed ?? NaN, date].filter((each) => !Number.isNaN(each));
  const [first = asked] = told;
  const middle = told.length < 2 ? first : ([...told, asked].sort((a, b) => a - b)[1] ?? first);
  return Math.abs(middle - first) <= leeway ? first : middle;
}

/**
 * The texts in `299 - "text"` (kubernetes/apimachinery pkg/util/net/http.go), of which a proxy may have folded
 * several into one header; else it as it is.
 */
export function warningTexts(header: string): string[] {
  const found = [...cut(header).matchAll(/(?<=^|,)\s*\d{3} \S+ "((?:\\.|[^"\\])*)"/g)];
  return found.length === 0 ? [header] : found.map(([, text = '']) => text.replace(/\\(.)/g, '$1'));
}
