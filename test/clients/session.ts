/** One running client: asked line by line, so that a test can change the world between two requests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Kubectl } from '../support/kubectl.ts';

export interface Answer {
  user?: string;
  credential?: string[] | null;
  error?: string;
}

export interface Session {
  /** Who we are, says the server; `reload` makes the client anew before. */
  ask(how?: 'ask' | 'reload'): Promise<Answer>;
  /** Ends the client and returns what it wrote to stderr. */
  end(): Promise<string>;
}

export type Environment = Record<string, string>;

const ANSWERED_WITHIN = 90_000;
const ENDED_WITHIN = 5_000;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One of the small programs. */
export async function startProgram([file = '', ...args]: string[], env: Environment): Promise<Session> {
  const child = spawn(file, args, { env, stdio: 'pipe' });
  await once(child, 'spawn');
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const end = ending(child);
  return {
    async ask(how = 'ask') {
      child.stdin.write(`${how}\n`);
      const line = await within(lines.next(), `no answer from ${file}`);
      if (line.done) throw new Error(`${file} ended: ${await end()}`);
      return JSON.parse(line.value);
    },
    end,
  };
}

/** `kubectl proxy` is kubectl for as long as we like: each request through it is one of kubectl's own. */
export async function startKubectl({ path }: Kubectl, env: Environment): Promise<Session> {
  const child = spawn(path, ['proxy', '--port=0'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = ending(child);
  const [line] = await within(
    once(createInterface({ input: child.stdout }), 'line'),
    `${path} proxy is silent`,
  );
  const url = `http://${/127\.0\.0\.1:\d+/.exec(String(line))?.[0] ?? 'nowhere'}`;
  return {
    async ask() {
      const answer = await fetch(`${url}/apis/authentication.k8s.io/v1/selfsubjectreviews`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
        signal: AbortSignal.timeout(ANSWERED_WITHIN),
      });
      const text = await answer.text();
      if (answer.status !== 201) return { error: `${answer.status} ${text}` };
      const { userInfo } = JSON.parse(text).status;
      return {
        user: userInfo.username,
        credential: userInfo.extra?.['authentication.kubernetes.io/credential-id'],
      };
    },
    end,
  };
}

export function ending(child: ChildProcess): () => Promise<string> {
  let written = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (written += chunk));
  const gone = once(child, 'close');
  gone.catch(() => undefined);
  running.add(child);
  return async () => {
    // End of input is the end of the small programs; kubectl proxy has none.
    if (child.stdin === null) child.kill();
    else child.stdin.end();
    const late = setTimeout(() => void child.kill('SIGKILL'), ENDED_WITHIN);
    await gone.finally(() => clearTimeout(late));
    running.delete(child);
    return written;
  };
}

function within<T>(wanted: Promise<T>, otherwise: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), ANSWERED_WITHIN);
  });
  return Promise.race([wanted, late]).finally(() => clearTimeout(timer));
}
