/** The controller of go/controller, which works until its lease is lost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Controller {
  /** What it wrote to stderr, once it has ended by itself. */
  ended(): string | undefined;
  end(): Promise<void>;
}

/** Resolves when it is the leader. */
export async function startController(
  [file = '', ...args]: string[],
  namespace: string,
  env: Record<string, string>,
): Promise<Controller> {
  const child = spawn(file, [...args, namespace], { env, stdio: 'pipe' });
  let written = '';
  let ended: string | undefined;
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (written += chunk));
  const closed = once(child, 'close').then(() => (ended = written));
  const leading = once(createInterface({ input: child.stdout }), 'line');
  await Promise.race([leading, closed]);
  if (ended !== undefined) throw new Error(`the controller ended: ${ended}`);
  return {
    ended: () => ended,
    async end() {
      child.stdin.end();
      await closed;
    },
  };
}
