/** An inspection as text and as a value for scripts. */
import type { Inspection } from '../credential/inspect.ts';
import type { TokenReport } from '../credential/token-report.ts';
import { oneLine } from '../errors.ts';
import { timestamp } from '../entry/exec-credential.ts';
import { label } from '../settings/target.ts';
import { fieldLines } from './fields.ts';
import { shortTime } from './terminal.ts';

/** For people. */
export function inspectionText({ profile, target, source, issued, warnings }: Inspection): string {
  if (target === undefined) return issued === undefined ? '' : `token: ${issued.place}\n${fieldsOf(issued)}`;
  const head = `${oneLine(label(target))}${profile === undefined ? '' : ` (profile "${profile}")`}\n\n`;
  const parts = [
    source === undefined ? '' : `source token: ${source.place}\n${fieldsOf(source)}\n`,
    issued === undefined
      ? 'issued token: none is cached; --exchange gets one\n'
      : `issued token: ${issued.place}\n${fieldsOf(issued)}`,
    warnings.length === 0 ? '' : '\n',
    ...warnings.map(({ token, text }) => `warning: ${token} token: ${oneLine(text)}\n`),
  ];
  return head + parts.join('');
}

function fieldsOf(report: TokenReport): string {
  const { life, issuedAt, signature, header } = report;
  if (report.kind === 'opaque') return '  not a JWT: nothing can be read in it\n';
  const key = typeof header?.['kid'] === 'string' ? header['kid'] : undefined;
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
    ['key', key],
    ['signature', signature && signatureOf(report, signature)],
  ] as const;
  return fieldLines(fields, '  ');
}

function lifeOf({ granted, left }: NonNullable<TokenReport['life']>): string {
  const used =
    granted === undefined || granted <= 0
      ? ''
      : `, ${Math.round((100 * (granted - left)) / granted)} % of ${shortTime(granted)} used`;
  return left > 0 ? `${shortTime(left)} left${used}` : `expired ${shortTime(-left)} ago`;
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
export function inspectionValue({ profile, target, source, issued, warnings }: Inspection): object {
  if (target === undefined) return { token: issued && withDates(issued) };
  return {
    profile,
    target,
    source: source && withDates(source),
    issued: issued && withDates(issued),
    warnings,
  };
}

function withDates(report: TokenReport): object {
  const { life, issuedAt, ...rest } = report;
  return {
    ...rest,
    issuedAt: issuedAt === undefined ? undefined : timestamp(issuedAt),
    expirationTimestamp: life === undefined ? undefined : timestamp(life.expires),
    secondsLeft: life?.left,
    secondsGranted: life?.granted,
  };
}
