/** Looks programs up as kubectl and shells do. */
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import type { Host } from './host.ts';

/** The name kubectl looks up for `kubectl sa-token`, and the one that kuberc allow-lists can name. */
export const pluginName = 'kubectl-sa_token';

/** The absolute path of a program on PATH; symlinks are not followed, so that an upgrade behind one does no harm. */
export function findOnPath(host: Host, name: string): string | undefined {
  const endings = host.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  for (const folder of (host.env['PATH'] ?? '').split(delimiter)) {
    // Go's LookPath, and so kubectl, refuses what is found through a relative folder.
    if (!isAbsolute(folder)) continue;
    for (const ending of endings) {
      const path = join(folder, name + ending);
      if (isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** All programs on PATH whose name begins so, absolute, in PATH's order. */
export function listOnPath(host: Host, beginning: string): string[] {
  return (host.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .flatMap((folder) => namesIn(folder).map((name) => join(folder, name)))
    .filter((path) => basename(path).startsWith(beginning) && isExecutable(path));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
