/** How long an issued token is served, and when it is renewed. Pure sums over epoch seconds. */

/** Clients without leeway, and those that call again with less than five minutes left, need this much. */
const smallestMargin = 330;
const lastMinute = 60;
/** Reported early, so that no client uses the token in its very last seconds (client-go has no leeway). */
export const reportEarly = 30;

export interface Life {
  /** From here on the token is renewed ahead of its end. Epoch seconds on the local clock. */
  readonly serveUntil: number;
  /** The true end. Epoch seconds on the local clock. */
  readonly expires: number;
}

/**
 * When to serve a token of `granted` seconds that was asked for at `asked` (local epoch seconds):
 * until `max(20 % of its life, 330 s)` before the end, but for half of its life at least.
 */
export function plan(asked: number, granted: number): Life {
  const margin = Math.min(Math.max(0.2 * granted, smallestMargin), granted / 2);
  return { serveUntil: Math.floor(asked + granted - margin), expires: Math.floor(asked + granted) };
}

/**
 * `fresh`: serve. `aging`: serve, and renew in the background. `ending`: renew now, serve only if that fails.
 * `dead`: the token must not be served. Written after `now` means that the clock was set back: its end is unknown.
 */
export type Freshness = 'fresh' | 'aging' | 'ending' | 'dead';

export function judge(life: Life, written: number, now: number): Freshness {
  // A few seconds of grace: file times come from another clock than `now` on some file systems.
  if (written > now + 5) return 'dead';
  // Asked first, as by the fast lane: a life of less than a minute has its last thirty seconds begin before that.
  if (now < life.serveUntil) return 'fresh';
  if (now >= life.expires - reportEarly) return 'dead';
  return now < life.expires - lastMinute ? 'aging' : 'ending';
}
