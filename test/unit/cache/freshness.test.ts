import test from 'ava';
import fc from 'fast-check';
import {
  decide,
  isBypassed,
  judge,
  plan,
  reportEarly,
  type Decision,
  type Freshness,
} from '../../../src/cache/freshness.ts';

const now = 1_800_000_000;

const planned = test.macro<[number, number]>({
  exec(t, granted, served) {
    t.deepEqual(plan(now, granted), { serveUntil: now + served, expires: now + granted });
  },
  title: (given, granted) => `${given ?? ''}: of ${granted} s`,
});

// Until 20 % or 330 s before the end, whichever is longer, but for half of its life at least.
test('half of a short life is served', planned, 600, 300);
test('a life of which 330 s are just half', planned, 660, 330);
test('330 s before the end', planned, 700, 370);
test('330 s and 20 % are the same', planned, 1650, 1320);
test('20 % before the end', planned, 1660, 1328);
test('an hour', planned, 3600, 2880);
test('a day', planned, 86_400, 69_120);
test('a life that no server grants', planned, 10, 5);

test('fractions are cut, never rounded up', (t) => {
  t.deepEqual(plan(now + 0.9, 3600.5), { serveUntil: now + 2881, expires: now + 3601 });
});

test('a plan keeps its order for every life', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 32 }),
      fc.double({ min: 0, max: now, noNaN: true }),
      (granted, at) => {
        const { serveUntil, expires } = plan(at, granted);
        t.true(
          serveUntil >= Math.floor(at + granted / 2) && serveUntil <= expires && expires <= at + granted,
        );
      },
    ),
    { numRuns: 1000 },
  );
});

const life = plan(now, 3600);

const judged = test.macro<[number, Freshness]>({
  exec(t, seconds, freshness) {
    t.is(judge({ ...life, written: now }, now + seconds), freshness);
  },
  title: (given, seconds) => `after ${seconds} s of an hour: ${given}`,
});

test('just issued', judged, 0, 'fresh');
test('the last moment to be served', judged, 2879.999, 'fresh');
test('the first to be renewed behind the scenes', judged, 2880, 'aging');
test('the last of them', judged, 3539.999, 'aging');
test('the first to be renewed before the answer', judged, 3540, 'ending');
test('the last of them, since clients are told 30 s less', judged, 3569.999, 'ending');
test('as clients know the end', judged, 3570, 'dead');
test('the true end', judged, 3600, 'dead');
test('long gone', judged, 1e6, 'dead');

test('clients are told an end that is early by half a minute', (t) => {
  t.is(reportEarly, 30);
});

test('an entry from the future says that the clock was set back: nobody knows its end', (t) => {
  t.is(judge({ ...life, written: now + 5 }, now), 'fresh');
  t.is(judge({ ...life, written: now + 5.1 }, now), 'dead');
});

test('a clock that goes on never makes a token fresher', (t) => {
  const order: Freshness[] = ['fresh', 'aging', 'ending', 'dead'];
  const seconds = fc.double({ min: 0, max: 5000, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), seconds, seconds, (granted, a, b) => {
      const at = (second: number) =>
        order.indexOf(judge({ ...plan(now, granted), written: now }, now + second));
      t.true(at(Math.min(a, b)) <= at(Math.max(a, b)));
      if (a >= Math.max(granted - reportEarly, granted / 2)) t.is(at(a), 3);
    }),
    { numRuns: 1000 },
  );
});

const kept = { ...life, written: now, credential: 'this one' };

interface Situation {
  after?: number;
  none?: true;
  all?: true;
  refused?: string;
  returning?: true;
}

const decisions: [string, Situation, Decision][] = [
  ['no entry', { none: true }, 'exchange'],
  ['a fresh entry', {}, 'serve'],
  ['its last fresh moment', { after: 2879 }, 'serve'],
  ['from then on', { after: 2880 }, 'serve-and-renew'],
  ['its last minute', { after: 3540 }, 'exchange'],
  ['its end', { after: 3600 }, 'exchange'],
  ['a clock that was set back', { after: -10 }, 'exchange'],
  ['--force-refresh', { all: true }, 'exchange'],
  ['the very credential that a server refused', { refused: 'this one' }, 'exchange'],
  ['another in the place of the one that was refused', { refused: 'the one before' }, 'serve'],
  ['its client comes back for it', { returning: true }, 'exchange'],
  ['its client comes back for an aging one', { after: 2900, returning: true }, 'exchange'],
];

for (const [title, situation, decision] of decisions) {
  test(`${title}: ${decision}`, (t) => {
    const { after = 0, none, all = false, refused: credential, returning = false } = situation;
    t.is(decide(none ? undefined : kept, now + after, { all, credential }, returning), decision);
  });
}

test('a call without a wish takes any entry', (t) => {
  t.false(isBypassed(kept, { all: false }));
  t.true(isBypassed(kept, { all: true }));
});
