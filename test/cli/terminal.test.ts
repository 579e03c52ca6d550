import test from 'ava';
import { print, shortTime, tableOf, tell } from '../../src/cli/terminal.ts';
import { createHost } from '../support/host.ts';

test('columns are as wide as their widest cell, and lines have no blanks at their end', (t) => {
  t.is(
    tableOf(
      ['NAME', 'B'],
      [
        ['a', 'long cell'],
        ['longer', ''],
      ],
    ),
    'NAME     B\na        long cell\nlonger\n',
  );
  t.is(tableOf(['A'], []), 'A\n');
});

for (const [seconds, text] of [
  [0, '0s'],
  [-5, '0s'],
  [59.4, '59s'],
  [60, '1m'],
  [3599, '59m'],
  [3600, '1h'],
  [3660, '1h 1m'],
  [86_399, '23h 59m'],
  [86_400, '1d'],
  [90_000, '1d 1h'],
  [4_294_967_296, '49710d 6h'],
] as const)
  test(`${seconds} seconds are ${text}`, (t) => {
    t.is(shortTime(seconds), text);
  });

test('results go to standard output, talk to standard error', async (t) => {
  const host = createHost(t);
  await print(host, 'json', { a: [1] });
  await print(host, 'yaml', { a: [1], b: undefined });
  tell(host, 'a word');
  t.is(host.written.out, '{\n  "a": [\n    1\n  ]\n}\na:\n  - 1\n');
  t.is(host.written.err, 'a word\n');
});
