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
 * `dead`: the token must not be served.
 */
export type Freshness = 'fresh' | 'aging' | 'ending' | 'dead';

/** An issued token that is kept. */
export interface Kept extends Life {
  /** When it was issued, or a moment before. Epoch seconds on the local clock. */
  readonly written: number;
  /** The ExecCredential (v1), one line of JSON. */
  readonly credential: string;
}

/**
 * How far a token is in its life.
 *
 * @param now - epoch seconds. Where it lies before `written` the clock was set back, and the token's end is unknown: `dead`
 */
export function judge({ serveUntil, expires, written }: Omit<Kept, 'credential'>, now: number): Freshness {
  // A few seconds of grace: file times come from another clock than `now` on some file systems.
  if (written > now + 5) return 'dead';
  // Asked first, as by the fast lane: a life of less than a minute has its last thirty seconds begin before that.
  if (now < serveUntil) return 'fresh';
  if (now >= expires - reportEarly) return 'dead';
  return now < expires - lastMinute ? 'aging' : 'ending';
}

/** What a call does not want of the cache. */
export interface CacheBypass {
  /** True for `--force-refresh`: nothing of it will do. */
  readonly all: boolean;
  /** A credential that a server refused; another one that was put in its place meanwhile will do. */
  readonly credential?: string | undefined;
}

export type Decision = 'serve' | 'serve-and-renew' | 'exchange';

/**
 * What a call does.
 *
 * @param entry - the entry, if its settings are known to be those of the call
 * @param now - epoch seconds
 * @param returning - true where the client comes back for it, so that a server must have refused it
 */
export function decide(
  entry: Kept | undefined,
  now: number,
  bypass: CacheBypass,
  returning: boolean,
): Decision {
  if (entry === undefined || returning || isBypassed(entry, bypass)) return 'exchange';
  const freshness = judge(entry, now);
  if (freshness === 'fresh') return 'serve';
  return freshness === 'aging' ? 'serve-and-renew' : 'exchange';
}

/** True where an entry is not wanted, if only for lack of another. */
export function isBypassed({ credential }: Pick<Kept, 'credential'>, bypass: CacheBypass): boolean {
  return bypass.all || credential === bypass.credential;
}
