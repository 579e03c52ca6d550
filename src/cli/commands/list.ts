/** `list`: profiles, where each source token lives, what is cached and until when. Opens no keychain and prints no token. */
import { orphans, summarize, type ProfileSummary } from '../../login/summary.ts';
import type { Host } from '../../base/host.ts';
import type { Command } from '../command.ts';
import { outputOption } from '../options.ts';
import { print, tableOf, tell } from '../terminal.ts';
import { shortTime } from '../../base/duration.ts';

export const listCommand: Command = {
  usage: 'list',
  aliases: ['status'],
  summary: 'Show profiles, where their source tokens are, and what is cached',
  options: outputOption(['json', 'yaml', 'name', 'wide']),
  examples: [
    ['$0 list', 'all profiles'],
    ['$0 list -o name', 'names alone, for scripts'],
  ],
  run: async (host, argv) => {
    const format = argv['output'];
    const [profiles, gone] = [summarize(host), orphans(host)];
    await print(host, argv, { profiles, orphans: gone }, () => linesOf(profiles, format));
    if (format === undefined || format === 'wide') warn(host, profiles, gone);
  },
};

function linesOf(profiles: readonly ProfileSummary[], format: unknown): string {
  if (format === 'name') return profiles.map(({ name }) => `${name}\n`).join('');
  if (profiles.length === 0) return '';
  const shown = format === 'wide' ? wideColumns : columns;
  return tableOf(
    shown.map(([heading]) => heading),
    profiles.map((profile) => shown.map(([, cell]) => cell(profile))),
  );
}

function warn(host: Host, profiles: readonly ProfileSummary[], gone: readonly string[]): void {
  for (const { name, problem, warnings } of profiles)
    for (const warning of problem === undefined ? warnings : [problem])
      tell(host, `warning: ${name}: ${warning}`);
  for (const name of gone)
    tell(
      host,
      `warning: a token is stored for "${name}", and there is no such profile; remove it: kubectl sa-token logout ${name}`,
    );
  if (profiles.length === 0)
    tell(
      host,
      'no profiles; make one with "kubectl sa-token login PROFILE --server https://HOST/kubernetes"',
    );
}

type Column = readonly [string, (profile: ProfileSummary) => string];

const columns: readonly Column[] = [
  ['PROFILE', ({ name }) => name],
  ['ACCOUNT', ({ namespace, serviceAccount }) => `${namespace ?? '?'}/${serviceAccount ?? '?'}`],
  ['SERVER', ({ server }) => server ?? '-'],
  ['SOURCE', ({ source }) => source],
  ['CACHED', cachedOf],
];

const wideColumns: readonly Column[] = [
  ...columns,
  ['EXPIRES', ({ cached }) => cached?.expirationTimestamp ?? '-'],
  ['AUDIENCES', ({ audiences }) => audiences.join(',') || '(API server)'],
  ['DURATION', ({ duration }) => (duration === undefined ? '(server)' : shortTime(duration))],
];

function cachedOf({ cached }: ProfileSummary): string {
  if (cached === undefined) return 'no';
  return cached.secondsLeft > 0 ? `${shortTime(cached.secondsLeft)} left` : 'expired';
}
