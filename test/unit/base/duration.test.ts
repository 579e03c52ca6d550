import test from 'ava';
import { shortTime } from '../../../src/base/duration.ts';

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
