/** Many command lines through the program's own `main`, in one process of their own: a start costs more than they do. */
import { sourceUrl } from './source-url.ts';
import type { Environment } from './child.ts';
import type { Sandbox } from './runner.ts';

export interface Line {
  args: readonly string[];
  stdin?: string;
  env?: Record<string, string>;
}

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Everything is real but for what differs from one command line to the next. */
const script = `
  import { readFileSync } from 'node:fs';
  import { Readable } from 'node:stream';
  import { main } from ${sourceUrl('src/main.ts')};
  import { systemHost } from ${sourceUrl('src/base/host.ts')};
  const real = systemHost();
  const results = [];
  const ended = new Error();
  for (const { args, stdin, env } of JSON.parse(readFileSync(0, 'utf8'))) {
    const result = { code: 0, stdout: '', stderr: '' };
    await main({
      ...real,
      argv: args,
      env: { ...real.env, ...env },
      stdin: Object.assign(Readable.from([Buffer.from(stdin ?? '')]), { isTTY: false }),
      out: (text) => void (result.stdout += text),
      err: (text) => void (result.stderr += text),
      setExitCode: (code) => void (result.code = code),
      exit() {
        throw ended;
      },
    }).catch((error) => {
      if (error !== ended) throw error;
    });
    results.push(result);
  }
  process.stdout.write(JSON.stringify(results));`;

export async function runLines(
  sandbox: Sandbox,
  lines: readonly Line[],
  env: Environment,
): Promise<Result[]> {
  const { stdout, stderr } = await sandbox.exec(process.execPath, ['--input-type=module', '--eval', script], {
    stdin: JSON.stringify(lines),
    env,
  });
  if (stderr !== '') throw new Error(stderr);
  const results: Result[] = JSON.parse(stdout);
  return results;
}
