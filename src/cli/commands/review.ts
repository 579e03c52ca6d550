/** `review`: who an API server says that a token is, or why it refuses it, which a 401 never tells. */
import type { Review } from '../../api/token-review.ts';
import type { Host } from '../../base/host.ts';
import { oneLine } from '../../errors/error.ts';
import { readGiven, type Given } from '../../settings/overrides.ts';
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
    const source = argv['source'] === true;
    const handedIn = await readHandedIn(host, argv);
    const name = handedIn === undefined ? `the ${source ? 'source' : 'issued'} token` : 'the token';
    // --audience is the question here, and no setting of the token that is asked about.
    const given = readGiven(host, profileOf(argv), flagsOf({ ...argv, audience: undefined }));
    const found = await (handedIn === undefined ? ofCall(host, argv, given) : ofToken(host, argv, handedIn));
    await print(host, argv, found, () => (found.authenticated ? shown(name, found) : ''));
    requireAuthenticated(name, found, handedIn === undefined ? given.profile : undefined);
  },
};

async function ofCall(host: Host, argv: Arguments, given: Given): Promise<Review> {
  const { review } = await import('../../review/review.ts');
  const source = argv['source'] === true;
  return review(host, given, { access: accessOf(argv), audiences: audiencesOf(argv), source });
}

/** As a service does with the tokens of its callers. */
async function ofToken(host: Host, argv: Arguments, token: string): Promise<Review> {
  const { loadKubeConfig } = await import('../../api/context.ts');
  const { reviewToken } = await import('../../api/token-review.ts');
  const config = loadKubeConfig(host, accessOf(argv));
  return reviewToken(host, config, token, audiencesOf(argv) ?? [], patienceOf(host, argv));
}

function audiencesOf(argv: Arguments): string[] | undefined {
  return Array.isArray(argv['audience']) ? argv['audience'].map(String) : undefined;
}

function shown(name: string, review: Review): string {
  const { server, username, uid, groups, extra, audiences } = review;
  return `${oneLine(server)} takes ${name}\n${fieldLines(
    [
      ['username', username],
      ['uid', uid],
      ['groups', groups],
      ['audiences', audiences.length === 0 ? 'not given' : audiences],
      ...Object.entries(extra),
    ],
    '  ',
  )}`;
}
