/** Child processes run to their end. */
import { spawn, type ChildProcess } from 'node:child_process';

export type Environment = Record<string, string | undefined>;

export interface RunOptions {
  /** Over the sandbox's own; undefined takes a variable away. */
  env?: Environment;
  /** Text for standard input, 'open' for a pipe that never ends (as JS clients leave it); /dev/null by default. */
  stdin?: string | { open: true };
  cwd?: string;
  timeoutMs?: number;
  /** Given as KUBERNETES_EXEC_INFO: one line of JSON and a newline, as client-go writes it (src/CONTRACTS.md 1.2). */
  execInfo?: unknown;
}

export interface RunResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  durationMs: number;
}

const TIMEOUT_MS = 30_000;

export function merge(base: Record<string, string>, over: Environment = {}): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...base, ...over }).filter(isSet));
}

export function isSet(variable: [string, string | undefined]): variable is [string, string] {
  return variable[1] !== undefined;
}

/** Resolves when the program ended and its output closed; one that takes too long is killed with its children. */
export async function execute(
  [file = '', ...args]: string[],
  options: RunOptions & { env: Record<string, string> },
): Promise<RunResult> {
  const { stdin, cwd, execInfo, timeoutMs = TIMEOUT_MS } = options;
  const env =
    execInfo === undefined
      ? options.env
      : { ...options.env, KUBERNETES_EXEC_INFO: `${JSON.stringify(execInfo)}\n` };
  const began = performance.now();
  const child = spawn(file, args, {
    env,
    cwd,
    // A group of its own, to be killed whole.
    detached: process.platform !== 'win32',
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  if (typeof stdin === 'string') {
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  }
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill(child);
  }, timeoutMs);
  const { code, signal } = await ended(child).finally(() => clearTimeout(timer));
  child.stdin?.destroy();
  const durationMs = performance.now() - began;
  return { code, signal, stdout: stdout(), stderr: stderr(), timedOut, durationMs };
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
