/** Renewal ahead of expiry: one detached process for an entry, which holds nothing of the caller's open. */
import { spawn } from 'node:child_process';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { entryFile } from '../cache/folder.ts';
import type { Host } from '../base/host.ts';
import { isHook } from '../exec/info.ts';
import { discard } from '../base/private-file.ts';

/** A renewal that has not come back after so long is given up, and another may start. */
const givenUpAfterMs = 60_000;

/** Starts the same command once more, detached and forced, unless one runs already. Never fails and never waits. */
export function startRenewal(host: Host, name: string): void {
  const note = entryFile(host, name, 'renewing');
  try {
    const running = statSync(note, { throwIfNoEntry: false });
    if (running !== undefined) {
      if (Math.abs(host.now() - running.mtimeMs) < givenUpAfterMs) return;
      rmSync(note);
    }
    // Of many callers at once, one makes the file.
    writeFileSync(note, `${host.pid}\n`, { flag: 'wx', mode: 0o600 });
    const [program, ...words] = host.self;
    // A hook's profile may have been named by the cluster: the entry is named after it.
    const [command = '', ...more] = isHook(host) ? ['get-token', name] : host.argv;
    const child = spawn(program, [...words, command, '--force-refresh', ...more], {
      detached: true,
      // kubectl waits until nobody holds its pipes.
      stdio: 'ignore',
      // It is no hook: no client reads its answer, and a hook could not force it.
      env: { ...host.env, KUBERNETES_EXEC_INFO: undefined },
      windowsHide: true,
    });
    child.on('error', () => discard(note));
    child.unref();
  } catch {
    // The token lives; the next caller tries again.
  }
}
