/** The sampler of a machine without python3: a loop in sh, less the same loop around nothing. */
import { execute } from '../support/child.ts';
import type { Command, Sampler } from './sampler.ts';
import { median } from './statistics.ts';

/** Runs of a command for one figure: what Node takes to start the loop is shared by them. */
const runs = 5;
/** A subshell for each run, so that each has a parent of its own; it may not turn into the command by exec. */
const loop = `runs=$1; shift
while [ "$runs" -gt 0 ]; do
  ( "$@" >/dev/null || exit 1; : ) || exit 1
  runs=$((runs - 1))
done`;
const nothing: Command = { argv: [':'], env: {}, cwd: '/' };

export function shellSampler(): Sampler {
  const overheads = new Map<number, number>();
  const overhead = async (times: number): Promise<number> => {
    const known = overheads.get(times);
    if (known !== undefined) return known;
    const found: number[] = [];
    while (found.length < 15) found.push(await timeLoop(nothing, times));
    overheads.set(times, median(found));
    return median(found);
  };
  return {
    how: `no python3 here: each figure is the mean of ${runs} runs in a sh loop (cold calls: one run), less an empty loop; no CPU time, no memory`,
    sample: async (command, once) => {
      const times = once ? 1 : runs;
      return { wall: ((await timeLoop(command, times)) - (await overhead(times))) / times, cpu: undefined };
    },
    peakMemory: () => Promise.resolve(undefined),
    close: () => undefined,
  };
}

async function timeLoop({ argv, env, cwd }: Command, times: number): Promise<number> {
  const command = ['/bin/sh', '-c', loop, 'sh', String(times), ...argv];
  const { code, stderr, durationMs } = await execute(command, { env, cwd });
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
  return durationMs;
}
