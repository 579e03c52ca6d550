/** `manifest`: prints what the cluster's side needs, for `kubectl apply -f -`. Asks no cluster and changes nothing. */
import { isIP } from 'node:net';
import { badValue, missingSetting } from '../../../errors/usage.ts';
import { accountManifest } from '../../../manifest/account.ts';
import { proxyManifest } from '../../../manifest/proxy.ts';
import { anyHost, type Route } from '../../../manifest/routes.ts';
import type { ObjectName } from '../../../manifest/yaml.ts';
import { isDnsSubdomain } from '../../../settings/names.ts';
import type { Arguments, Command } from '../../command.ts';
import { textOf } from '../../options.ts';
import { checkFlags, defaultImage, kinds, manifestOptions, routeKinds } from './flags.ts';

export const manifestCommand: Command = {
  usage: 'manifest <KIND>',
  summary:
    'Print what the cluster needs, as YAML for "kubectl apply -f -": an account, or the /kubernetes proxy',
  options: manifestOptions,
  words: kinds,
  examples: [
    ['$0 manifest account -n team-a --service-account robot | kubectl apply -f -', 'account, Secret, Role'],
    ['$0 manifest proxy --route ingress --host HOST --tls-secret HOST-tls', 'POST …/token and nothing else'],
    ['$0 manifest proxy --route istio --host "*" --gateway istio-system/gateway', 'at an Istio gateway'],
  ],
  run: async (host, argv) => {
    const kind = argv['KIND'] === 'account' ? 'account' : 'proxy';
    checkFlags(argv, kind);
    host.out(kind === 'account' ? account(argv) : proxy(argv));
  },
};

function account(argv: Arguments): string {
  const [namespace, serviceAccount] = [textOf(argv, 'namespace'), textOf(argv, 'service-account')];
  const example = 'e.g. manifest account -n team-a --service-account robot';
  if (namespace === undefined) throw missingSetting('namespace', 'manifest account', example);
  if (serviceAccount === undefined) throw missingSetting('service-account', 'manifest account', example);
  const requester = textOf(argv, 'requester') ?? serviceAccount;
  const secretName = argv['no-secret'] === true ? undefined : `${requester}-token`;
  if (secretName !== undefined && !isDnsSubdomain(secretName))
    throw badValue('--requester', `${secretName} is too long a name for a Secret`);
  const roles = Array.isArray(argv['cluster-role']) ? argv['cluster-role'].map(String) : [];
  return accountManifest({
    namespace,
    serviceAccount,
    requester,
    secretName,
    createNamespace: argv['create-namespace'] === true,
    clusterRoles: [...new Set(roles)],
  });
}

function proxy(argv: Arguments): string {
  const namespace = textOf(argv, 'namespace');
  return proxyManifest({
    namespace: namespace ?? 'sa-token-proxy',
    createNamespace: (argv['create-namespace'] ?? namespace === undefined) === true,
    prefix: (textOf(argv, 'prefix') ?? '/kubernetes').replace(/\/+$/, ''),
    image: textOf(argv, 'image') ?? defaultImage,
    ipv6: argv['ipv6'] === true,
    route: routeOf(argv),
  });
}

function routeOf(argv: Arguments): Route | undefined {
  const kind = routeKinds.find((each) => each === argv['route']);
  if (kind === undefined) return undefined;
  const host = textOf(argv, 'host')?.toLowerCase();
  if (host === undefined) throw missingSetting('host', `--route ${kind}`, 'give the name that clients use');
  // Istio takes both.
  if (kind !== 'istio' && isIP(host) !== 0)
    throw badValue('--host', `"${host}" is an address; --route ${kind} needs a name`);
  if (kind === 'ingress' && host === anyHost)
    throw badValue('--host', `"${host}" is for gateways; --route ingress needs a name`);
  if (kind === 'ingress')
    return { kind, host, className: textOf(argv, 'ingress-class'), tlsSecret: textOf(argv, 'tls-secret') };
  const gateway = objectOf(textOf(argv, 'gateway'));
  if (gateway === undefined) throw missingSetting('gateway', `--route ${kind}`, 'give NAMESPACE/NAME');
  if (kind === 'gateway-api') return { kind, host, gateway };
  const [key = '', value = ''] = (textOf(argv, 'gateway-workload-label') ?? 'istio=ingressgateway').split(
    '=',
  );
  const namespace = textOf(argv, 'gateway-workload-namespace') ?? 'istio-system';
  return { kind, host, gateway, workload: { namespace, label: [key, value] } };
}

function objectOf(text: string | undefined): ObjectName | undefined {
  const [namespace, name] = text?.split('/') ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
