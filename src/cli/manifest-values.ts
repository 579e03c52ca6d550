/**
 * Values of the flags of `manifest`. They go into YAML and into nginx's configuration as they are, so each is held
 * against a pattern that leaves no room for anything but itself.
 */
import { badUsage, badValue } from '../failures/usage.ts';
import type { ObjectName } from '../cluster/manifests-routes.ts';
import { anyHost } from '../cluster/manifests-routes.ts';
import type { Arguments } from './command.ts';
import { textOf } from './options.ts';

/** A DNS subdomain (RFC 1123), as Kubernetes names are; namespaces have no dot, which the API server tells. */
const name = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
/** Names of roles may hold colons too, as `system:auth-delegator` does. */
const roleName = /^[a-z0-9](?:[-.:a-z0-9]*[a-z0-9])?$/i;
const hostName = /^(?:\*\.)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/i;
const image = /^[a-z0-9][\w./:@-]*$/i;
const defaultImage = 'nginxinc/nginx-unprivileged:1.28-alpine';

function matching(argv: Arguments, flag: string, pattern: RegExp, what: string): string | undefined {
  const value = textOf(argv, flag);
  if (value === undefined) return undefined;
  if (value.length > 253 || !pattern.test(value))
    throw badValue(`--${flag}`, `${JSON.stringify(value)} is not ${what}`);
  return value;
}

/** A namespace is shorter and has no dot. */
export function nameOf(argv: Arguments, flag: string): string | undefined {
  const value = matching(argv, flag, name, 'a name in Kubernetes (lower-case letters, digits, "-" and ".")');
  if (value !== undefined && flag.endsWith('namespace') && (value.includes('.') || value.length > 63))
    throw badValue(`--${flag}`, `${JSON.stringify(value)} is not a namespace`);
  return value;
}

/** A flag that may be given more than once. */
export function namesOf(argv: Arguments, flag: string): string[] {
  const given = argv[flag] ?? [];
  const list: unknown[] = Array.isArray(given) ? given : [given];
  return [...new Set(list)].map((value) => {
    const checked = matching({ [flag]: value }, flag, roleName, 'the name of a role');
    if (checked === undefined) throw badValue(`--${flag}`, 'has no value');
    return checked;
  });
}

export function hostOf(argv: Arguments, flag: string, any = false): string | undefined {
  if (any && argv[flag] === anyHost) return anyHost;
  return matching(argv, flag, hostName, 'a host name, without https:// and path')?.toLowerCase();
}

export function imageOf(argv: Arguments): string {
  return matching(argv, 'image', image, 'an image') ?? defaultImage;
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

/** `NAMESPACE/NAME`. */
export function objectOf(argv: Arguments, flag: string): ObjectName | undefined {
  const value = textOf(argv, flag);
  if (value === undefined) return undefined;
  const [namespace = '', own = '', ...more] = value.split('/');
  if (more.length > 0 || !name.test(namespace) || !name.test(own))
    throw badValue(`--${flag}`, `${JSON.stringify(value)} is not NAMESPACE/NAME`);
  return { namespace, name: own };
}

/** `KEY=VALUE`. */
export function labelOf(argv: Arguments, flag: string): readonly [string, string] | undefined {
  const value = textOf(argv, flag);
  const parts = /^([a-z0-9][\w./-]*)=([\w.-]+)$/i.exec(value ?? '');
  if (value === undefined) return undefined;
  if (parts?.[1] === undefined || parts[2] === undefined)
    throw badValue(`--${flag}`, `${JSON.stringify(value)} is not KEY=VALUE`);
  return [parts[1], parts[2]];
}

export function listenOf(argv: Arguments): string {
  const pattern = /^(?:(?:[\w.-]+|\[[0-9a-f:]+\]):)?\d{1,5}$/i;
  return matching(argv, 'listen', pattern, 'a port, or ADDRESS:PORT') ?? '8080';
}

export function upstreamOf(argv: Arguments): { address: string; host: string } {
  const pattern = /^(?:[\w.-]+|\[[0-9a-f:]+\]):\d{1,5}$/i;
  const address =
    matching(argv, 'upstream', pattern, 'HOST:PORT, without https://') ?? 'kubernetes.default.svc:443';
  return { address, host: address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '') };
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
