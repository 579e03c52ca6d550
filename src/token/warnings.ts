/** What to know of a source token and of the token issued for it. Pure: reports in, words out. */
import { shortTime } from '../base/duration.ts';
import type { Settings } from '../settings/table.ts';
import type { Target } from '../settings/target.ts';
import { tolerance, type TokenReport } from './report.ts';

export interface Warning {
  /** Stable, for scripts. */
  readonly code:
    | 'opaque'
    | 'legacy'
    | 'no-expiry'
    | 'old'
    | 'expired'
    | 'ends-soon'
    | 'dies-with-object'
    | 'self-renewing'
    | 'may-be-self-renewing'
    | 'stale'
    | 'shortened'
    | 'other-settings';
  readonly token: 'source' | 'issued';
  readonly text: string;
}

const day = 86_400;
/** A source token in use for so long wants another. Seconds. */
const oldAge = 90 * day;
/** What is left of a source token when it is time to think of the next. Seconds. */
const soon = 14 * day;

export function sourceWarnings(source: TokenReport, target: Target, now: number): Warning[] {
  const warn = (code: Warning['code'], text: string): Warning => ({ code, token: 'source', text });
  if (source.kind === 'opaque')
    return [
      warn(
        'opaque',
        'it is not a JWT, so nothing can be told of it: "kubectl sa-token review --source" asks',
      ),
    ];
  const warnings: Warning[] = [];
  const { life, issuedAt, boundTo } = source;
  if (source.kind === 'legacy')
    warnings.push(
      warn(
        'legacy',
        `a legacy token: its age is not in it (see: kubectl -n ${target.namespace} get ${secretOf(source)}); deleting that Secret revokes it, and what was issued bound to it`,
      ),
    );
  if (life === undefined)
    warnings.push(warn('no-expiry', 'it never expires: who gets hold of it can use it until it is revoked'));
  const end = ending(source);
  if (end !== undefined) warnings.push(warn(end.code, `it ${end.text}`));
  if (issuedAt !== undefined && now - issuedAt > oldAge)
    warnings.push(
      warn('old', `it is ${shortTime(now - issuedAt)} old: log in with a new one, and delete this one`),
    );
  if (boundTo !== undefined && !boundTo.startsWith('Secret '))
    warnings.push(warn('dies-with-object', `it is bound to ${boundTo}, and dies with it`));
  return warnings;
}

/** The end of a source token that is near, or over. One that is short from the start is a worry where nobody renews it. */
export function ending({ life, place }: TokenReport): Pick<Warning, 'code' | 'text'> | undefined {
  if (life === undefined || life.left >= soon) return undefined;
  if (life.left <= 0) return { code: 'expired', text: 'has expired: log in again' };
  if (place !== 'keychain' && (life.granted ?? 0) <= soon) return undefined;
  return { code: 'ends-soon', text: `ends in ${shortTime(life.left)}: log in with a new one before` };
}

/** @param settings - those that it was issued with; undefined where they are others now */
export function issuedWarnings(
  issued: TokenReport,
  source: TokenReport,
  settings: Settings | undefined,
  now: number,
): Warning[] {
  const warn = (code: Warning['code'], text: string): Warning => ({ code, token: 'issued', text });
  const warnings: Warning[] = [];
  if (settings === undefined)
    warnings.push(
      warn(
        'other-settings',
        'it was issued for other settings or another source token, and is not served any more',
      ),
    );
  if (issued.life !== undefined && issued.life.left <= 0)
    warnings.push(warn('expired', 'it has expired: the next call gets a new one'));
  const short = settings && shortened(issued, settings);
  if (short !== undefined) warnings.push(warn('shortened', short));
  const renewing = selfRenewing(issued, source, settings);
  if (renewing !== undefined) warnings.push(warn(renewing.code, renewing.text));
  if (issued.warnAfter !== undefined && now > issued.warnAfter)
    warnings.push(warn('stale', 'the API server marks its use as stale: it should have been renewed by now'));
  return warnings;
}

/** What a token lives less than was asked for, for messages; an audience that is missing is refused when it is issued. */
export function shortened({ life }: TokenReport, { duration }: Settings): string | undefined {
  if (duration === undefined || life?.granted === undefined || life.granted >= duration - tolerance)
    return undefined;
  return `asked for ${duration} s, granted ${life.granted} s: the API server's limit (--service-account-max-token-expiration)`;
}

/**
 * src/CONTRACTS.md 3.4: the API server looks at authentication and RBAC only, so a token with its audience, of an
 * account that may create tokens for itself, can create the next one, unbound, for ever.
 */
function selfRenewing(
  issued: TokenReport,
  source: TokenReport,
  settings: Settings | undefined,
): Pick<Warning, 'code' | 'text'> | undefined {
  const audience = apiAudience(issued, settings);
  if (audience === undefined || issued.kind === 'opaque') return undefined;
  const remedy =
    'let another account hold the source token (manifest account --requester), or ask for the audience of the service that the token is for';
  if (source.kind === 'opaque' || source.subject !== issued.subject) {
    return {
      code: 'may-be-self-renewing',
      text: `who steals it may be able to renew it for ever: ${audience}; whether its account may create tokens for itself only RBAC tells; if it may, ${remedy}`,
    };
  }
  return {
    code: 'self-renewing',
    text: `who steals it can renew it for ever: ${audience}, and its account may create tokens for itself (the source token, of the same account, got this one so); ${remedy}`,
  };
}

/** How it is known that the API server takes the token; undefined where nothing speaks for it. */
function apiAudience({ audiences, issuer }: TokenReport, settings: Settings | undefined): string | undefined {
  if (settings !== undefined && settings.audience === undefined)
    return "its audience is the API server's own (none was asked for)";
  if (issuer !== undefined && audiences.includes(issuer))
    return "its audience is the issuer (the API server's own, unless --api-audiences says otherwise)";
  return undefined;
}

function secretOf({ boundTo }: TokenReport): string {
  return boundTo === undefined ? 'secret' : `secret ${boundTo.replace('Secret ', '')}`;
}
