/** All that one run of the bench found, as the table that is printed. */
import type { Crowd } from './crowd.ts';
import { crowdVerdict, mostArchiveBytes, verdict, type Ratio, type Verdict } from './limits.ts';
import type { Figures, Result } from './rounds.ts';
import { median, smallest } from './statistics.ts';

export interface Report {
  readonly results: readonly Result[];
  readonly ratios: readonly Ratio[];
  readonly crowd: Crowd | undefined;
  readonly archive: { readonly target: string; readonly bytes: number } | undefined;
  /** Lines below the table: how it was measured, and on what. */
  readonly notes: readonly string[];
}

/** A line of the table; what it leaves out is blank. */
interface Line {
  readonly what?: string;
  readonly median?: string;
  readonly least?: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly ratio?: string;
  readonly ofMinima?: string;
  readonly limit?: string;
  readonly verdict?: Verdict;
}

const heads = {
  what: '',
  median: 'median ms',
  least: 'min ms',
  cpu: 'CPU ms',
  memory: 'peak MB',
  ratio: 'ratio of medians',
  ofMinima: 'of minima',
  limit: 'at most',
  verdict: '',
} as const;
const columns = [
  'what',
  'median',
  'least',
  'cpu',
  'memory',
  'ratio',
  'ofMinima',
  'limit',
  'verdict',
] as const;
const words: ReadonlySet<string> = new Set(['what', 'ratio', 'verdict']);

export function tableOf(report: Report): string {
  const lines: Line[] = [
    ...report.results.flatMap((result) => linesOf(result, report.ratios)),
    ...(report.crowd === undefined ? [] : [crowdLine(report.crowd)]),
    ...(report.archive === undefined ? [] : [archiveLine(report.archive)]),
  ];
  const widths = columns.map((column) =>
    Math.max(...[heads, ...lines].map((line: Line) => (line[column] ?? '').length)),
  );
  const text = [heads, ...lines].map((line: Line) =>
    columns
      .map((column, at) => {
        const cell = line[column] ?? '';
        return words.has(column) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
      })
      .join('  ')
      .trimEnd(),
  );
  return [...text, '', ...report.notes].join('\n');
}

/** A row with its first ratio, and a line for each further one. */
function linesOf(result: Result, all: readonly Ratio[]): Line[] {
  if ('missing' in result) return [{ what: result.title, median: '-', ratio: result.missing }];
  const [first = {}, ...more] = all
    .filter(({ of }) => of === result.id)
    .map((ratio) => ratioCells(ratio, result));
  const figures = {
    what: result.title,
    median: fixed(median(result.wall)),
    least: fixed(smallest(result.wall)),
    cpu: fixed(median(result.cpu)),
    memory: fixed(median(result.memory), 1),
  };
  return [{ ...figures, ...first }, ...more];
}

function ratioCells(ratio: Ratio, { server }: Figures): Line {
  const { value, ofMinima, limit, than, lessServer } = ratio;
  const less = lessServer ? `, less the server's ${fixed(median(server), 1)} ms` : '';
  return {
    ratio: value === undefined ? `- × ${than}` : `${fixed(value)} × ${than}${less}`,
    ofMinima: ofMinima === undefined ? '' : fixed(ofMinima),
    limit: limit === undefined ? '' : String(limit),
    verdict: verdict(ratio),
  };
}

function crowdLine(crowd: Crowd): Line {
  const { size, wall, exchanges, failures } = crowd;
  return {
    what: `${size} calls at once, cold cache`,
    median: fixed(wall, 0),
    ratio: `exchanges: ${exchanges}, failures: ${failures}`,
    limit: '1, 0',
    verdict: crowdVerdict(crowd),
  };
}

function archiveLine({ target, bytes }: NonNullable<Report['archive']>): Line {
  return {
    what: `release archive, ${target}`,
    ratio: `${fixed(bytes / 1e6, 1)} MB`,
    limit: String(mostArchiveBytes / 1e6),
    verdict: bytes <= mostArchiveBytes ? 'met' : 'missed',
  };
}

function fixed(value: number, digits = 2): string {
  return Number.isNaN(value) ? '' : value.toFixed(digits);
}
