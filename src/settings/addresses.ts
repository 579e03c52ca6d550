/** Addresses that tokens go to or through, as one canonical text each. */
import { badValue } from '../failures/usage.ts';
import { text, type Place } from './text.ts';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** The source token goes here: https only, and plain http to this machine itself (a `kubectl proxy`, say). */
export function server(raw: unknown, place: Place): string {
  const url = address(raw, place, 'https://HOST/kubernetes');
  if (!isSafeAddress(url.href)) {
    throw badValue(place.where, 'must begin with https://', 'a token is never sent in the clear');
  }
  if (url.search !== '' || url.hash !== '') throw badValue(place.where, 'must have no "?" and no "#"');
  return `${url.origin}${url.pathname.replace(/(?<!\/)\/+$/, '')}`;
}

/** Whether what comes from an address can be relied on: https, or this machine itself. */
export function isSafeAddress(given: string): boolean {
  const url = URL.parse(given);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.test(url.hostname));
}

export function proxy(raw: unknown, place: Place): string {
  const url = address(raw, place, 'http://PROXY:PORT', true);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw badValue(
      place.where,
      `proxies of kind ${url.protocol}// are not supported`,
      'use an http:// or https:// proxy',
    );
  }
  return url.href;
}

function address(raw: unknown, place: Place, example: string, credentials = false): URL {
  const given = text(raw, place);
  const url = URL.parse(given.includes('://') ? given : `missing-scheme:${given}`);
  if (url === null || url.protocol === 'missing-scheme:' || url.hostname === '') {
    throw badValue(place.where, 'is not a whole URL', `write it like ${example}`);
  }
  if (!credentials && (url.username !== '' || url.password !== '')) {
    throw badValue(place.where, 'must not hold a user name or password');
  }
  return url;
}
