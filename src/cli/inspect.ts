/** `inspect`: what the tokens say of themselves, never the tokens. */
import { badUsage, badValue } from '../failures/usage.ts';
import { readGiven } from '../settings/given.ts';
import { isSafeAddress } from '../settings/addresses.ts';
import type { KeySource } from '../credential/issuer-keys.ts';
import type { Arguments, Command } from './command.ts';
import {
  accessOf,
  accessOptions,
  flagsOf,
  formatOf,
  outputOption,
  profileOf,
  settingOptions,
  structured,
  textOf,
} from './options.ts';
import { readHandedIn, tokenStdinOption } from './handed-in.ts';
import { inspectionText, inspectionValue } from './inspection.ts';
import { print } from './terminal.ts';

const keyFlags = ['issuer-url', 'context'] as const;

export const inspectCommand: Command = {
  usage: 'inspect [PROFILE]',
  summary: 'Show what source and issued token say of themselves, and what to know of them; never the tokens',
  options: {
    ...outputOption,
    exchange: { type: 'boolean', describe: 'Exchange first, rather than show the cached token' },
    verify: {
      type: 'boolean',
      describe: 'Check the signatures with the keys of the issuer that the tokens themselves name',
    },
    'issuer-url': { type: 'string', requiresArg: true, describe: 'The same with the issuer at this URL' },
    ...accessOptions,
    context: {
      ...accessOptions['context'],
      describe: 'The same with the keys from the API server of this context',
    },
    ...tokenStdinOption,
    ...settingOptions(),
  },
  values: { output: structured },
  examples: [
    ['$0 inspect prod', 'the source token and the cached token'],
    [
      '$0 inspect prod --exchange --context admin',
      'a new token, its signature checked with the keys of the cluster',
    ],
    ['$0 inspect prod -o json', 'all claims'],
  ],
  run: async (host, argv) => {
    const format = formatOf(argv, 'inspect');
    const { inspect, inspectToken, requireSignatures } = await import('../credential/inspect.ts');
    const request = { exchange: argv['exchange'] === true, keys: keySource(argv) };
    const handedIn = await readHandedIn(host, argv, 'inspect');
    if (handedIn !== undefined && request.exchange)
      throw badUsage('--token-stdin and --exchange exclude each other', 'inspect');
    const given = readGiven(host, profileOf(argv), flagsOf(argv));
    const inspection =
      handedIn === undefined
        ? await inspect(host, given, request)
        : await inspectToken(host, handedIn, given, request);
    if (format === undefined) host.out(inspectionText(inspection));
    else await print(host, format, inspectionValue(inspection));
    requireSignatures(inspection);
  },
};

/** Where the keys are, as the flags say it; undefined: nobody asked. */
function keySource(argv: Arguments): KeySource | undefined {
  const named = keyFlags.filter((flag) => argv[flag] !== undefined);
  if (named.length > 1) throw badUsage(`--${named.join(' and --')} exclude each other`, 'inspect');
  const access = accessOf(argv);
  const throughApi = access.kubeconfig !== undefined || access.context !== undefined;
  if (argv['verify'] !== true && named.length === 0 && !throughApi) return undefined;
  const issuer = textOf(argv, 'issuer-url');
  if (issuer !== undefined && !isSafeAddress(issuer))
    throw badValue('--issuer-url', 'must be an https:// address');
  return { issuer, access: throughApi ? access : undefined };
}
