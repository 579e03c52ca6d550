/** What an answer without a credential means: one error for each row of src/CONTRACTS.md 3.3. */
import { isObject, parseJson, textAt } from '../base/json.ts';
import { cut, type SaTokenError } from '../errors/error.ts';
import * as failures from '../errors/exchange.ts';
import { redirected, overloaded, serverFailed } from '../errors/http.ts';
import type { Reply } from '../http/request.ts';
import { type Target, label } from '../settings/target.ts';

/** The API server's refusal, or that of whatever answered in its place. */
export function judgeRefusal(target: Target, reply: Reply): SaTokenError {
  const { status, body, headers } = reply;
  if (status >= 300 && status < 400 && headers.location !== undefined)
    return redirected(label(target), status, headers.location);
  const pause = retryAfter(headers['retry-after'], headers.date);
  const message = statusMessage(body);
  // A 503 page without a word on when to come back is of a proxy that has nothing behind it, and says so.
  if (status === 429 || (status === 503 && (message !== undefined || pause !== undefined)))
    return overloaded(label(target), status, pause);
  if (message !== undefined) return judgeStatus(target, status, message);
  // Every answer of an API server has an Audit-Id; its 404 for a path that it does not know is no Status.
  if (status === 404 && headers['audit-id'] !== undefined) return failures.noTokenRequest(label(target));
  return judgeForeign(target, status, body);
}

/** What a `Status` says, maybe nothing; undefined where the body is none, and so no API server's word. */
export function statusMessage(body: string): string | undefined {
  const said = parseJson(body);
  return isObject(said) && said['kind'] === 'Status' ? cut(textAt(said, 'message') ?? '') : undefined;
}

/** The API server's own word, a `Status` (kubernetes/apimachinery pkg/api/errors). */
function judgeStatus(target: Target, status: number, message: string): SaTokenError {
  if (status === 401) return failures.unauthorized(label(target));
  if (isForeignPath(message)) return failures.notTheEndpoint(label(target), status, message);
  if (status === 403)
    return message.includes('"system:anonymous"')
      ? failures.anonymous(label(target))
      : failures.forbidden(label(target), target, message);
  if (status === 404 && message.includes('could not find the requested resource'))
    return failures.noTokenRequest(label(target));
  if (status === 404) return failures.accountNotFound(label(target), message);
  if (status === 409) return failures.conflict(label(target), message);
  if (status < 500) return failures.invalidRequest(label(target), status, message);
  return serverFailed(label(target), status, message);
}

/** The API server itself, asked below a prefix that it does not have: RBAC speaks first, and of the path as it came. */
export function isForeignPath(message: string): boolean {
  return /^forbidden: User ".*" cannot \w+ path "/.test(message);
}

/** Anything else was said by something in between: a proxy's page, a gateway's line, an empty 404. */
function judgeForeign(target: Target, status: number, body: string): SaTokenError {
  const text = readableText(body);
  if (status === 400 && /plain HTTP request was sent to HTTPS port/i.test(text))
    return failures.wrongScheme(label(target));
  if (status === 401 && /jwt|issuer|jwks/i.test(text)) return failures.unknownIssuer(label(target), text);
  if (status === 401 || status === 403 || status === 405 || status === 407)
    return failures.proxyRefused(label(target), status, text);
  if (status >= 500) return serverFailed(label(target), status, text);
  return failures.notTheEndpoint(label(target), status, text);
}

/** What a page says, without its tags and styles. Each character is looked at a few times, however they are nested. */
export function readableText(page: string): string {
  const [start = '', ...rest] = cut(page).split(/<(?:style|script)/i);
  return [start, ...rest.map((part) => part.replace(/^[\s\S]*?(?:<\/(?:style|script)>|$)/i, ''))]
    .join(' ')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** More than any deadline; a number of many digits is no smaller wish. Seconds. */
const mostPause = 999_999;

/**
 * Seconds to wait, or undefined for what is neither seconds nor a date (RFC 9110 10.2.3).
 *
 * @param date - `Date` of the same answer, against which a date is read
 */
export function retryAfter(header: string | undefined, date?: string): number | undefined {
  const given = header?.trim() ?? '';
  if (/^\d+$/.test(given)) return Math.min(Number(given), mostPause);
  const until = /^[A-Z][a-z]{2}, /.test(given) ? Date.parse(given) : NaN;
  const seconds = Math.ceil((until - Date.parse(date ?? '')) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), mostPause);
}
