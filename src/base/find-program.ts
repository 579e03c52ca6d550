/** Looks programs up as kubectl and shells do. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
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

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
