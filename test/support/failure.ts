/** Asserts on failures: the code for scripts, the exit code for shells, the line for people. */
import type { ExecutionContext } from 'ava';
import type { ExitCode } from '../../src/errors/codes.ts';
import { describe, SaTokenError } from '../../src/errors/error.ts';

export interface Expected {
  code: string;
  exitCode: ExitCode;
  /** The whole line, or what it has in it. */
  line: string | RegExp;
}

/** Runs `call`, which has to fail with one of the program's own errors, and returns it. */
export async function fails(
  t: ExecutionContext,
  call: () => unknown,
  { code, exitCode, line }: Expected,
): Promise<SaTokenError> {
  const error = await caught(call);
  if (!(error instanceof SaTokenError)) throw new Error('no error of the program', { cause: error });
  t.deepEqual({ code: error.code, exitCode: error.exitCode }, { code, exitCode });
  if (typeof line === 'string') t.is(describe(error), line);
  else t.regex(describe(error), line);
  return error;
}

async function caught(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}
