/** The controller of go/controller, which works until its lease is lost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ending, type Environment } from './session.ts';

export interface Controller {
  /** It has ended by itself. */
  lost(): boolean;
  /** Ends it and returns what it wrote to stderr. */
  end(): Promise<string>;
}

/** Resolves when it is the leader. */
export async function startController(
  [file = '', ...args]: string[],
  namespace: string,
  env: Environment,
): Promise<Controller> {
  const child = spawn(file, [...args, namespace], { env, stdio: 'pipe' });
  const end = ending(child);
  const ended = once(child, 'close').then(async () => {
    throw new Error(`the controller ended: ${await end()}`);
  });
  await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
  return { lost: () => child.exitCode !== null || child.signalCode !== null, end };
}
