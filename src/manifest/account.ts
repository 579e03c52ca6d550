/**
 * What a cluster needs for an account: ServiceAccount, long-lived Secret, and leave to create tokens, as YAML for people
 * and `kubectl apply`. Names are checked before they come here, but `on` and `123` are good names and have to be quoted.
 */
import { head, scalar, type ObjectName } from './yaml.ts';

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
  readonly subject: ObjectName;
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
    ...wanted.clusterRoles.map((role) => roleDocument({ namespace, name: serviceAccount }, role)),
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
${head('rbac.authorization.k8s.io/v1', 'Role', role, namespace)}rules:
  - apiGroups: [""]
    resources: ["serviceaccounts/token"]
    resourceNames: ["${serviceAccount}"]
    verbs: ["create"]
---
${own ? '' : `# Who had this leave before keeps it; that of the account itself is RoleBinding ${role}.\n`}${bindingDocument({ namespace, name: binding }, `Role/${role}`, subject)}`;
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
${head('v1', 'ServiceAccount', name, namespace)}`;
}

function secretDocument(namespace: string, account: string, name: string): string {
  return `# The source token: the control plane fills this Secret in a moment. It is on purpose not listed in the "secrets" of the
# ServiceAccount: listed ones count as auto-generated, and are removed when unused for a year.
# Issued tokens are bound to it: delete it, and it and all of them are refused within seconds.
${head('v1', 'Secret', name, namespace)}  annotations:
    kubernetes.io/service-account.name: ${scalar(account)}
type: kubernetes.io/service-account-token
`;
}

/** What an account may do in its namespace. */
function roleDocument(account: ObjectName, role: string): string {
  const binding = { ...account, name: `${account.name}:${role}` };
  return `# What ${account.name} may do in ${account.namespace}.
${bindingDocument(binding, `ClusterRole/${role}`, account)}`;
}

/** @param role - `Role/NAME` or `ClusterRole/NAME` */
function bindingDocument({ name, namespace }: ObjectName, role: string, subject: ObjectName): string {
  const [kind = '', roleName = ''] = role.split('/');
  return `${head('rbac.authorization.k8s.io/v1', 'RoleBinding', name, namespace)}roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ${kind}
  name: ${scalar(roleName)}
subjects:
  - kind: ServiceAccount
    name: ${scalar(subject.name)}
    namespace: ${scalar(subject.namespace)}
`;
}
