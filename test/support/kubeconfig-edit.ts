/** What the tests of the kubeconfig edit have in common. */
import { dryRun, execUser, setUser, type Changed, type UserChange } from '../../src/kubeconfig/edit.ts';
import type { Host } from '../../src/base/host.ts';

export const hook = execUser('kubectl-sa_token', ['get-token', 'prod'], false);
export const hookText = (indent: string, list: string) =>
  `exec:
  apiVersion: client.authentication.k8s.io/v1
  command: kubectl-sa_token
  args:
${list}- get-token
${list}- prod
  interactiveMode: Never
  installHint: "kubectl-sa_token is needed to log in; install it with: kubectl krew install sa-token"`
    .split('\n')
    .map((line) => indent + line)
    .join('\n');

const usual = { file: 'config', user: 'prod', value: hook, force: false };

export function set(host: Host, over: Partial<UserChange> = {}): Promise<Changed> {
  return setUser(host, { ...usual, ...over });
}

export function shown(host: Host, over: Partial<UserChange> = {}): string {
  return dryRun(host, { ...usual, ...over });
}

// As `kubectl config` writes it, with what people add.
export const byKubectl = (users: string) => `# mine
apiVersion: v1
clusters:
- cluster:
    server: https://h.example   # behind the proxy
    certificate-authority: 'ca.crt'


  name: a
contexts:
- context: {cluster: a, user: prod}
  name: a
current-context: a
kind: Config
preferences: {}
users:
${users}# the end
`;
export const other = '- name: "other" # not ours\n  user:\n    token:   abc\n    # keep\n';
