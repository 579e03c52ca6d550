/**
 * The flags of `manifest`: which manifest and which route each is for, and what its value may be. Values go into YAML and
 * into nginx's configuration, so each is held against a rule that leaves no room for anything but itself.
 */
import type { Options } from 'yargs';
import { badUsage, badValue } from '../../../errors/usage.ts';
import type { Route } from '../../../manifest/routes.ts';
import { isDnsSubdomain, isNamespace } from '../../../settings/names.ts';
import type { Arguments } from '../../command.ts';

export const kinds = ['account', 'proxy'] as const;
export type Kind = (typeof kinds)[number];

export const routeKinds = ['gateway-api', 'istio', 'ingress'] as const satisfies readonly Route['kind'][];

export const defaultImage = 'nginxinc/nginx-unprivileged:1.28-alpine';

interface Flag extends Options {
  /** The manifest that it is for; both where it is left out, unless it is for a route. */
  readonly of?: Kind;
  /** The routes of the proxy that it is for; it needs one of them. */
  readonly routes?: readonly Route['kind'][];
  /** What a value has to be. */
  readonly value?: Value;
}

interface Value {
  readonly what: string;
  readonly is: (text: string) => boolean;
}

const namespace: Value = { what: 'a namespace (lower-case letters, digits and "-")', is: isNamespace };
const name: Value = {
  what: 'a name in Kubernetes (lower-case letters, digits, "-" and ".")',
  is: isDnsSubdomain,
};
const role: Value = {
  what: 'the name of a role',
  // Anything that can be one step of a path, as `system:auth-delegator` can; nothing that prints as another line.
  is: (text) => /^(?!\.{1,2}$)[^/%\p{C}\p{Zl}\p{Zp}]{1,253}$/u.test(text),
};
const path: Value = {
  what: 'a path, such as /kubernetes, without "//", "." and ".."',
  is: (text) => /^\/[\w./-]*$/.test(text) && !/\/\/|\/\.{1,2}(?:\/|$)/.test(text),
};
// What is wrong with an image otherwise, a cluster says.
const image: Value = { what: 'an image', is: (text) => /^[a-z0-9][\w./:@-]{0,253}$/i.test(text) };
const host: Value = {
  what: 'a host name, without https:// and path',
  is: (text) => text === '*' || isDnsSubdomain(text.toLowerCase().replace(/^\*\./, '')),
};
const object: Value = { what: 'NAMESPACE/NAME', is: (text) => /^[a-z0-9-]+\/[a-z0-9.-]+$/.test(text) };
const label: Value = {
  what: 'KEY=VALUE as a label has it',
  is: (text) => /^(?:[a-z0-9.-]+\/)?[\w.-]{1,63}=[\w.-]{1,63}$/i.test(text),
};

const flags: Readonly<Record<string, Flag>> = {
  namespace: {
    describe: 'Namespace (for the proxy: sa-token-proxy, made with it)',
    alias: 'n',
    value: namespace,
  },
  'create-namespace': { type: 'boolean', describe: 'Print the Namespace too' },
  'service-account': { of: 'account', describe: 'Account that is acted as', value: name },
  'no-secret': { of: 'account', type: 'boolean', describe: 'No Secret: the source token is made otherwise' },
  requester: {
    of: 'account',
    describe: 'Account of the source token, kept apart: issued tokens then cannot renew themselves',
    value: name,
  },
  'cluster-role': {
    of: 'account',
    describe: 'ClusterRole that the account gets in the namespace, e.g. view (repeatable)',
    value: role,
    array: true,
  },
  prefix: { of: 'proxy', describe: 'Path before /api (default: /kubernetes; "/" for none)', value: path },
  image: {
    of: 'proxy',
    describe: `Image of nginx, best with a digest of your own choice (default: ${defaultImage})`,
    value: image,
  },
  ipv6: { of: 'proxy', type: 'boolean', describe: 'Listen on IPv6 too: for clusters that have it' },
  route: {
    of: 'proxy',
    describe: 'Print a route to it too',
    choices: routeKinds,
  },
  host: {
    routes: routeKinds,
    describe: 'Host that clients use; "*": whatever the gateway takes',
    value: host,
  },
  gateway: {
    routes: ['gateway-api', 'istio'],
    describe: 'NAMESPACE/NAME of the Gateway (gateway-api, istio)',
    value: object,
  },
  'gateway-workload-namespace': {
    routes: ['istio'],
    describe: "Namespace of the gateway's pods (istio; default: istio-system)",
    value: namespace,
  },
  'gateway-workload-label': {
    routes: ['istio'],
    describe: "KEY=VALUE, a label of the gateway's pods (istio; default: istio=ingressgateway)",
    value: label,
  },
  'ingress-class': { routes: ['ingress'], describe: 'IngressClass (ingress)', value: name },
  'tls-secret': {
    routes: ['ingress'],
    describe: 'Secret with the certificate of the host (ingress)',
    value: name,
  },
};

function kindOf({ of, routes }: Flag): Kind | undefined {
  return routes === undefined ? of : 'proxy';
}

/** The flags as yargs takes them; it leaves alone what it does not know. */
export const manifestOptions: Readonly<Record<string, Options>> = Object.fromEntries(
  Object.entries(flags).map(([flag, row]) => [
    flag,
    {
      ...(row.type === 'boolean' ? {} : { type: 'string', requiresArg: true }),
      ...row,
      group: kindOf(row) === undefined ? 'Both:' : `manifest ${kindOf(row)}:`,
    },
  ]),
);

/**
 * Holds every flag that was given against the table: one that would be passed over is a mistake, not a wish.
 *
 * @throws SaTokenError `bad-usage` for a flag of another manifest or route, `bad-value`
 */
export function checkFlags(argv: Arguments, kind: Kind): void {
  const route = routeKinds.find((each) => each === argv['route']);
  for (const [flag, row] of Object.entries(flags)) {
    if (argv[flag] === undefined) continue;
    const { routes, value } = row;
    const of = kindOf(row) ?? kind;
    if (of !== kind) throw badUsage(`--${flag} is for "manifest ${of}"`, 'manifest');
    if (routes !== undefined && route === undefined) throw badUsage(`--${flag} needs --route`, 'manifest');
    if (routes !== undefined && routes.every((each) => each !== route))
      throw badUsage(`--${flag} has no meaning with --route ${route}`, 'manifest');
    for (const given of value === undefined ? [] : [argv[flag]].flat().map(String))
      if (!value?.is(given)) throw badValue(`--${flag}`, `${JSON.stringify(given)} is not ${value?.what}`);
  }
}
