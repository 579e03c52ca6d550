/** How the bench takes one figure: wall and CPU time of a process from spawn to exit, and its peak memory. */
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execute } from '../support/child.ts';
import { onPath } from '../support/kubectl.ts';
import { shellSampler } from './sampler-shell.ts';

export interface Command {
  /** The program by its full path, and its arguments. */
  readonly argv: readonly string[];
  readonly env: Record<string, string>;
  readonly cwd: string;
}

export interface Sample {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds, user and system, of the process and those it waited for; undefined where nobody can tell. */
  readonly cpu: number | undefined;
}

export interface Sampler {
  /** In words, for the table's foot. */
  readonly how: string;
  /**
   * @param once - the command runs once for a figure: it exchanges, and has to be made ready before each run
   * @throws Error with what the command said, when it failed
   */
  sample(command: Command, once: boolean): Promise<Sample>;
  /** Largest resident set of the command and the processes it waited for, in MB. */
  peakMemory(command: Command): Promise<number | undefined>;
  close(): void;
}

interface Answer {
  wall: number;
  cpu: number;
  code: number;
  problem?: string;
}

export function startSampler(): Sampler {
  const python = findPython();
  return python === undefined ? shellSampler() : pythonSampler(python);
}

function pythonSampler(python: string): Sampler {
  const script = join(import.meta.dirname, 'sampler.py');
  const child = spawn(python, ['-I', '-S', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    how: 'each run timed by python3 in a process forked for it, from posix_spawn to wait4',
    sample: async (command) => {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error('sampler.py ended');
      const { wall, cpu, code, problem }: Answer = JSON.parse(value);
      if (code !== 0) throw new Error(`${command.argv.join(' ')} ended with ${code}: ${problem}`);
      return { wall, cpu };
    },
    peakMemory: (command) => peakMemory(python, command),
    close: () => child.stdin.end(),
  };
}

/**
 * A process starts its life with the peak of whoever forked it, so python's own would hide a small program's: here the
 * parent is a sh of a MB or two, which then turns into python to ask about its children.
 */
async function peakMemory(python: string, { argv, env, cwd }: Command): Promise<number> {
  const script = '"$@" >/dev/null || exit 1; exec "$PYTHON" -I -S -c "$QUESTION"';
  const question = 'import resource; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)';
  const { stdout, stderr, code } = await execute(['/bin/sh', '-c', script, 'sh', ...argv], {
    env: { ...env, PYTHON: python, QUESTION: question },
    cwd,
  });
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
  // Bytes on macOS, KiB elsewhere.
  return Number(stdout) / (process.platform === 'darwin' ? 1e6 : 1e6 / 1024);
}

/** The interpreter itself, since a version manager's `python3` is a script. */
function findPython(): string | undefined {
  const found = onPath('python3');
  if (found === undefined) return undefined;
  try {
    const ask = 'import os, sys; os.posix_spawn, os.wait4, os.waitstatus_to_exitcode; print(sys.executable)';
    return execFileSync(found, ['-c', ask], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
