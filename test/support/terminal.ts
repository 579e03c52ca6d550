/** A program on a pseudo-terminal of its own, answered by a script of what to expect and what to type. */
import { fileURLToPath } from 'node:url';
import { execute, type Environment } from './child.ts';

export interface TerminalStep {
  /** Text that has to appear, after what earlier steps met. */
  expect: string;
  /** What is typed then; '\r' is the enter key, '\u0003' Ctrl-C. */
  send?: string;
  /** What the program itself is sent then, as by `kill`. */
  signal?: NodeJS.Signals;
}

export interface TerminalOptions {
  script?: TerminalStep[];
  env?: Environment;
  cwd?: string;
  timeoutMs?: number;
  /** Standard output is a pipe, as kubectl captures it; the transcript then holds the terminal alone. */
  captureStdout?: boolean;
}

export interface TerminalResult {
  code: number | null;
  signal: number | null;
  /** All that the terminal showed, with \r\n line ends. */
  transcript: string;
  stdout: string;
  /** Whether the terminal echoed when a step's text was there, step by step. */
  echoAtStep: boolean[];
  /** Whether it did when the program had ended. */
  echo: boolean;
  /** The step whose text never came. */
  missed: string | null;
}

const HELPER = fileURLToPath(new URL('./terminal.py', import.meta.url));

/** The script goes over standard input, not argv: it may hold what a person types in secret. */
export async function inTerminal(
  argv: string[],
  options: TerminalOptions & { env: Record<string, string> },
): Promise<TerminalResult> {
  const { script = [], cwd, env, timeoutMs = 20_000, captureStdout = false } = options;
  const order = {
    argv,
    script,
    cwd,
    env: { TERM: 'xterm', ...env },
    timeout: timeoutMs / 1000,
    captureStdout,
  };
  const helper = await execute(['python3', HELPER], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' },
    stdin: JSON.stringify(order),
    timeoutMs: timeoutMs + 5000,
  });
  if (helper.code !== 0) throw new Error(`the terminal helper failed: ${helper.stderr}`);
  const result: TerminalResult = JSON.parse(helper.stdout);
  return result;
}
