/** What tests put into the cluster, and what a controller manager would have, as none runs here. */
import type { ApiClient } from './api-client.ts';
import { base64 } from './files.ts';
import { signLegacyToken, type SigningKey } from './signing-key.ts';

export interface LegacyTokenRequest {
  namespace: string;
  serviceAccount: string;
  secretName: string;
}

export interface LegacyToken {
  token: string;
  serviceAccountUid: string;
  secretUid: string;
}

export interface ClusterObjects {
  /** A namespace that is filled like any other. */
  makeNamespace(name: string): Promise<void>;
  /** Adds what controllers add to each namespace: the `default` service account and the ConfigMap `kube-root-ca.crt`. */
  fillNamespace(name: string): Promise<void>;
  /** Resolves to the UID. */
  makeServiceAccount(namespace: string, name: string): Promise<string>;
  /** Stores a Secret of type kubernetes.io/service-account-token, filled in as the token controller does. */
  makeLegacyToken(request: LegacyTokenRequest): Promise<LegacyToken>;
  /** Fills in a Secret of that type that somebody made, as the token controller does. */
  fillTokenSecret(namespace: string, secretName: string): Promise<void>;
  /** Gives the ClusterRole `view` the rules that the aggregation controller collects for it. */
  fillViewRole(): Promise<void>;
  /** Lets one service account request tokens for others (itself alone by default); resolves once the server does so. */
  allowTokenRequests(namespace: string, serviceAccount: string, targets?: string[]): Promise<void>;
}

export function createClusterObjects(api: ApiClient, caPem: string, key: SigningKey): ClusterObjects {
  const objects: ClusterObjects = {
    async makeNamespace(name) {
      await api.need('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
      await objects.fillNamespace(name);
    },

    async fillNamespace(name) {
      await objects.makeServiceAccount(name, 'default');
      const body = { metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': caPem } };
      await api.need('POST', `/api/v1/namespaces/${name}/configmaps`, { body });
    },

    async makeServiceAccount(namespace, name) {
      const body = { metadata: { name } };
      return (await api.need('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { body })).metadata
        .uid;
    },

    async makeLegacyToken({ namespace, serviceAccount, secretName }) {
      const account = await api.need(
        'GET',
        `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}`,
      );
      const { uid } = account.metadata;
      const token = await signLegacyToken(key, { namespace, serviceAccount, uid, secretName });
      const secret = await api.need('POST', `/api/v1/namespaces/${namespace}/secrets`, {
        body: {
          type: 'kubernetes.io/service-account-token',
          metadata: { name: secretName, annotations: annotations(serviceAccount, uid) },
          data: { token: base64(token), 'ca.crt': base64(caPem), namespace: base64(namespace) },
        },
      });
      return { token, serviceAccountUid: uid, secretUid: secret.metadata.uid };
    },

    fillTokenSecret: (namespace, secretName) => fillTokenSecret(api, caPem, key, { namespace, secretName }),

    async fillViewRole() {
      const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
      const { rules } = await api.need('GET', `${roles}/system:aggregate-to-view`);
      const headers = { 'content-type': 'application/merge-patch+json' };
      await api.need('PATCH', `${roles}/view`, { headers, body: { rules } });
    },

    async allowTokenRequests(namespace, serviceAccount, targets = [serviceAccount]) {
      const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
      const name = `token-of-${serviceAccount}`;
      const rules = [
        { apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: targets, verbs: ['create'] },
      ];
      await api.need('POST', `${rbac}/roles`, { body: { metadata: { name }, rules } });
      await api.need('POST', `${rbac}/rolebindings`, {
        body: {
          metadata: { name },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
          subjects: [{ kind: 'ServiceAccount', namespace, name: serviceAccount }],
        },
      });
      for (const target of targets) await untilAllowed(api, namespace, serviceAccount, target);
    },
  };
  return objects;
}

async function fillTokenSecret(
  api: ApiClient,
  caPem: string,
  key: SigningKey,
  { namespace, secretName }: { namespace: string; secretName: string },
): Promise<void> {
  const home = `/api/v1/namespaces/${namespace}`;
  const { metadata } = await api.need('GET', `${home}/secrets/${secretName}`);
  const serviceAccount = metadata.annotations?.['kubernetes.io/service-account.name'] ?? '';
  const { uid } = (await api.need('GET', `${home}/serviceaccounts/${serviceAccount}`)).metadata;
  const token = await signLegacyToken(key, { namespace, serviceAccount, uid, secretName });
  await api.need('PATCH', `${home}/secrets/${secretName}`, {
    headers: { 'content-type': 'application/merge-patch+json' },
    body: {
      metadata: { annotations: annotations(serviceAccount, uid) },
      data: { token: base64(token), 'ca.crt': base64(caPem), namespace: base64(namespace) },
    },
  });
}

function annotations(serviceAccount: string, uid: string): Record<string, string> {
  return { 'kubernetes.io/service-account.name': serviceAccount, 'kubernetes.io/service-account.uid': uid };
}

/** The authorizer learns of a new binding by a watch, a moment after it is stored. */
async function untilAllowed(
  api: ApiClient,
  namespace: string,
  serviceAccount: string,
  name: string,
): Promise<void> {
  const resourceAttributes = {
    namespace,
    verb: 'create',
    resource: 'serviceaccounts',
    subresource: 'token',
    name,
  };
  const spec = { user: `system:serviceaccount:${namespace}:${serviceAccount}`, resourceAttributes };
  for (let tries = 0; tries < 100; tries++) {
    const review = await api.need('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      body: { spec },
    });
    if (review.status.allowed) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${spec.user} may still not request tokens of ${name}`);
}
