/** Processes of one sandbox, found by the HOME in their environment: only what a test started can have it. */
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Process {
  pid: number;
  /** Its words. */
  argv: string[];
  environment: string;
}

/** Linux alone; no zombies. Those whose command line is still that of the process that forked them are there too. */
export async function processesOf(home: string): Promise<Process[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    ids.map(async (id) => {
      const read = (what: string) => readFile(`/proc/${id}/${what}`, 'utf8').catch(() => '');
      const environment = await read('environ');
      if (!`\0${environment}`.includes(`\0HOME=${home}\0`)) return [];
      const argv = (await read('cmdline')).split('\0').slice(0, -1);
      return argv.length === 0 ? [] : [{ pid: Number(id), argv, environment }];
    }),
  );
  return all.flat();
}

/** Waits until no process of the sandbox is left; returns those that are when the time is over. */
export async function allGone(home: string, milliseconds: number): Promise<Process[]> {
  let left = await processesOf(home);
  for (const end = Date.now() + milliseconds; left.length > 0 && Date.now() < end;) {
    await sleep(50);
    left = await processesOf(home);
  }
  return left;
}

/** One by one, by their ids. */
export async function killAll(home: string): Promise<void> {
  for (const { pid } of await processesOf(home)) kill(pid);
}

/** False when it had gone already, or was never found: 0 would mean all of this process's own group. */
export function kill(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): boolean {
  if (pid === undefined || pid <= 1) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Tries until the question has an answer; undefined when it never had. */
export async function eventually<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  milliseconds = 10_000,
): Promise<T | undefined> {
  for (const end = Date.now() + milliseconds; ;) {
    const answer = await ask();
    if (answer !== undefined || Date.now() > end) return answer;
    await sleep(20);
  }
}
