/** The rows of the bench. Each is run once and its answer looked at before it is measured. */
import type { Command } from './sampler.ts';

export interface Row {
  /** For --only, --json and the ratios. */
  readonly id: string;
  readonly title: string;
  readonly command: Command;
  /** Not measured, before each run. */
  readonly before?: () => void;
  /** What is wrong with an answer on standard output; undefined for a right one. */
  readonly wrong?: (answer: string) => string | undefined;
  /** Each run is one exchange with the server, whose own time is taken too. */
  readonly exchanges?: boolean;
}

/** A row without a figure, and why. */
export interface Missing {
  readonly id: string;
  readonly title: string;
  readonly missing: string;
}

export type Entry = Row | Missing;

/** The answer is a credential with this very token. */
export function holds(token: string): (answer: string) => string | undefined {
  return (answer) =>
    answer.includes(`"token":"${token}"`) || answer.includes(`"token": "${token}"`)
      ? undefined
      : 'the answer is not the cached credential';
}
