/** Names in the kubeconfig files that kubectl would read, for completion. */
import type { Host } from '../host.ts';
import { listAt, textAt } from '../json.ts';
import { kubeconfigFiles, openKubeconfig, readKubeconfig } from './kubeconfig-file.ts';

export function contextNames(host: Host): string[] {
  return names(host, 'contexts');
}

export function userNames(host: Host): string[] {
  return names(host, 'users');
}

function names(host: Host, list: 'contexts' | 'users'): string[] {
  return [...new Set(kubeconfigFiles(host, undefined).flatMap((file) => namesIn(file, list)))];
}

function namesIn(file: string, list: string): string[] {
  const text = readKubeconfig(file);
  const content: unknown = text === undefined ? undefined : openKubeconfig(file, text).toJS();
  return listAt(content, list).flatMap((item) => textAt(item, 'name') ?? []);
}
