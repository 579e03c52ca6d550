/** A value as text, and where it was written: what the readers of all types begin with. */
import { badValue } from '../failures/usage.ts';

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

/** What a value is instead, in words. */
export function kind(raw: unknown): string {
  if (raw === null) return 'nothing';
  if (typeof raw === 'object') return Array.isArray(raw) ? 'a list' : 'a map';
  return `a ${typeof raw}`;
}
