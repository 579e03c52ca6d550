/** What is held against what, and the limits: the only place that lists either. */
import type { Crowd } from './crowd.ts';
import type { Figures, Result } from './rounds.ts';
import { median, smallest } from './statistics.ts';

interface Comparison {
  readonly of: string;
  readonly to: string;
  readonly limit?: number;
  /** The server's own time is not ours. */
  readonly lessServer?: boolean;
}

const comparisons: readonly Comparison[] = [
  { of: 'sh-cat', to: 'true' },
  { of: 'lane', to: 'true', limit: 4 },
  { of: 'lane', to: 'gke', limit: 0.6 },
  { of: 'lane-hook', to: 'true', limit: 4 },
  { of: 'lane-hook', to: 'gke', limit: 0.6 },
  { of: 'lane-1000', to: 'lane', limit: 1.05 },
  { of: 'bare', to: 'true' },
  { of: 'node', to: 'bare' },
  { of: 'engine', to: 'bare', limit: 1.15 },
  { of: 'engine-1000', to: 'engine', limit: 1.05 },
  { of: 'post', to: 'bare', lessServer: true },
  { of: 'cold', to: 'bare', limit: 2.2, lessServer: true },
  { of: 'cold', to: 'post' },
  { of: 'cold-1000', to: 'cold' },
  { of: 'gke', to: 'lane' },
  { of: 'aws', to: 'lane' },
  { of: 'kubelogin', to: 'lane' },
  { of: 'pinniped', to: 'lane' },
  { of: 'kubectl-hook', to: 'kubectl-token', limit: 1.05 },
];

/** Rows as ratios name them. */
const shortNames: Readonly<Record<string, string>> = {
  true: '/bin/true',
  gke: 'gke-gcloud-auth-plugin',
  bare: 'bare Node',
  post: 'bare POST',
  lane: 'fast lane',
  'kubectl-token': 'static token',
};

/** Bytes. */
export const mostArchiveBytes = 50e6;

export interface Ratio {
  readonly of: string;
  readonly to: string;
  /** The other row, in words. */
  readonly than: string;
  /** Of the medians; undefined where one of the two was not measured. */
  readonly value: number | undefined;
  /** Of the minima: of use where something else slowed the machine. */
  readonly ofMinima: number | undefined;
  readonly limit: number | undefined;
  readonly lessServer: boolean;
}

export type Verdict = 'met' | 'missed' | 'not measured' | '';

/** Of each comparison whose rows were asked for. */
export function ratios(results: readonly Result[]): Ratio[] {
  const asked = new Map(results.map((result) => [result.id, 'missing' in result ? undefined : result]));
  return comparisons
    .filter(({ of, to }) => asked.has(of) && asked.has(to))
    .map(({ of, to, limit, lessServer = false }) => {
      const value = (middle: typeof median): number | undefined =>
        ratio(asked.get(of), asked.get(to), middle, lessServer);
      const than = shortNames[to] ?? to;
      return { of, to, than, value: value(median), ofMinima: value(smallest), limit, lessServer };
    });
}

function ratio(
  of: Figures | undefined,
  to: Figures | undefined,
  middle: typeof median,
  lessServer: boolean,
): number | undefined {
  if (of === undefined || to === undefined) return undefined;
  return (middle(of.wall) - (lessServer ? middle(of.server) : 0)) / middle(to.wall);
}

export function verdict({ value, limit }: Pick<Ratio, 'value' | 'limit'>): Verdict {
  if (limit === undefined) return '';
  if (value === undefined) return 'not measured';
  return value <= limit ? 'met' : 'missed';
}

export function crowdVerdict({ exchanges, failures }: Crowd): Verdict {
  return exchanges === 1 && failures === 0 ? 'met' : 'missed';
}
