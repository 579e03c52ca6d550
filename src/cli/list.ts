/** `list`: profiles, where each source token lives, what is cached and until when. Opens no keychain and prints no token. */
import { summarize, type ProfileSummary } from '../credential/summary.ts';
import { badUsage } from '../failures/usage.ts';
import type { Command } from './command.ts';
import { textOf } from './options.ts';
import { print, shortTime, tableOf, tell } from './terminal.ts';

const formats = ['json', 'yaml', 'name', 'wide'];

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
    const format = textOf(argv, 'output');
    if (format !== undefined && !formats.includes(format))
      throw badUsage(`-o ${format} is not one of ${formats.join(', ')}`, 'list');
    const profiles = summarize(host);
    if (format === 'json' || format === 'yaml') return print(host, format, { profiles });
    if (format === 'name') return host.out(profiles.map(({ name }) => `${name}\n`).join(''));
    if (profiles.length === 0)
      return tell(
        host,
        'no profiles; make one with "kubectl sa-token login PROFILE --server https://HOST/kubernetes"',
      );
    host.out(format === 'wide' ? wide(profiles) : narrow(profiles));
    for (const { name, insecure } of profiles) {
      if (insecure)
        tell(
          host,
          `warning: ${name}: insecure-skip-tls-verify: whoever answers at that address gets the source token`,
        );
    }
  },
};

function narrow(profiles: readonly ProfileSummary[]): string {
  const rows = profiles.map((profile) => [
    profile.name,
    accountOf(profile),
    profile.server ?? '-',
    profile.source,
    cachedOf(profile),
  ]);
  return tableOf(['PROFILE', 'ACCOUNT', 'SERVER', 'SOURCE', 'CACHED'], rows);
}

function wide(profiles: readonly ProfileSummary[]): string {
  const rows = profiles.map((profile) => [
    profile.name,
    accountOf(profile),
    profile.server ?? '-',
    profile.source,
    cachedOf(profile),
    profile.cached?.expirationTimestamp ?? '-',
    profile.audiences.join(',') || '(API server)',
    profile.duration === undefined ? '(server)' : shortTime(profile.duration),
  ]);
  return tableOf(
    ['PROFILE', 'ACCOUNT', 'SERVER', 'SOURCE', 'CACHED', 'EXPIRES', 'AUDIENCES', 'DURATION'],
    rows,
  );
}

function accountOf({ namespace, serviceAccount }: ProfileSummary): string {
  return `${namespace ?? '?'}/${serviceAccount ?? '?'}`;
}

function cachedOf({ cached }: ProfileSummary): string {
  if (cached === undefined) return 'no';
  return cached.secondsLeft > 0 ? `${shortTime(cached.secondsLeft)} left` : 'expired';
}
