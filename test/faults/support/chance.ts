/** Chance that can be had again by its seed. */
export interface Chance {
  pick: <T>(from: readonly [T, ...T[]]) => T;
  /** True so often. */
  under: (share: number) => boolean;
}

/** mulberry32. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    pick: (from) => from[Math.floor(next() * from.length)] ?? from[0],
    under: (share) => next() < share,
  };
}
