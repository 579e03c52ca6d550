/** Paths as people write them. */
import { isAbsolute, join, resolve } from 'node:path';

/** `~/x` from the home folder, a relative path from `folder`; kubectl expands neither in exec arguments. */
export function resolvePath(path: string, folder: string, home: string): string {
  if (path === '~' || path.startsWith('~/')) return join(home, path.slice(1));
  return isAbsolute(path) ? path : resolve(folder, path);
}

/** The same path, shorter to read: `~` for the home folder. */
export function shortPath(path: string, home: string): string {
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
