/** Check of kuberc: whether kubectl's policy for credential plugins lets this one run (src/CONTRACTS.md 1.6). */
import { isAbsolute } from 'node:path';
import { hookUsers } from '../../kubeconfig/hooks.ts';
import { readPluginPolicy } from '../../kubeconfig/kuberc.ts';
import { SaTokenError } from '../../errors/error.ts';
import type { Host } from '../../base/host.ts';
import { findOnPath, pluginName } from '../../base/find-program.ts';
import { shortPath } from '../../settings/paths.ts';
import { fail, ok, type Finding } from '../check.ts';
import type { Facts } from '../facts.ts';

export function policy({ host, question }: Facts): Finding {
  const commands = commandsOf(host, question.kubeconfig);
  const line = `credentialPluginAllowlist: [${commands.map((command) => `{command: ${command}}`).join(', ')}]`;
  const found = readPluginPolicy(host);
  if (found === undefined || found.policy === '' || found.policy === 'AllowAll')
    return ok(`kubectl may run any plugin; an allow-list would need ${line}`);
  const missing = commands.filter((command) => !isAllowed(host, command, found));
  if (missing.length === 0) return ok(`${shortPath(found.file, host.home)} allows ${commands.join(', ')}`);
  return fail(
    `${shortPath(found.file, host.home)} does not let kubectl run ${missing.join(', ')} (${found.policy})`,
    'put the lines below in the place of what it says of credentialPlugin…, and leave the rest as it is',
    undefined,
    allowList([...found.allowed, ...missing]),
  );
}

/**
 * What kubeconfigs run, as they write it: an allow-list is held against that
 * (kubernetes/client-go plugin/pkg/client/auth/exec/exec.go `checkAllowlistLocked`).
 */
function commandsOf(host: Host, kubeconfig: string | undefined): string[] {
  try {
    const commands = hookUsers(host, kubeconfig).map(({ command }) => command);
    return commands.length === 0 ? [pluginName] : [...new Set(commands)];
  } catch (error) {
    // The kubeconfig has a check of its own, which says it.
    if (error instanceof SaTokenError) return [pluginName];
    throw error;
  }
}

function isAllowed(
  host: Host,
  command: string,
  { policy: kind, allowed }: { policy: string; allowed: readonly string[] },
): boolean {
  const path = isAbsolute(command) ? command : findOnPath(host, command);
  return (
    kind === 'Allowlist' &&
    allowed.some((entry) => entry === command || (path !== undefined && resolved(host, entry) === path))
  );
}

function resolved(host: Host, entry: string): string | undefined {
  return isAbsolute(entry) ? entry : findOnPath(host, entry);
}

/** kubectl 1.36 and later; 1.35 calls the field `name`. */
function allowList(commands: readonly string[]): string {
  const entries = commands.map((command) => `  - command: ${command}   # kubectl 1.35: name`);
  return `apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
credentialPluginPolicy: Allowlist
credentialPluginAllowlist:
${entries.join('\n')}
`;
}
