/** The program's own `main` in the process that asks: a start costs more than nearly every command. */
import { Readable } from 'node:stream';
import { oneLine } from '../../src/errors/error.ts';
import { main } from '../../src/main.ts';
import { merge, type RunOptions, type RunResult } from './child.ts';
import { Ended, hostIn, type TestHost } from './host.ts';
import { productCommand, type Sandbox } from './runner.ts';

export async function runMain(host: TestHost): Promise<TestHost['written']> {
  try {
    await main(host);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
  return host.written;
}

/** A command line with all that a process of its own would have: the whole environment, HOME among it, and a working folder. */
export interface Line {
  args: readonly string[];
  env: Record<string, string>;
  cwd: string;
  stdin?: string | undefined;
}

export type Result = Pick<RunResult, 'code' | 'stdout' | 'stderr'>;

export type LineOptions = Pick<RunOptions, 'env' | 'execInfo'> & { stdin?: string };

/** The product on a command line. */
export type Run = (args: readonly string[], options?: LineOptions) => Promise<Result>;

/** For commands that ask no keychain, see resident.ts. */
export function runIn(sandbox: Sandbox): Run {
  return (args, options) => runLine(lineIn(sandbox, args, options));
}

export function lineIn({ home, env }: Sandbox, args: readonly string[], options: LineOptions = {}): Line {
  const { stdin, execInfo } = options;
  const info = execInfo === undefined ? {} : { KUBERNETES_EXEC_INFO: `${JSON.stringify(execInfo)}\n` };
  return { args, env: merge(env, { ...info, ...options.env }), cwd: home, stdin };
}

export async function runLine({ args, env, cwd, stdin = '' }: Line): Promise<Result> {
  const [program = '', ...script] = productCommand();
  const host = hostIn(env['HOME'] ?? '', {
    argv: args,
    env,
    cwd,
    stdin: pipeWith(stdin),
    self: [program, ...script],
  });
  const verbose = args.includes('-v') || args.includes('--verbose');
  const {
    out,
    err,
    exitCode = 0,
  } = await runMain(
    Object.assign(host, verbose ? { trace: (step: string) => host.err(`${oneLine(step)}\n`) } : {}),
  );
  return { code: exitCode, stdout: out, stderr: err };
}

/** Standard input that is no terminal; nothing but what a pipe has is asked of it. */
function pipeWith(text: string): NodeJS.ReadStream {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type is that of a terminal.
  return Object.assign(Readable.from([Buffer.from(text)]), { isTTY: false }) as unknown as NodeJS.ReadStream;
}
