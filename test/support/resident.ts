/**
 * The program's own `main` in one child process, command line after command line. For commands that ask the keychain:
 * its library takes the session from the environment that the whole process was started with.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Line, Result } from './in-process.ts';

export interface Resident {
  run: (line: Line) => Promise<Result>;
  close: () => Promise<void>;
}

interface Waiting {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

export function startResident(env: Record<string, string>): Resident {
  const child = fork(fileURLToPath(new URL('./resident-child.ts', import.meta.url)), { env, execArgv: [] });
  const waiting = new Map<number, Waiting>();
  let last = 0;
  child.on('message', ({ id, result }: { id: number; result: Result }) => {
    waiting.get(id)?.resolve(result);
    waiting.delete(id);
  });
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the resident ended: ${code ?? signal}`));
  });
  return {
    run: (line) =>
      new Promise<Result>((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        child.send({ id: last, line });
      }),
    close: () => ended(child),
  };
}

/** It ends when nobody can send it anything any more. */
async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.disconnect();
  await gone;
}
