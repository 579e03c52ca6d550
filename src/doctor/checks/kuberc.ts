/** Check of kuberc: whether kubectl's policy for credential plugins lets this one run (src/CONTRACTS.md 1.6). */
import { isAbsolute } from 'node:path';
import { hooksOf } from '../../kubeconfig/hooks.ts';
import { readPluginPolicy, type PluginPolicy } from '../../kubeconfig/kuberc.ts';
import type { Host } from '../../base/host.ts';
import { findOnPath, pluginName } from '../../base/find-program.ts';
import { fail, ok, type Finding } from '../check.ts';
import type { Facts } from '../facts.ts';

export function kuberc({ host, question }: Facts): Finding {
  const commands = commandsOf(host, question.kubeconfig);
  const found = readPluginPolicy(host);
  if (found === undefined || found.policy === 'AllowAll') return ok('no allow-list');
  const missing = commands.filter((command) => !isAllowed(host, command, found));
  if (missing.length === 0) return ok(`${found.file} allows ${commands.join(', ')}`);
  return fail(
    `${found.file} does not let kubectl run ${missing.join(', ')} (${found.policy})`,
    'put the lines below in the place of what it says of credentialPlugin…, and leave the rest as it is',
    undefined,
    allowList([...found.allowed, ...missing]),
  );
}

/**
 * What kubeconfigs run, as they write it: kubectl compares the allow-list with that
 * (kubernetes/client-go plugin/pkg/client/auth/exec/exec.go `checkAllowlistLocked`).
 */
function commandsOf(host: Host, file: string | undefined): string[] {
  const commands = hooksOf(host, file).map(({ command }) => command);
  return commands.length === 0 ? [pluginName] : [...new Set(commands)];
}

function isAllowed(host: Host, command: string, { policy, allowed }: PluginPolicy): boolean {
  const path = (word: string) => (isAbsolute(word) ? word : (findOnPath(host, word) ?? word));
  return policy === 'Allowlist' && allowed.some((entry) => path(entry) === path(command));
}

/** With `name`, which kubectl 1.35 to 1.37 take; 1.35 refuses an entry that has `command`. */
function allowList(commands: readonly string[]): string {
  const entries = commands.map((command) => `  - name: ${command}`);
  return `apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
credentialPluginPolicy: Allowlist
credentialPluginAllowlist:
${entries.join('\n')}
`;
}
