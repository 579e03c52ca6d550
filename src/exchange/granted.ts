/** Holds what was granted against what was asked: refuses a token that is not ours, names what is less than asked. */
import { accountMadeAnew, badAnswer } from '../failures/exchange.ts';
import { readClaims } from '../source/claims.ts';
import type { Settings } from '../settings/table.ts';
import type { Target } from '../settings/target.ts';
import type { Grant } from './token-request.ts';

/** How far the JWT's own end may lie from the one in the answer's status, seconds (an extended token lies far after it). */
export const tolerance = 60;

/**
 * @param uid - of the account, where the source token says it
 * @returns what differs, in words for people: a shortened life, the server's warnings. The hook never prints them.
 * @throws SaTokenError `bad-answer` for another subject, a missing audience, or a token that ends before it was said to;
 *   `account-made-anew`
 */
export function checkGrant(
  target: Target,
  settings: Settings,
  grant: Grant,
  uid: string | undefined,
): string[] {
  const claims = readClaims(grant.token);
  if (claims === undefined) throw badAnswer(target, 'the issued token is not a JWT');
  const subject = `system:serviceaccount:${target.namespace}:${target.serviceAccount}`;
  if (claims.subject !== subject) {
    throw badAnswer(
      target,
      `the issued token is for ${JSON.stringify(claims.subject ?? 'nobody')}, not for ${subject}`,
    );
  }
  // Before 1.34 the server does not look at the UID asked for, and takes a dead account's token for some seconds more.
  if (uid !== undefined && claims.uid !== undefined && claims.uid !== uid) throw accountMadeAnew(target);
  const missing = (settings.audience ?? []).filter((audience) => !claims.audiences.includes(audience));
  if (missing.length > 0)
    throw badAnswer(target, `the issued token lacks the audience ${missing.join(', ')}`);
  if (claims.expires === undefined) throw badAnswer(target, 'the issued token has no end');
  if (claims.issuedAt !== undefined && claims.expires - claims.issuedAt < grant.life - tolerance) {
    throw badAnswer(target, 'the issued token ends before the answer says it does');
  }
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
