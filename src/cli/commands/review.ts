/** `review`: who an API server says that a token is, or why it refuses it, which a 401 never tells. */
import type { Review } from '../../api/token-review.ts';
import type { Host } from '../../base/host.ts';
import { oneLine } from '../../errors/error.ts';
import { badUsage } from '../../errors/usage.ts';
import { readGiven } from '../../settings/overrides.ts';
import type { Arguments, Command } from '../command.ts';
import {
  readHandedIn,
  tokenStdinOption,
  accessOf,
  accessOptions,
  flagsOf,
  formatOf,
  outputOption,
  patienceOf,
  profileOf,
  settingOptions,
  structured,
} from '../options.ts';
import { fieldLines, print } from '../terminal.ts';

export const reviewCommand: Command = {
  usage: 'review [PROFILE]',
  summary:
    'Ask the API server of your kubeconfig whether a token is good, for whom, and if not why (TokenReview)',
  options: {
    ...outputOption,
    source: { type: 'boolean', describe: 'Review the source token instead of the issued one' },
    audience: {
      type: 'string',
      requiresArg: true,
      describe:
        "Audience that the token has to be for (repeatable; default: the profile's, else the API server's)",
    },
    ...accessOptions,
    ...tokenStdinOption,
    ...settingOptions(['audience']),
  },
  values: { output: structured },
  examples: [
    ['$0 review prod', 'the issued token, as the current context'],
    ['$0 review prod --source --context admin', 'why the source token is refused'],
    ['… | $0 review --token-stdin --audience factors', 'as a service checks the tokens of its callers'],
  ],
  run: async (host, argv) => {
    const format = formatOf(argv, 'review');
    const { requireAuthenticated } = await import('../../review/review.ts');
    const { name, profile, review } = await ask(host, argv);
    if (format !== undefined) await print(host, format, review);
    requireAuthenticated(name, review, profile);
    if (format === undefined) host.out(shown(name, review));
  },
};

interface Asked {
  readonly name: string;
  readonly profile: string | undefined;
  readonly review: Review;
}

async function ask(host: Host, argv: Arguments): Promise<Asked> {
  const { review, reviewHandedIn } = await import('../../review/review.ts');
  const access = accessOf(argv);
  const audiences = audiencesOf(argv);
  const source = argv['source'] === true;
  const handedIn = await readHandedIn(host, argv, 'review');
  if (handedIn !== undefined) {
    if (source) throw badUsage('--token-stdin and --source exclude each other', 'review');
    const request = { access, audiences: audiences ?? [], milliseconds: patienceOf(host, argv) };
    return { name: 'the token', profile: undefined, review: await reviewHandedIn(host, handedIn, request) };
  }
  // --audience is the question here, and no setting of the token that is asked about.
  const given = readGiven(host, profileOf(argv), flagsOf({ ...argv, audience: undefined }));
  return {
    name: source ? 'the source token' : 'the issued token',
    profile: given.profile,
    review: await review(host, given, { access, audiences, source }),
  };
}

function audiencesOf(argv: Arguments): string[] | undefined {
  const given = argv['audience'];
  if (given === undefined) return undefined;
  const list: unknown[] = Array.isArray(given) ? given : [given];
  return [...new Set(list)].map((item) => {
    if (typeof item !== 'string' || item.trim() === '') throw badUsage('--audience needs a value', 'review');
    return item;
  });
}

function shown(name: string, review: Review): string {
  const { server, username, uid, groups, extra, audiences } = review;
  return `${oneLine(server)} takes ${name}\n${fieldLines(
    [
      ['username', username],
      ['uid', uid],
      ['groups', groups],
      ['audiences', audiences.length === 0 ? 'not told' : audiences],
      ...Object.entries(extra),
    ],
    '  ',
  )}`;
}
