/** What was tried and what came of it, as a table. */
import type { Effect, SystemCall } from './strace.ts';

interface Row {
  killed: number;
  failed: number;
  missed: number;
  lost: number;
}

export class Tally {
  readonly lost: string[] = [];
  readonly #rows = new Map<string, Row>();
  readonly #left = new Map<string, { left: number; still: number }>();

  get killed(): number {
    return this.#sum('killed');
  }

  get failed(): number {
    return this.#sum('failed');
  }

  get missed(): number {
    return this.#sum('missed');
  }

  add(call: SystemCall, effect: Effect, lost: string[]): void {
    const row = this.#row(call);
    row[effect === 'KILL' ? 'killed' : 'failed'] += 1;
    if (lost.length > 0) row.lost += 1;
    this.lost.push(...lost);
  }

  /** A heart's beat: the run had no such call this time. */
  miss(call: SystemCall): void {
    this.#row(call).missed += 1;
  }

  /** What lay about after a fault and a next run, and what of it was there after a sweep. */
  drafts(after: string[], later: string[]): void {
    for (const path of after) this.#draft(path).left += 1;
    for (const path of later) this.#draft(path).still += 1;
  }

  table(): string {
    const lines = [line('call', 'killed', 'failed', 'not met', 'lost')];
    for (const [name, row] of this.#rows)
      lines.push(line(name, row.killed, row.failed, row.missed, row.lost));
    const sums = (['killed', 'failed', 'missed', 'lost'] as const).map((key) => this.#sum(key));
    lines.push(line('all', ...sums));
    for (const [path, { left, still }] of this.#left)
      lines.push(`draft ${path}: left ${left} times, not swept up ${still} times`);
    return lines.join('\n');
  }

  #row({ name, changes }: SystemCall): Row {
    const key = name === 'openat' && !changes ? 'openat (read)' : name;
    const row = this.#rows.get(key) ?? { killed: 0, failed: 0, missed: 0, lost: 0 };
    this.#rows.set(key, row);
    return row;
  }

  #draft(path: string): { left: number; still: number } {
    const draft = this.#left.get(path) ?? { left: 0, still: 0 };
    this.#left.set(path, draft);
    return draft;
  }

  #sum(key: keyof Row): number {
    return [...this.#rows.values()].reduce((sum, row) => sum + row[key], 0);
  }
}

function line(first: string, ...others: (string | number)[]): string {
  return first.padEnd(14) + others.map((each) => String(each).padStart(8)).join('');
}
