/** Flags of `manifest` that name things in a cluster, each held against what the API server takes for it. */
import type { ObjectName } from '../cluster/manifests-routes.ts';
import { badValue } from '../failures/usage.ts';
import { isDnsSubdomain, isNamespace } from '../settings/name.ts';
import type { Arguments } from './command.ts';
import { defaultImage } from './manifest-options.ts';
import { matching } from './manifest-values.ts';
import { textOf } from './options.ts';

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
