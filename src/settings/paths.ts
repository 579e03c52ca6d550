/** Paths as people write them, and those of our own files. */
import { isAbsolute, join, resolve } from 'node:path';
import type { Host } from '../base/host.ts';

/** Where the profiles are: `KUBECTL_SA_TOKEN_CONFIG`, else `~/.kube/sa-token.yaml`. */
export function profileFile(host: Host): string {
  return host.env['KUBECTL_SA_TOKEN_CONFIG'] || defaultProfileFile(host);
}

/** True for the file that is used where no variable names another. */
export function isDefaultProfileFile(host: Host): boolean {
  return resolve(host.cwd, profileFile(host)) === defaultProfileFile(host);
}

function defaultProfileFile({ home }: Host): string {
  return join(home, '.kube', 'sa-token.yaml');
}

/** The same as it stands in entries: a relative one leads elsewhere from another folder. */
export function absoluteProfileFile(host: Host): string {
  const file = profileFile(host);
  return isAbsolute(file) ? file : join(host.cwd, file);
}

/** The same for a message. */
export function shownProfileFile(host: Host): string {
  return shortPath(profileFile(host), host.home);
}

/** Where the entries are: `sa-token` in kubectl's cache folder (`KUBECACHEDIR`, else `~/.kube/cache`). */
export function cacheFolder(host: Host): string {
  return join(host.env['KUBECACHEDIR'] || join(host.home, '.kube', 'cache'), 'sa-token');
}

/** `~/x` from the home folder, a relative path from `folder`; kubectl expands neither in exec arguments. */
export function resolvePath(path: string, folder: string, home: string): string {
  if (path === '~' || path.startsWith('~/')) return join(home, path.slice(1));
  return isAbsolute(path) ? path : resolve(folder, path);
}

/** The same path, shorter to read: `~` for the home folder. */
export function shortPath(path: string, home: string): string {
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
