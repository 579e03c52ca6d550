/**
 * Values of the flags of `manifest`. They go into YAML and into nginx's configuration, so each is held against a pattern
 * that leaves no room for anything but itself.
 */
import { badUsage, badValue } from '../failures/usage.ts';
import type { Arguments } from './command.ts';
import type { OptionTable } from './manifest-options.ts';
import { textOf } from './options.ts';

const hostName = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/i;
const hostOrWildcard = new RegExp(hostName.source.replace('^', String.raw`^(?:\*\.)?`), 'i');

/** A flag that would be passed over is a mistake, not a wish. */
export function refuse(argv: Arguments, table: OptionTable, why: string): void {
  const stray = Object.keys(table).find((name) => argv[name] !== undefined);
  if (stray !== undefined) throw badUsage(`--${stray} ${why}`, 'manifest');
}

export function matching(argv: Arguments, flag: string, pattern: RegExp, what: string): string | undefined {
  const value = textOf(argv, flag);
  if (value === undefined) return undefined;
  if (value.length > 253 || !pattern.test(value))
    throw badValue(`--${flag}`, `${JSON.stringify(value)} is not ${what}`);
  return value;
}

/** @param wildcard - `*.example.com` is good too */
export function hostOf(argv: Arguments, flag: string, { wildcard = false } = {}): string | undefined {
  const pattern = wildcard ? hostOrWildcard : hostName;
  return matching(argv, flag, pattern, 'a host name, without https:// and path')?.toLowerCase();
}

/** Without a slash at its end; '' for "/". */
export function prefixOf(argv: Arguments): string {
  const value = matching(argv, 'prefix', /^\/[\w./-]*$/, 'a path, such as /kubernetes') ?? '/kubernetes';
  const trimmed = value.replace(/\/+$/, '');
  if (/\/\/|\/\.{1,2}(?:\/|$)/.test(trimmed)) throw badValue('--prefix', 'must have no "//", "." or ".."');
  return trimmed;
}

export function countOf(argv: Arguments, flag: string, otherwise: number): number {
  const value = matching(argv, flag, /^[1-9]\d?$/, 'a number from 1 to 99');
  return value === undefined ? otherwise : Number(value);
}

export function listenOf(argv: Arguments): string {
  const pattern = /^(?:(?:[\w.-]+|\[[0-9a-f:]+\]):)?\d{1,5}$/i;
  const value = matching(argv, 'listen', pattern, 'a port, or ADDRESS:PORT') ?? '8080';
  return withPort('listen', value);
}

export function upstreamOf(argv: Arguments): { address: string; host: string } {
  const pattern = /^(?:[\w.-]+|\[[0-9a-f:]+\]):\d{1,5}$/i;
  const value =
    matching(argv, 'upstream', pattern, 'HOST:PORT, without https://') ?? 'kubernetes.default.svc:443';
  const address = withPort('upstream', value);
  return { address, host: address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '') };
}

/** What ends with a port, when that is one. */
function withPort(flag: string, value: string): string {
  const port = Number(/\d+$/.exec(value)?.[0]);
  if (port >= 1 && port <= 65_535) return value;
  throw badValue(`--${flag}`, `${JSON.stringify(value)} has no port from 1 to 65535`);
}

/** A path that needs no quoting in nginx's configuration. */
export function pathOf(argv: Arguments, flag: string): string | undefined {
  const value = textOf(argv, flag);
  if (value === undefined) return undefined;
  if (!/^[\w./@+-]+$/.test(value))
    throw badUsage(
      `--${flag} ${JSON.stringify(value)} has characters that nginx would read otherwise`,
      'manifest',
    );
  return value;
}
