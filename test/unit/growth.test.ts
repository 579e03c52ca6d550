/**
 * What is done with the text of a server takes time in proportion to its length, however hostile it is. The CPU time of
 * this process is counted, which other processes do not add to, for a text and for one eight times as long.
 */
import test from 'ava';
import fc from 'fast-check';
import { requireAuthenticated } from '../../src/review/review.ts';
import { describe, maskJwts, oneLine, SaTokenError } from '../../src/errors/error.ts';
import { checkGrant } from '../../src/exchange/grant.ts';
import { isForeignPath, readableText, retryAfter } from '../../src/exchange/refusals.ts';
import { judgeReply, warningTexts } from '../../src/exchange/token-request.ts';
import { redacted } from '../../src/http/request.ts';
import { parseValue } from '../../src/settings/table.ts';
import { jwt } from '../support/jwt.ts';

const target = { server: 'https://h.example', namespace: 'team-a', serviceAccount: 'robot' };
const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJlLW9mLXNvbWVib2R5';
const place = { where: 'x', folder: '/', home: '/' };
const nobody = { username: undefined, uid: undefined, groups: [], extra: {}, audiences: [] };
const grant = { life: 9, end: 9, skew: 0, warnings: [] };

/** The end of the text that an answer is judged by. */
function judge(status: number, body: string): unknown {
  return caught(() => judgeReply(target, { status, headers: {}, warnings: [], body }, 0));
}

/** The line of an error of ours; any other goes on. */
function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof SaTokenError) return describe(error);
    throw error;
  }
}

/** Whatever looks at a text that a server, a token or a file holds. */
const readers: Record<string, (text: string) => unknown> = {
  oneLine,
  maskJwts: (text) => maskJwts(text),
  readableText,
  isForeignPath,
  warningTexts,
  retryAfter,
  redacted: (body) => redacted({ status: 502, headers: { location: body }, warnings: [body], body }, [token]),
  'a line': (what) => describe(new SaTokenError({ code: 'api-failed', what })),
  'a server': (path) => caught(() => parseValue('server', `https://h.example/${path}`, place)),
  'a review': (reason) =>
    caught(() => requireAuthenticated('it', { server: '', authenticated: false, ...nobody, reason })),
  claims: (text) => caught(() => checkGrant(target, {}, { token: jwt({ sub: text }), ...grant }, '')),
  'page 400': (page) => judge(400, page),
  'page 401': (page) => judge(401, page),
  'page 404': (page) => judge(404, page),
  'message 403': (message) => judge(403, JSON.stringify({ kind: 'Status', message })),
  'message 404': (message) => judge(404, JSON.stringify({ kind: 'Status', message })),
};

const words =
  '< <style <style> <script </style> </ > " \\ , - . / : :// eyJ eyJhbGciOiJ bearer a 1 299 ] @ = jwt system:serviceaccount:';
const fragments = words
  .split(' ')
  .concat(
    [
      ' ',
      '\n',
      '\0',
      'Bearer\t',
      '299 - "',
      ',299 a "',
      '111 ',
      '[invalid bearer token, ',
      'plain HTTP request ',
    ],
    ['forbidden: User "', '" cannot get path ', '" cannot ', token],
  );

/** A text that repeats one part. */
interface Hostile {
  readonly start: string;
  readonly unit: string;
  readonly end: string;
}

function textOf({ start, unit, end }: Hostile, length: number): string {
  return start + unit.repeat(Math.ceil(length / unit.length)) + end;
}

/** Milliseconds of CPU; the least of some runs until one is `enough`, since a compiler and a collector take some too. */
function cost(work: () => unknown, enough = 0): number {
  let least = Infinity;
  for (let run = 0; run < 3 && least > enough; run += 1) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** What differs between a pattern that is linear and one that is quadratic: 8 times, or 64. */
const mostGrowth = 24;
/** CPU time that means nothing. Milliseconds. */
const noise = 50;

/** @returns which readers take too long for a text of `length` characters, beside one of an eighth of it */
function tooSlow(text: Hostile, length: number, names: readonly string[]): string[] {
  const [short, long] = [textOf(text, length / 8), textOf(text, length)];
  return names.filter((name) => {
    const read = readers[name];
    if (read === undefined) throw new Error(name);
    // Most are done within the noise, and the short text need not be measured.
    if (cost(() => read(long), noise) <= noise) return false;
    const allowed = Math.max(mostGrowth * cost(() => read(short)), noise);
    return cost(() => read(long), allowed) > allowed;
  });
}

// Shorter than what is cut off, so that no pattern is hidden by the cut.
test('eight times the text takes nowhere near sixty-four times the time', (t) => {
  const hostile = fc.record({
    start: fc.constantFrom('', ...fragments),
    unit: fc.array(fc.constantFrom(...fragments), { minLength: 1, maxLength: 3 }).map((all) => all.join('')),
    end: fc.constantFrom('', 'x', ...fragments),
  });
  const all = Object.keys(readers);
  for (const unit of fragments) t.deepEqual(tooSlow({ start: unit, unit, end: 'x' }, 64_000, all), [], unit);
  fc.assert(
    fc.property(hostile, (text) => {
      t.deepEqual(tooSlow(text, 64_000, all), []);
    }),
    { numRuns: 15 },
  );
});

test('1 MiB of it takes no longer than a text of ordinary words', (t) => {
  for (const unit of fragments)
    t.deepEqual(
      tooSlow({ start: '', unit, end: 'x' }, 1_048_576, ['redacted', 'page 401', 'message 403']),
      [],
      unit,
    );
});

test('a pattern that is quadratic is found', (t) => {
  readers['quadratic'] = (text) => text.replace(/<[^>]*>/g, '');
  t.deepEqual(tooSlow({ start: '', unit: '<', end: '' }, 16_000, ['quadratic']), ['quadratic']);
});
