/** `review`: who an API server says that a token is, or why it refuses it, which a 401 never tells. */
import type { Review } from '../../api/token-review.ts';
import type { Host } from '../../base/host.ts';
import { oneLine } from '../../errors/error.ts';
import { readGiven } from '../../settings/overrides.ts';
import type { Arguments, Command } from '../command.ts';
import {
  accessOf,
  accessOptions,
  flagsOf,
  outputOption,
  patienceOf,
  profileOf,
  readHandedIn,
  settingOptions,
  textOption,
  tokenStdinOption,
} from '../options.ts';
import { fieldLines, print } from '../terminal.ts';

export const reviewCommand: Command = {
  usage: 'review [PROFILE]',
  summary:
    'Ask the API server of your kubeconfig whether a token is good, for whom, and if not why (TokenReview)',
  options: {
    ...outputOption(),
    source: { type: 'boolean', describe: 'Review the source token instead of the issued one' },
    audience: {
      ...textOption(
        "Audience that the token has to be for (repeatable; default: the profile's, else the API server's)",
      ),
      array: true,
    },
    ...accessOptions,
    ...tokenStdinOption('source'),
    ...settingOptions(['audience']),
  },
  examples: [
    ['$0 review prod', 'the issued token, as the current context'],
    ['$0 review prod --source --context admin', 'why the source token is refused'],
    ['… | $0 review --token-stdin --audience factors', 'as a service checks the tokens of its callers'],
  ],
  run: async (host, argv) => {
    const { requireAuthenticated } = await import('../../review/review.ts');
    const { name, profile, review } = await ask(host, argv);
    await print(host, argv, review, () => (review.authenticated ? shown(name, review) : ''));
    requireAuthenticated(name, review, profile);
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
  const audiences = Array.isArray(argv['audience']) ? argv['audience'].map(String) : undefined;
  const source = argv['source'] === true;
  const handedIn = await readHandedIn(host, argv);
  if (handedIn !== undefined) {
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
