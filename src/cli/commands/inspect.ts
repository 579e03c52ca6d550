/** `inspect`: what the tokens say of themselves, never the tokens. */
import { textAt } from '../../base/json.ts';
import { oneLine } from '../../errors/error.ts';
import { badValue } from '../../errors/usage.ts';
import { timestamp } from '../../exec/credential.ts';
import type { Inspection, KeySource } from '../../review/inspect.ts';
import { readGiven } from '../../settings/overrides.ts';
import { isSafeAddress } from '../../settings/parse.ts';
import { label } from '../../settings/target.ts';
import type { TokenReport } from '../../token/report.ts';
import type { Arguments, Command } from '../command.ts';
import {
  accessOf,
  accessOptions,
  flagsOf,
  outputOption,
  profileOf,
  readHandedIn,
  settingOptions,
  textOption,
  textOf,
  tokenStdinOption,
} from '../options.ts';
import { print, fieldLines } from '../terminal.ts';
import { shortTime } from '../../base/duration.ts';

export const inspectCommand: Command = {
  usage: 'inspect [PROFILE]',
  summary: 'Show what source and issued token say of themselves, and what to know of them; never the tokens',
  options: {
    ...outputOption(),
    exchange: { type: 'boolean', describe: 'Exchange first, rather than show the cached token' },
    verify: {
      type: 'boolean',
      describe: 'Check the signatures with the keys of the issuer that the tokens themselves name',
    },
    'issuer-url': { ...textOption('The same with the issuer at this URL'), conflicts: 'context' },
    ...accessOptions,
    context: textOption('The same with the keys from the API server of this context'),
    ...tokenStdinOption('exchange'),
    ...settingOptions(),
  },
  examples: [
    ['$0 inspect prod', 'the source token and the cached token'],
    [
      '$0 inspect prod --exchange --context admin',
      'a new token, its signature checked with the keys of the cluster',
    ],
    ['$0 inspect prod -o json', 'all claims'],
  ],
  run: async (host, argv) => {
    const { inspect, inspectToken, requireSignature } = await import('../../review/inspect.ts');
    const keys = keySource(argv);
    const handedIn = await readHandedIn(host, argv);
    const given = readGiven(host, profileOf(argv), flagsOf(argv));
    if (handedIn !== undefined) {
      const token = await inspectToken(host, handedIn, given, keys);
      await print(host, argv, { token: withDates(token) }, () => textOfToken('token', token));
      return requireSignature('the token', token);
    }
    const found = await inspect(host, given, argv['exchange'] === true, keys);
    const { source, issued } = found;
    const value = { ...found, source: withDates(source), issued: issued && withDates(issued) };
    await print(host, argv, value, () => textOfCall(found));
    requireSignature('the source token', source);
    if (issued !== undefined) requireSignature('the issued token', issued);
  },
};

/** Where the keys are, as the flags say it; undefined: nobody asked. */
function keySource(argv: Arguments): KeySource | undefined {
  const access = accessOf(argv);
  const throughApi = access.kubeconfig !== undefined || access.context !== undefined;
  const issuer = textOf(argv, 'issuer-url');
  if (argv['verify'] !== true && issuer === undefined && !throughApi) return undefined;
  if (issuer !== undefined && !isSafeAddress(issuer))
    throw badValue('--issuer-url', 'must be an https:// address');
  return { issuer, access: throughApi ? access : undefined };
}

export function textOfCall({ profile, target, source, issued, warnings }: Inspection): string {
  const of = profile === undefined ? '' : ` (profile "${profile}")`;
  return [
    `${oneLine(label(target))}${of}\n\n${textOfToken('source token', source)}\n`,
    issued === undefined
      ? 'issued token: none is cached; --exchange gets one\n'
      : textOfToken('issued token', issued),
    warnings.length === 0 ? '' : '\n',
    ...warnings.map(({ token, text }) => `warning: ${token} token: ${oneLine(text)}\n`),
  ].join('');
}

export function textOfToken(name: string, report: TokenReport): string {
  return `${name}: ${report.place}\n${fieldsOf(report)}`;
}

function fieldsOf(report: TokenReport): string {
  const { life, issuedAt, signature, header } = report;
  if (report.kind === 'opaque') return '  not a JWT: nothing can be read in it\n';
  const fields = [
    ['kind', report.kind === 'legacy' ? 'legacy: kept in a Secret' : 'of a TokenRequest'],
    ['subject', report.subject],
    ['issuer', report.issuer],
    [
      'audiences',
      report.audiences.length === 0
        ? 'none: for the API server only'
        : report.audiences.map((name) => oneLine(name)).join(', '),
    ],
    ['bound to', report.boundTo ?? 'nothing: only its end, or that of the account, revokes it'],
    ['issued', issuedAt === undefined ? 'not said' : timestamp(issuedAt)],
    ['expires', life === undefined ? 'never' : `${timestamp(life.expires)} (${lifeOf(life)})`],
    ['id', report.id],
    ['key', textAt(header, 'kid')],
    ['signature', signature && signatureOf(report, signature)],
  ] as const;
  return fieldLines(fields, '  ');
}

function lifeOf({ left }: NonNullable<TokenReport['life']>): string {
  return left > 0 ? `${shortTime(left)} left` : `expired ${shortTime(-left)} ago`;
}

function signatureOf({ kind }: TokenReport, { state, place }: NonNullable<TokenReport['signature']>): string {
  if (state === 'valid') return `valid (keys at ${place})`;
  if (state === 'self-consistent')
    return `self-consistent (keys at ${place}, which only the token names: --context or --issuer-url says more)`;
  if (state === 'invalid') return `INVALID (keys at ${place})`;
  return kind === 'legacy'
    ? `unknown: its key is not among those at ${place}, where the keys of legacy tokens may be missing`
    : `UNKNOWN KEY (keys at ${place})`;
}

/** For scripts: what is not known is left out, and times are both dates and seconds. */
export function withDates(report: TokenReport): object {
  const { life, issuedAt, warnAfter: _, ...rest } = report;
  return {
    ...rest,
    issuedAt: issuedAt === undefined ? undefined : timestamp(issuedAt),
    expirationTimestamp: life === undefined ? undefined : timestamp(life.expires),
    secondsLeft: life?.left,
    secondsGranted: life?.granted,
  };
}
