/** Runs the product as people and kubectl do: a child process of its own, in a home of its own. */
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute, isSet, merge, type RunOptions, type RunResult } from './child.ts';
import { inTerminal, type TerminalOptions, type TerminalResult } from './terminal.ts';

export type { RunOptions, RunResult } from './child.ts';

export interface Sandbox {
  home: string;
  env: Record<string, string>;
  /** The product. */
  run: (args: string[], options?: RunOptions) => Promise<RunResult>;
  /** Any other program, in the same environment. */
  exec: (file: string, args: string[], options?: RunOptions) => Promise<RunResult>;
  /** The product on a pseudo-terminal. */
  runInTerminal: (args: string[], options?: TerminalOptions) => Promise<TerminalResult>;
  cleanup: () => Promise<void>;
}

export const repository = fileURLToPath(new URL('../../', import.meta.url));

/** What a test takes over from the machine; everything else (KUBE*, proxies, D-Bus, XDG, …) stays outside. */
const INHERITED =
  /^(?:PATH|LANG|LC_\w+|TZ|TERM|LD_LIBRARY_PATH|NODE_COMPILE_CACHE|NODE_V8_COVERAGE|SystemRoot|SystemDrive|windir|ComSpec|PATHEXT|ProgramData)$/i;

/** The words that start the product: its sources, or the packaged binary in SA_TOKEN_BIN. */
export function productCommand(): string[] {
  const binary = process.env['SA_TOKEN_BIN'];
  return binary ? [binary] : [process.execPath, join(repository, 'cmd', 'kubectl-sa-token.ts')];
}

export async function createSandbox(): Promise<Sandbox> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'sa-token-')));
  const temporary = join(home, 'tmp');
  await mkdir(temporary, { mode: 0o700 });
  const inherited = Object.entries(process.env)
    .filter(isSet)
    .filter(([name]) => INHERITED.test(name));
  const own = { HOME: home, USERPROFILE: home, TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  const env: Record<string, string> = { ...Object.fromEntries(inherited), ...own };
  // The Node that runs the tests comes first, so that a script's `env node` is the same.
  env['PATH'] = [dirname(process.execPath), env['PATH'] ?? ''].join(delimiter);
  const exec: Sandbox['exec'] = (file, args, options = {}) =>
    execute([file, ...args], { cwd: home, ...options, env: merge(env, options.env) });
  return {
    home,
    env,
    exec,
    run: (args, options) => {
      const [file = '', ...first] = productCommand();
      return exec(file, [...first, ...args], options);
    },
    runInTerminal: (args, options = {}) =>
      inTerminal([...productCommand(), ...args], { cwd: home, ...options, env: merge(env, options.env) }),
    cleanup: () => rm(home, { recursive: true, force: true, maxRetries: 3 }),
  };
}
