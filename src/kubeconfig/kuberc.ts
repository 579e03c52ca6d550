/**
 * kubectl's own preferences, as far as they say which credential plugins may run (KEP-3104; src/CONTRACTS.md 1.6).
 */
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { badKuberc } from '../errors/api-server.ts';
import { readTextFile } from '../base/config-file.ts';
import type { Host } from '../base/host.ts';
import { listAt, textAt } from '../base/json.ts';
import { resolvePath, shortPath } from '../settings/paths.ts';

export interface PluginPolicy {
  /** As it is shown. */
  readonly file: string;
  readonly policy: string;
  /** Commands, in the words of either release: `command` since 1.36, `name` in 1.35. */
  readonly allowed: readonly string[];
}

/** Undefined where nothing is said, or kuberc is switched off. Throws SaTokenError `unreadable-file`, `unsafe-file`, `bad-kuberc`. */
export function readPluginPolicy(host: Host): PluginPolicy | undefined {
  const named = host.env['KUBERC'];
  if (named === 'off') return undefined;
  const path = named ? resolvePath(named, host.cwd, host.home) : join(host.home, '.kube', 'kuberc');
  const file = shortPath(path, host.home);
  // Several documents of several versions may be in it; fields of a version that lacks them say nothing.
  for (const document of parseAllDocuments(readTextFile('kuberc', path) ?? '')) {
    const [broken] = document.errors;
    if (broken !== undefined)
      throw badKuberc(file, `is not YAML (${broken.message.split('\n')[0] ?? ''})`, broken);
    const content: unknown = document.toJS();
    const policy = textAt(content, 'credentialPluginPolicy');
    if (policy === undefined) continue;
    const list = listAt(content, 'credentialPluginAllowlist');
    return {
      file,
      policy,
      allowed: list.flatMap((entry) => textAt(entry, 'command') ?? textAt(entry, 'name') ?? []),
    };
  }
  return undefined;
}
