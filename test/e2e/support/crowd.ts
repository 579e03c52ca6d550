/** Many processes at once, started without waiting for one another. */
import type { ExecutionContext } from 'ava';
import type { RunResult } from '../../support/child.ts';
import { checkCredential } from './outcome.ts';
import type { HookOptions, Scene } from './scene.ts';

/** Each a client of its own, with more patience than any of them should need. */
export function crowd({ hook }: Scene, size: number, options: HookOptions = {}): Promise<RunResult[]> {
  return Promise.all(Array.from({ length: size }, () => hook({ timeoutMs: 90_000, ...options })));
}

/** All succeeded, in silence, with the same answer: its token. */
export function checkSame(t: ExecutionContext, results: RunResult[]): string {
  const tokens = new Set(results.map((result, index) => checkCredential(t, result, `call ${index}`).token));
  t.is(tokens.size, 1, 'all were given the same token');
  return [...tokens].join();
}
