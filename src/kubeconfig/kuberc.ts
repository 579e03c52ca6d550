/**
 * kubectl's own preferences, as far as they say which credential plugins may run (KEP-3104; src/CONTRACTS.md 1.6).
 */
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { badKuberc } from '../errors/api-server.ts';
import { readTextFile } from '../base/config-file.ts';
import type { Host } from '../base/host.ts';
import { isObject, listAt, textAt } from '../base/json.ts';
import { resolvePath, shortPath } from '../settings/paths.ts';

export interface PluginPolicy {
  readonly file: string;
  /** '' where nothing is said, which allows all. */
  readonly policy: string;
  /** Commands, in the words of either release: `command` since 1.36, `name` in 1.35. */
  readonly allowed: readonly string[];
}

/** The policy; undefined where there is no file, or it is switched off. Throws SaTokenError `unreadable-file`, `unsafe-file`, `bad-kuberc`. */
export function readPluginPolicy(host: Host): PluginPolicy | undefined {
  const named = host.env['KUBERC'];
  if (named === 'off') return undefined;
  const file = named ? resolvePath(named, host.cwd, host.home) : join(host.home, '.kube', 'kuberc');
  const text = readTextFile('kuberc', file);
  if (text === undefined) return undefined;
  // Several documents of several versions may be in it; fields of a version that lacks them say nothing.
  const found = contentsOf(shortPath(file, host.home), text).find(
    (document) => isObject(document) && document['credentialPluginPolicy'] !== undefined,
  );
  return {
    file,
    policy: textAt(found, 'credentialPluginPolicy') ?? '',
    allowed: listAt(found, 'credentialPluginAllowlist').flatMap(
      (entry) => textAt(entry, 'command') ?? textAt(entry, 'name') ?? [],
    ),
  };
}

function contentsOf(file: string, text: string): unknown[] {
  // An empty stream is a list too, with something beside.
  return [...parseAllDocuments(text)].map((document) => {
    const [broken] = document.errors;
    if (broken !== undefined)
      throw badKuberc(file, `is not YAML (${broken.message.split('\n')[0] ?? ''})`, broken);
    return document.toJS();
  });
}
