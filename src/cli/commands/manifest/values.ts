/**
 * Values of the flags of `manifest`. They go into YAML and into nginx's configuration, so each is held against a pattern
 * that leaves no room for anything but itself.
 */
import { badUsage, badValue } from '../../../errors/usage.ts';
import type { ObjectName } from '../../../manifest/routes.ts';
import { isDnsSubdomain, isNamespace } from '../../../settings/names.ts';
import type { Arguments } from '../../command.ts';
import { textOf } from '../../options.ts';
import { type OptionTable, defaultImage } from './options.ts';

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

/** A DNS label (RFC 1035): no digit first. */
const serviceName = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
/** Anything that can be one step of a path, as `system:auth-delegator` can; nothing that prints as another line. */
const roleName = /^(?!\.{1,2}$)[^/%\p{C}\p{Zl}\p{Zp}]+$/u;
/** The name in a label's key, and a label's value. */
const labelPart = /^[a-z0-9](?:[\w.-]{0,61}[a-z0-9])?$/i;
const image = imagePattern();

/** A namespace is shorter and has no dot. */
export function nameOf(argv: Arguments, flag: string): string | undefined {
  const value = textOf(argv, flag);
  if (value === undefined) return undefined;
  const wrong = (what: string) => badValue(`--${flag}`, `${JSON.stringify(value)} is not ${what}`);
  if (!isDnsSubdomain(value)) throw wrong('a name in Kubernetes (lower-case letters, digits, "-" and ".")');
  if (flag.endsWith('namespace') && !isNamespace(value)) throw wrong('a namespace');
  return value;
}

/** Of the proxy's objects: of all their kinds, the rules for a Service are the strictest. */
export function serviceNameOf(argv: Arguments, flag: string): string | undefined {
  const rules = 'a letter first, then lower-case letters, digits and "-", 63 at most';
  return matching(argv, flag, serviceName, `a name for a Service (${rules})`);
}

/** The Secret of an account, named after it unless a name is given. */
export function secretNameOf(argv: Arguments, account: string): string {
  const value = nameOf(argv, 'secret-name') ?? `${account}-token`;
  if (isDnsSubdomain(value)) return value;
  throw badValue('--secret-name', `${account}-token is too long a name`, 'give another with --secret-name');
}

/** A flag that may be given more than once. */
export function roleNamesOf(argv: Arguments, flag: string): string[] {
  const given = argv[flag] ?? [];
  const list: unknown[] = Array.isArray(given) ? given : [given];
  return [...new Set(list)].map((value) => {
    const checked = matching({ [flag]: value }, flag, roleName, 'the name of a role');
    if (checked === undefined) throw badValue(`--${flag}`, 'has no value');
    return checked;
  });
}

/** `NAMESPACE/NAME`. */
export function objectOf(argv: Arguments, flag: string): ObjectName | undefined {
  const value = textOf(argv, flag);
  if (value === undefined) return undefined;
  const [namespace = '', own = '', ...more] = value.split('/');
  if (more.length > 0 || !isNamespace(namespace) || !isDnsSubdomain(own))
    throw badValue(`--${flag}`, `${JSON.stringify(value)} is not NAMESPACE/NAME`);
  return { namespace, name: own };
}

/** `KEY=VALUE`. */
export function labelOf(argv: Arguments, flag: string): readonly [string, string] | undefined {
  const given = textOf(argv, flag);
  if (given === undefined) return undefined;
  const [key = '', value = '', ...more] = given.split('=');
  if (more.length > 0 || !isLabelKey(key) || !labelPart.test(value))
    throw badValue(`--${flag}`, `${JSON.stringify(given)} is not KEY=VALUE as a label has it`);
  return [key, value];
}

/** A name, and a domain before it or none. */
function isLabelKey(key: string): boolean {
  const [own = '', domain = 'none', ...more] = key.split('/').toReversed();
  return more.length === 0 && labelPart.test(own) && isDnsSubdomain(domain);
}

export function imageOf(argv: Arguments): string {
  return matching(argv, 'image', image, 'an image') ?? defaultImage;
}

/** `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`, as container runtimes read it. */
function imagePattern(): RegExp {
  const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
  const host = String.raw`${label}(?:[.]${label})*(?::\d{1,5})?`;
  const step = String.raw`[a-z0-9]+(?:(?:[.]|__?|-+)[a-z0-9]+)*`;
  const digest = '(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})';
  return new RegExp(String.raw`^(?:${host}/)?${step}(?:/${step})*(?::\w[\w.-]{0,127})?(?:@${digest})?$`);
}
