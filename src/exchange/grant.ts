/** Holds what was granted against what was asked: refuses a token that is not ours, names what is less than asked. */
import { conflict } from '../errors/exchange.ts';
import { badAnswer } from '../errors/http.ts';
import type { Settings } from '../settings/table.ts';
import { type Target, label } from '../settings/target.ts';
import { readClaims, type Claims } from '../token/claims.ts';
import { tolerance } from '../token/report.ts';
import type { Grant } from './token-request.ts';

/**
 * @param uid - of the account, where the source token says it
 * @returns what differs, for people: a shortened life, the server's warnings. The hook never prints them.
 * @throws SaTokenError `bad-answer` for another subject, a missing audience, or times that do not agree with the answer's;
 *   `conflict`
 */
export function checkGrant(
  target: Target,
  settings: Settings,
  grant: Grant,
  uid: string | undefined,
): string[] {
  const claims = readClaims(grant.token);
  if (claims === undefined) throw badAnswer(label(target), 'the issued token is not a JWT');
  const subject = `system:serviceaccount:${target.namespace}:${target.serviceAccount}`;
  if (claims.subject !== subject) {
    throw badAnswer(
      label(target),
      `the issued token is for ${JSON.stringify(claims.subject ?? 'nobody')}, not for ${subject}`,
    );
  }
  // Before 1.34 the server does not look at the UID asked for, and takes a dead account's token for some seconds more.
  if (uid !== undefined && claims.uid !== undefined && claims.uid !== uid)
    throw conflict(label(target), 'the source token is of the one before');
  const missing = (settings.audience ?? []).filter((audience) => !claims.audiences.includes(audience));
  if (missing.length > 0)
    throw badAnswer(label(target), `the issued token lacks the audience ${missing.join(', ')}`);
  const problem = timesProblem(claims, grant);
  if (problem !== undefined) throw badAnswer(label(target), problem);
  const notes = [...grant.warnings];
  const asked = settings.duration;
  if (
    asked !== undefined &&
    grant.life < asked - tolerance &&
    notes.every((note) => !note.includes('shortened'))
  ) {
    notes.push(`asked for ${asked} s, granted ${Math.round(grant.life)} s`);
  }
  return notes;
}

/**
 * A token of another day has other times than the answer around it. An API server may make a Pod's token live longer than
 * was asked for; `warnafter` is then the end that the answer tells (kubernetes/kubernetes
 * pkg/registry/core/serviceaccount/storage/token.go).
 */
function timesProblem(claims: Claims, { end, life }: Grant): string | undefined {
  const { expires, issuedAt, notBefore, warnAfter = expires } = claims;
  if (expires === undefined || warnAfter === undefined) return 'the issued token has no end';
  if (issuedAt === undefined) return 'the issued token does not say when it was issued';
  if (Math.abs(Math.min(expires, warnAfter) - end) > tolerance)
    return 'the issued token does not end when the answer says it does';
  const serverNow = end - life;
  return notBefore !== undefined && notBefore > serverNow + tolerance
    ? 'the issued token is not valid yet'
    : undefined;
}
