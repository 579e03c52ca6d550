/**
 * `npm run bench`: what a person waits for, as medians over process runs, all rows in turn in each round, held against
 * the limits. `--rounds N`; `--only REGEXP` for rows by id or title; `--json FILE` for all figures.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gatherCrowd } from './crowd.ts';
import { ratios } from './limits.ts';
import { ourPrograms, type Programs } from './programs.ts';
import { tableOf, type Report } from './report.ts';
import { measure } from './rounds.ts';
import { kubectlRows } from './rows-kubectl.ts';
import { ownRows } from './rows-own.ts';
import { peerRows } from './rows-peers.ts';
import { startSampler, type Sampler } from './sampler.ts';
import { setScene, type Scene } from './scene.ts';

interface Wish {
  readonly rounds: number;
  readonly only: RegExp;
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new Error(`--rounds must be a whole number, not ${values.rounds}`);
if (process.platform === 'win32') throw new Error('the bench needs a Unix: on Windows there is no fast lane');

const report = await bench({ rounds, only: new RegExp(values.only, 'i') });
console.log(tableOf(report));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, undefined, 2)}\n`);

async function bench(wish: Wish): Promise<Report> {
  const programs = await ourPrograms().catch((error: unknown) => {
    return `not packaged: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
  });
  const plugin = typeof programs === 'string' ? undefined : join(programs.installed, 'kubectl-sa_token');
  const sampler = startSampler();
  try {
    const scene = await setScene(plugin);
    try {
      return await inScene(wish, scene, programs, sampler);
    } finally {
      await scene.close();
    }
  } finally {
    sampler.close();
  }
}

async function inScene(
  wish: Wish,
  scene: Scene,
  programs: Programs | string,
  sampler: Sampler,
): Promise<Report> {
  const all = [
    ...ownRows(scene, programs),
    ...(await peerRows(scene)),
    ...(await kubectlRows(scene, programs)),
  ];
  const chosen = all.filter(({ id, title }) => wish.only.test(id) || wish.only.test(title));
  const [load = 0] = loadavg();
  const { results, problems } = await measure(chosen, wish.rounds, sampler, scene);
  const ours = typeof programs === 'string' ? undefined : programs;
  const crowd =
    ours !== undefined && wish.only.test('crowd')
      ? await gatherCrowd(scene, join(ours.installed, 'kubectl-sa_token'))
      : undefined;
  const [cpu] = cpus();
  return {
    results,
    ratios: ratios(results),
    crowd,
    archive: ours === undefined ? undefined : { target: ours.target, bytes: ours.archiveBytes },
    notes: [
      `${wish.rounds} rounds, every row once in each, shuffled; ${sampler.how}.`,
      `${cpus().length} × ${cpu?.model ?? 'CPU'}, ${process.platform} ${release()}, Node ${process.version}; load average ${load.toFixed(1)} at the start.`,
      ...problems,
    ],
  };
}
