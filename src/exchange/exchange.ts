/** One exchange: a source token in, a checked grant out, with new tries while the deadline lasts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, SaTokenError } from '../errors/error.ts';
import { monotonic, type Host } from '../base/host.ts';
import { timeoutMs, type Settings } from '../settings/table.ts';
import { label, type Target } from '../settings/target.ts';
import type { SourceToken } from '../source/source.ts';
import { readClaims } from '../token/claims.ts';
import { checkGrant } from './grant.ts';
import { judgeReply, knownUid, send, type Grant } from './token-request.ts';

/** A grant that was checked. */
export interface Issued extends Grant {
  /** When it was asked for. Local epoch seconds. */
  readonly asked: number;
  /** What was granted otherwise than asked, for people. */
  readonly notes: readonly string[];
}

const mostTries = 5;
const firstPause = 0.25;
/** A clock that goes astray by less is being slewed, or is read a moment late. Seconds. */
const clockSlack = 1;
/** A try with less time than this would only time out, and hide what the one before it was told. Milliseconds. */
const shortestTry = 500;

/**
 * Exchanges a source token for an issued one.
 *
 * @throws SaTokenError of exit code 4 (refused), 5 (unreachable) or 2 (TLS files)
 */
export async function issue(
  host: Host,
  target: Target,
  settings: Settings,
  sourceToken: SourceToken,
): Promise<Issued> {
  const end = monotonic() + timeoutMs(settings);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await exchangeOnce(host, target, settings, sourceToken, end - monotonic());
    } catch (error) {
      const pause = pauseAfter(error, attempt);
      if (pause === undefined || monotonic() + pause + shortestTry > end) throw error;
      host.trace(`exchange: ${messageOf(error)}; next try in ${Math.round(pause)} ms`);
      await sleep(pause);
    }
  }
}

/** Milliseconds until the next try, or undefined when there is none: refusals are final, and five tries are enough. */
function pauseAfter(error: unknown, attempt: number): number | undefined {
  if (!(error instanceof SaTokenError) || error.transient === undefined || attempt >= mostTries)
    return undefined;
  // Jitter, so that many clients of a server that fell over do not come back as one.
  const pause = firstPause * 2 ** (attempt - 1) * (0.5 + Math.random());
  return Math.max(pause, error.transient.after ?? 0) * 1000;
}

async function exchangeOnce(
  host: Host,
  target: Target,
  settings: Settings,
  sourceToken: SourceToken,
  left: number,
): Promise<Issued> {
  const [before, began] = [host.now() / 1000, monotonic()];
  host.trace(`exchange: POST for ${label(target)}`);
  const claims = readClaims(sourceToken);
  const reply = await send(host, target, settings, sourceToken, claims, left);
  host.trace(`exchange: answered ${reply.status}`);
  // The clock may have been set back meanwhile; the entry will be read by what it is now.
  const turnedBack = before - (host.now() - (monotonic() - began)) / 1000;
  const asked = turnedBack > clockSlack ? before - turnedBack : before;
  const grant = judgeReply(target, reply, asked);
  const notes = checkGrant(target, settings, grant, knownUid(target, claims));
  return { ...grant, asked, notes };
}
