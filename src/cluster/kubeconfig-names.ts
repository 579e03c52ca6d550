/** Names in the kubeconfig files that kubectl would read, for completion. */
import { delimiter, join } from 'node:path';
import type { Host } from '../host.ts';
import { isObject, textAt } from '../json.ts';
import { resolvePath } from '../settings/paths.ts';
import { openKubeconfig, readKubeconfig } from './kubeconfig-file.ts';

export function contextNames(host: Host): string[] {
  return names(host, 'contexts');
}

export function userNames(host: Host): string[] {
  return names(host, 'users');
}

function names(host: Host, list: 'contexts' | 'users'): string[] {
  const configured = (host.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const files = configured.length > 0 ? configured : [join(host.home, '.kube', 'config')];
  return [...new Set(files.flatMap((file) => namesIn(resolvePath(file, host.cwd, host.home), list)))];
}

function namesIn(file: string, list: string): string[] {
  const text = readKubeconfig(file);
  const content: unknown = text === undefined ? undefined : openKubeconfig(file, text).toJS();
  const items: unknown = isObject(content) ? content[list] : undefined;
  return Array.isArray(items) ? items.flatMap((item: unknown) => textAt(item, 'name') ?? []) : [];
}
