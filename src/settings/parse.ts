/** Readers of settings: each turns what a person wrote into the one canonical value, or says what is wrong with it. */
import { badValue } from '../errors/usage.ts';
import { isDnsSubdomain, isNamespace } from './names.ts';
import { resolvePath } from './paths.ts';

/**
 * Reads text from a flag or a variable, or what YAML or JSON gave. Throws SaTokenError `bad-value`, which names the place.
 */
export type Reader<Value> = (raw: unknown, place: Place) => Value;

/**
 * One hour is the server's default; below ten minutes and above 2^32 s it refuses
 * (kubernetes/kubernetes pkg/apis/authentication/validation/validation.go).
 */
const shortestLife = 600;
const longestLife = 2 ** 32;
/** A limit of nothing would fail every call, and Node's timers fire at once above 2^31 ms. */
const shortestTimeout = 1;
const longestTimeout = 86_400;

export const namespace: Reader<string> = (raw, place) =>
  named(raw, place, isNamespace, 'a namespace (lower-case letters, digits and "-")');

export const account: Reader<string> = (raw, place) =>
  named(raw, place, isDnsSubdomain, 'the name of a ServiceAccount');

export const variable: Reader<string> = (raw, place) =>
  named(raw, place, isVariable, 'the name of an environment variable');

/** Seconds. */
export const lifetime: Reader<number> = (raw, place) => {
  const seconds = duration(raw, place);
  if (seconds < shortestLife)
    throw badValue(place.where, 'must be at least 600s (10m)', 'ask for more: the API server refuses less');
  if (seconds > longestLife) throw badValue(place.where, `must be at most ${longestLife}s`);
  return seconds;
};

/** Seconds. */
export const timeout: Reader<number> = (raw, place) => {
  const seconds = duration(raw, place);
  if (seconds < shortestTimeout) throw badValue(place.where, `must be at least ${shortestTimeout}s`);
  if (seconds > longestTimeout) throw badValue(place.where, `must be at most ${longestTimeout / 3600}h`);
  return seconds;
};

export function oneOf<Choice extends string>(choices: readonly Choice[]): Reader<Choice> {
  return (raw, place) => {
    const given = text(raw, place);
    const found = choices.find((choice) => choice.toLowerCase() === given.toLowerCase());
    if (found !== undefined) return found;
    throw badValue(place.where, `${JSON.stringify(given)} is not one of ${choices.join(', ')}`);
  };
}

/** Absolute. */
export const path: Reader<string> = (raw, place) => resolvePath(text(raw, place), place.folder, place.home);

export const base64: Reader<string> = (raw, place) => {
  // `base64` breaks its lines, and YAML may keep them.
  const given = text(typeof raw === 'string' ? raw.replace(/\s+/g, '') : raw, place);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(given)) throw badValue(place.where, 'is not base64');
  return given;
};

function named(raw: unknown, place: Place, isOne: (text: string) => boolean, what: string): string {
  const given = text(raw, place);
  if (!isOne(given)) throw badValue(place.where, `${JSON.stringify(given)} is not ${what}`);
  return given;
}

function isVariable(given: string): boolean {
  return given.length <= 200 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(given);
}

export function list(raw: unknown, place: Place): string[] {
  const items = Array.isArray(raw) ? raw : [raw];
  if (items.length === 0) throw badValue(place.where, 'is an empty list', 'leave the key out');
  return [...new Set(items.map((item) => text(item, place)))];
}

/** Go's durations, as kubectl takes them (`1h30m`, `90s`), or whole seconds. */
function duration(raw: unknown, place: Place): number {
  const given = typeof raw === 'number' ? String(raw) : text(raw, place);
  if (/^\d{1,12}$/.test(given)) return Number(given);
  const parts = /^(?:(\d{1,7})h)?(?:(\d{1,9})m)?(?:(\d{1,11})s)?$/.exec(given);
  if (parts === null)
    throw badValue(
      place.where,
      `${JSON.stringify(given)} is not a duration`,
      'write it like 1h, 90m or 3600s',
    );
  const [, hours = '0', minutes = '0', seconds = '0'] = parts;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

export function boolean(raw: unknown, place: Place): boolean {
  if (typeof raw === 'boolean') return raw;
  if (raw === 'true' || raw === '1') return true;
  if (raw === 'false' || raw === '0') return false;
  throw badValue(place.where, `needs true or false, not ${kind(raw)}`);
}

/** A text is for the shell; a list is run as it is. */
export function command(raw: unknown, place: Place): string | string[] {
  if (!Array.isArray(raw)) return text(raw, place);
  if (raw.length === 0) throw badValue(place.where, 'is an empty list');
  return raw.map((item) => text(item, place));
}

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
  // Node decodes both, and its error would show them.
  if (!isDecodable(url.username + url.password))
    throw badValue(
      place.where,
      'has a "%" that is no character in its user name or password',
      'write "%" as %25',
    );
  return url.href;
}

function isDecodable(given: string): boolean {
  try {
    return decodeURIComponent(given) !== undefined;
  } catch {
    return false;
  }
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

/** Where a value was written: for the message, and for paths that are relative to it. */
export interface Place {
  /** `--duration`, `KUBECTL_SA_TOKEN_DURATION`, `FILE:LINE: duration`. */
  readonly where: string;
  /** Folder that a relative path starts from. */
  readonly folder: string;
  readonly home: string;
}

/** @throws SaTokenError `bad-value` for what is no text, or none to speak of */
export function text(raw: unknown, place: Place): string {
  if (typeof raw !== 'string') throw badValue(place.where, `needs text, not ${kind(raw)}`);
  const given = raw.trim();
  if (given === '') throw badValue(place.where, 'has no value');
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(given)) throw badValue(place.where, 'has a control character in it');
  return given;
}

/** The kind of a value, for messages. */
export function kind(raw: unknown): string {
  if (raw === null) return 'nothing';
  if (typeof raw === 'object') return Array.isArray(raw) ? 'a list' : 'a map';
  return `a ${typeof raw}`;
}
