/** Measures: every row once a round, so that what slows the machine for a while slows all rows alike, and in another order each time. */
import { execute } from '../support/child.ts';
import type { Entry, Missing, Row } from './rows.ts';
import type { Sample, Sampler } from './sampler.ts';
import type { Scene } from './scene.ts';

export interface Figures {
  readonly id: string;
  readonly title: string;
  /** Milliseconds, one for each round. */
  readonly wall: number[];
  readonly cpu: number[];
  /** CPU time of the server's process during the run, for rows that exchange. */
  readonly server: number[];
  /** MB. */
  readonly memory: number[];
}

export type Result = Figures | Missing;

const memoryRuns = 3;

interface Measuring {
  readonly row: Row;
  readonly figures: Figures;
}

/**
 * Measures all rows that are there. A row whose first answer is wrong is not measured.
 *
 * @returns a result for each entry, and what makes the whole doubtful
 * @throws Error where a run fails on its way
 */
export async function measure(
  entries: readonly Entry[],
  rounds: number,
  sampler: Sampler,
  scene: Scene,
): Promise<{ results: Result[]; problems: string[] }> {
  const results: Result[] = [];
  const present: Measuring[] = [];
  for (const entry of entries) {
    const missing = 'missing' in entry ? entry.missing : await problemOf(entry);
    const { id, title } = entry;
    const figures: Figures = { id, title, wall: [], cpu: [], server: [], memory: [] };
    results.push(missing === undefined ? figures : { id, title, missing });
    if (missing === undefined && !('missing' in entry)) present.push({ row: entry, figures });
  }
  scene.server.reset();
  for (let round = 1; round <= rounds; round += 1) {
    for (const { row, figures } of shuffled(present)) {
      keep(figures, row, await once(row, sampler));
      // Else what the server records piles up.
      scene.server.requests.length = 0;
    }
    progress(`round ${round} of ${rounds}`);
  }
  const due = rounds * present.filter(({ row }) => row.exchanges === true).length;
  const seen = scene.server.exchanges;
  await takeMemory(present, sampler);
  progress('');
  return { results, problems: seen === due ? [] : [`Doubtful: ${seen} exchanges where ${due} were due.`] };
}

/** A small program that runs after a large one finds its pages gone from the processor's caches. */
function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

async function takeMemory(present: readonly Measuring[], sampler: Sampler): Promise<void> {
  for (const { row, figures } of present) {
    for (let run = 0; run < memoryRuns; run += 1) {
      row.before?.();
      const peak = await sampler.peakMemory(row.command);
      if (peak !== undefined) figures.memory.push(peak);
    }
  }
}

/** What is wrong with a row's answer: then its time would mean nothing. */
async function problemOf({ before, command, wrong }: Row): Promise<string | undefined> {
  before?.();
  const { code, stdout, stderr } = await execute([...command.argv], { env: command.env, cwd: command.cwd });
  return code === 0 ? wrong?.(stdout) : `it ended with ${code}: ${stderr.trim()}`;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

async function once(row: Row, sampler: Sampler): Promise<Sample & { server: number }> {
  row.before?.();
  const before = process.cpuUsage();
  const sample = await sampler.sample(row.command, row.exchanges === true);
  const { user, system } = process.cpuUsage(before);
  return { ...sample, server: (user + system) / 1000 };
}

function keep(figures: Figures, row: Row, { wall, cpu, server }: Sample & { server: number }): void {
  figures.wall.push(wall);
  if (cpu !== undefined) figures.cpu.push(cpu);
  if (row.exchanges === true) figures.server.push(server);
}
