/**
 * What a cluster needs for an account: ServiceAccount, long-lived Secret, and leave to create tokens, as YAML for people
 * and `kubectl apply`. Names are checked before they come here, but `on` and `123` are good names and have to be quoted.
 */
import { scalar } from './yaml.ts';

export interface AccountManifest {
  readonly namespace: string;
  /** The account that is acted as. */
  readonly serviceAccount: string;
  /** The account whose source token asks; the same unless it is to be kept apart. */
  readonly requester: string;
  /** Secret that holds the source token; undefined: no Secret, the source token is a TokenRequest's. */
  readonly secretName: string | undefined;
  readonly createNamespace: boolean;
  /** ClusterRoles that the account gets in its namespace: what it may do. */
  readonly clusterRoles: readonly string[];
}

/** Who may create tokens for whom. */
export interface TokenGrant {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly subject: { readonly namespace: string; readonly name: string };
}

const selfRenewing = ` An issued token whose audience is the API server can so create the next one for ever: where that matters, keep
# the account of the source token apart (manifest account --requester NAME), or ask for another audience.`;

/** All documents, in the order in which they are to be applied. */
export function accountManifest(wanted: AccountManifest): string {
  const { namespace, serviceAccount, requester, secretName } = wanted;
  const parts = [
    wanted.createNamespace ? namespaceDocument(namespace) : undefined,
    accountDocument(namespace, serviceAccount, 'Who is acted as.'),
    requester === serviceAccount
      ? undefined
      : accountDocument(
          namespace,
          requester,
          `Who asks for tokens of ${serviceAccount}, and may do no more.`,
        ),
    secretName === undefined ? undefined : secretDocument(namespace, requester, secretName),
    grantManifest({ namespace, serviceAccount, subject: { namespace, name: requester } }),
    ...wanted.clusterRoles.map((role) => roleBindingDocument(namespace, serviceAccount, role)),
  ];
  return parts.filter((part) => part !== undefined).join('---\n');
}

/**
 * Role and RoleBinding that let an account create tokens. `resourceNames` works, since the account's name is in the
 * URL and so in what is authorized (src/CONTRACTS.md 3.4). The Role is the same for whoever asks, the RoleBinding is
 * each one's own: applied for another, it takes nobody's place.
 */
export function grantManifest({ namespace, serviceAccount, subject }: TokenGrant): string {
  const role = `${serviceAccount}-token-requester`;
  const own = subject.namespace === namespace && subject.name === serviceAccount;
  // No name of an account has a colon.
  const binding = own ? role : `${role}:${subject.namespace}:${subject.name}`;
  return `# Leave to create tokens for ${serviceAccount} and no other account: without resourceNames it would be for all of the
# namespace.${own ? selfRenewing : ''}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: ${scalar(role)}
  namespace: ${scalar(namespace)}
rules:
  - apiGroups: [""]
    resources: ["serviceaccounts/token"]
    resourceNames: ["${serviceAccount}"]
    verbs: ["create"]
---
${own ? '' : `# Who had this leave before keeps it; that of the account itself is RoleBinding ${role}.\n`}apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: ${scalar(binding)}
  namespace: ${scalar(namespace)}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: ${scalar(role)}
subjects:
  - kind: ServiceAccount
    name: ${scalar(subject.name)}
    namespace: ${scalar(subject.namespace)}
`;
}

export function namespaceDocument(name: string): string {
  return `apiVersion: v1
kind: Namespace
metadata:
  name: ${scalar(name)}
`;
}

function accountDocument(namespace: string, name: string, what: string): string {
  return `# ${what}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${scalar(name)}
  namespace: ${scalar(namespace)}
`;
}

function secretDocument(namespace: string, account: string, name: string): string {
  return `# The source token: the control plane fills this Secret in a moment. It is on purpose not listed in the "secrets" of the
# ServiceAccount: listed ones count as auto-generated, and are removed when unused for a year.
# Issued tokens are bound to it: delete it, and it and all of them are refused within seconds.
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata:
  name: ${scalar(name)}
  namespace: ${scalar(namespace)}
  annotations:
    kubernetes.io/service-account.name: ${scalar(account)}
`;
}

function roleBindingDocument(namespace: string, account: string, role: string): string {
  return `# What ${account} may do in ${namespace}.
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: ${scalar(`${account}:${role}`)}
  namespace: ${scalar(namespace)}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: ${scalar(role)}
subjects:
  - kind: ServiceAccount
    name: ${scalar(account)}
    namespace: ${scalar(namespace)}
`;
}
