/** Reads of what the cluster holds, as the core API shows it. */
import type { Cluster } from './cluster-state.ts';
import { key, type Account, type AccountName, type Secret } from './resources.ts';
import { json, notFound, timestamp, type Reply } from './status.ts';

type Kind = 'namespaces' | 'pods' | 'secrets' | 'serviceaccounts';

const LIST_KINDS: Record<Kind, string> = {
  namespaces: 'NamespaceList',
  pods: 'PodList',
  secrets: 'SecretList',
  serviceaccounts: 'ServiceAccountList',
};

export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(LIST_KINDS, kind);
}

/** `namespace` undefined: all of them. No pod ever runs here. */
export function list(cluster: Cluster, kind: Kind, namespace: string | undefined): Reply {
  const within = (object: AccountName) => namespace === undefined || object.namespace === namespace;
  const items = {
    namespaces: () => cluster.namespaces().map(namespaceObject),
    pods: () => [],
    secrets: () => [...cluster.secrets.values()].filter(within).map(secretObject),
    serviceaccounts: () => [...cluster.accounts.values()].filter(within).map(accountObject),
  }[kind]();
  return json(200, { kind: LIST_KINDS[kind], apiVersion: 'v1', metadata: { resourceVersion: '1' }, items });
}

export function get(cluster: Cluster, kind: Kind, namespace: string | undefined, name: string): Reply {
  const at = key({ namespace: namespace ?? '', name });
  const [secret, account] = [cluster.secrets.get(at), cluster.accounts.get(at)];
  if (kind === 'secrets' && secret)
    return json(200, { kind: 'Secret', apiVersion: 'v1', ...secretObject(secret) });
  if (kind === 'serviceaccounts' && account) {
    return json(200, { kind: 'ServiceAccount', apiVersion: 'v1', ...accountObject(account) });
  }
  if (kind === 'namespaces' && cluster.namespaces().includes(name)) {
    return json(200, { kind: 'Namespace', apiVersion: 'v1', ...namespaceObject(name) });
  }
  throw notFound(kind, name);
}

function namespaceObject(name: string) {
  return {
    metadata: { name, creationTimestamp: '2025-01-01T00:00:00Z' },
    spec: {},
    status: { phase: 'Active' },
  };
}

function accountObject({ namespace, name, uid, createdAt, secrets }: Account) {
  const metadata = { name, namespace, uid, creationTimestamp: timestamp(Math.floor(createdAt / 1000)) };
  return {
    metadata,
    ...(secrets.length > 0 ? { secrets: secrets.map((secret) => ({ name: secret })) } : {}),
  };
}

function secretObject({ namespace, name, uid, createdAt, labels, annotations, data, type }: Secret) {
  const creationTimestamp = timestamp(Math.floor(createdAt / 1000));
  const encoded = Object.entries(data).map(([field, value]) => [
    field,
    Buffer.from(value).toString('base64'),
  ]);
  return {
    metadata: { name, namespace, uid, creationTimestamp, labels, annotations },
    data: Object.fromEntries(encoded),
    type,
  };
}
