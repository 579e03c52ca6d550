/** The processes of one control plane and their folder, which outlive neither stop() nor the test process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Processes {
  /** A private folder for keys, sockets and logs. */
  directory: string;
  /** Starts a program whose output goes to NAME.log and resolves once `ready` does; rejects when it ends before. */
  start(name: string, file: string, args: string[], ready: () => Promise<boolean>): Promise<void>;
  stop(): Promise<void>;
}

/** Waits for a line on stdin; on end of file, which is what any death of the parent makes, it cleans up instead. */
const WATCHDOG =
  'while read -r pid; do [ "$pid" = done ] && exit; pids="$pids $pid"; done; kill -9 $pids; rm -rf "$1"';
const START_TIMEOUT = 60_000;

export async function createProcesses(): Promise<Processes> {
  const directory = await mkdtemp(join(tmpdir(), 'control-plane-'));
  const children: ChildProcess[] = [];
  // A session of its own, so that Ctrl-C in the terminal does not end the watchdog with the rest.
  const watchdog = spawn('sh', ['-c', WATCHDOG, 'sh', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return {
    directory,
    async start(name, file, args, ready) {
      const child = spawn(file, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
      const log = createWriteStream(join(directory, `${name}.log`));
      for (const output of [child.stdout, child.stderr]) output.pipe(log, { end: false });
      await once(child, 'spawn');
      children.unshift(child);
      watchdog.stdin.write(`${child.pid}\n`);
      await until(ready, child, () => `${name} did not start:\n${lastLines(join(directory, `${name}.log`))}`);
    },
    async stop() {
      for (const child of children) await end(child);
      await rm(directory, { recursive: true, force: true });
      watchdog.stdin.end('done\n');
      if (watchdog.exitCode === null) await once(watchdog, 'exit');
    },
  };
}

async function until(
  ready: () => Promise<boolean>,
  child: ChildProcess,
  message: () => string,
): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT;
  while (!(await ready().catch(() => false))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline)
      throw new Error(message());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The servers hold nothing worth a slow goodbye: kube-apiserver's takes seconds. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-15).join('\n');
}
