/** `list`: profiles, where each source token lives, what is cached and until when. Opens no keychain and prints no token. */
import { orphans, summarize, type ProfileSummary } from '../../login/summary.ts';
import type { Host } from '../../base/host.ts';
import type { Command } from '../command.ts';
import { choiceOf } from '../options.ts';
import { print, tableOf, tell } from '../terminal.ts';
import { shortTime } from '../../base/duration.ts';

const formats = ['json', 'yaml', 'name', 'wide'] as const;

export const listCommand: Command = {
  usage: 'list',
  aliases: ['status'],
  summary: 'Show profiles, where their source tokens are, and what is cached',
  options: {
    output: { alias: 'o', type: 'string', requiresArg: true, describe: `Format: ${formats.join(', ')}` },
  },
  values: { output: formats },
  examples: [
    ['$0 list', 'all profiles'],
    ['$0 list -o name', 'names alone, for scripts'],
  ],
  run: async (host, argv) => {
    const format = choiceOf(argv, 'output', formats, 'list');
    const profiles = summarize(host);
    if (format === 'json' || format === 'yaml')
      return print(host, format, { profiles, orphans: orphans(host) });
    if (format === 'name') return host.out(profiles.map(({ name }) => `${name}\n`).join(''));
    if (profiles.length === 0) {
      tellOfOrphans(host);
      return tell(
        host,
        'no profiles; make one with "kubectl sa-token login PROFILE --server https://HOST/kubernetes"',
      );
    }
    host.out(table(profiles, format === 'wide' ? wideColumns : columns));
    for (const { name, problem, warnings } of profiles) {
      if (problem !== undefined) tell(host, `warning: ${name}: ${problem}`);
      for (const warning of warnings) tell(host, `warning: ${name}: ${warning}`);
    }
    tellOfOrphans(host);
  },
};

function tellOfOrphans(host: Host): void {
  for (const name of orphans(host))
    tell(
      host,
      `warning: a token is stored for "${name}", and there is no such profile; remove it: kubectl sa-token logout ${name}`,
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

function table(profiles: readonly ProfileSummary[], shown: readonly Column[]): string {
  return tableOf(
    shown.map(([heading]) => heading),
    profiles.map((profile) => shown.map(([, cell]) => cell(profile))),
  );
}

function cachedOf({ cached }: ProfileSummary): string {
  if (cached === undefined) return 'no';
  return cached.secondsLeft > 0 ? `${shortTime(cached.secondsLeft)} left` : 'expired';
}
