/**
 * The 401 rule. Clients keep a token in memory until it expires or a server answers 401, and then run the plugin again without
 * saying why (kubernetes/client-go plugin/pkg/client/auth/exec/exec.go). So the same process coming back while its token
 * lives means: refused. An exchange is forced then, at intervals that grow, since some clients come back for every request.
 */
import type { Host } from '../base/host.ts';
import { numberAt, objectAt, parseJson } from '../base/json.ts';
import { addToSmallFile, discard, putSmallFile, readSmallFile } from '../base/private-file.ts';
import { entryFile } from './folder.ts';

/**
 * Who runs the plugin: client-go, which alone ends KUBERNETES_EXEC_INFO with a newline; another client that sets it; or
 * one that does not, which may be a shell as well.
 */
export type Caller = 'client-go' | 'hook' | 'unnamed';

/** Seconds from the issue of a token, or from the last exchange that was forced, to the next that may be. */
const ladder = [5, 10, 20, 60] as const;
/** A token that was not refused for so long has served, and the ladder begins at its foot. Seconds. */
const served = 60;
/** Without KUBERNETES_EXEC_INFO two returns within this time are a sign. Seconds. */
const twiceWithin = 60;
/** Characters of notes before they are begun again, here and in the fast lane; some fifty clients. */
const longest = 800;
/** Clients whose last return, or warning, is remembered. */
const remembered = 20;

/** The file `.retry`. */
interface State {
  /** When the token was issued, or the last exchange for it was forced and failed. Epoch seconds. */
  readonly since: number;
  /** Index into the ladder. */
  readonly rung: number;
  /** By client: its last return, where two are needed. Epoch seconds. */
  readonly returned: Readonly<Record<string, unknown>>;
  /** By client: when it was warned. Epoch seconds. */
  readonly warned: Readonly<Record<string, unknown>>;
}

/** A client's return for a token that lives. */
export interface Return {
  /** An exchange is to be made now. */
  readonly forces: boolean;
  /** Age in seconds of a token that is refused so soon that another will not help; told once to each process of client-go. */
  readonly tooFresh: number | undefined;
}

/** What kind of program the value of KUBERNETES_EXEC_INFO tells of. */
export function callerOf(execInfo: string | undefined): Caller {
  if (execInfo === undefined || execInfo.trim() === '') return 'unnamed';
  return execInfo.endsWith('\n') ? 'client-go' : 'hook';
}

/** Notes that a client is served the token. */
export function noteClient(host: Host, name: string): void {
  const { text, clients } = readNotes(host, name);
  if (!clients.includes(host.client)) addNote(host, name, text, host.client);
}

/** Looks whether a client that calls was served this token before, and notes its return. Undefined where it was not. */
export function noteReturn(host: Host, name: string, caller: Caller): Return | undefined {
  const { text, clients } = readNotes(host, name);
  if (!clients.includes(host.client)) return undefined;
  const now = host.now() / 1000;
  let state = readState(host, name);
  const age = now - state.since;
  const isFirst = !clients.includes('+');
  if (isFirst) addNote(host, name, text, '+');
  const rung = isFirst && age > served ? 0 : state.rung;
  const mayForce = age < 0 || age >= (ladder[rung] ?? served);
  const isSign = caller !== 'unnamed' || isRecent(state.returned[host.client], now, twiceWithin);
  const warns =
    caller === 'client-go' &&
    age >= 0 &&
    age < served &&
    (!mayForce || rung > 0) &&
    !state.warned[host.client];
  if (caller === 'unnamed') state = { ...state, returned: withClient(state.returned, host.client, now) };
  if (warns) state = { ...state, warned: withClient(state.warned, host.client, now) };
  if (caller === 'unnamed' || warns || rung !== state.rung) writeState(host, name, { ...state, rung });
  return { forces: isSign && mayForce, tooFresh: warns ? age : undefined };
}

/**
 * Begins the next interval: there is a new token, or an exchange that was forced has failed.
 *
 * @param forced - the exchange was forced by this rule
 */
export function beginInterval(host: Host, name: string, forced: boolean): void {
  const state = readState(host, name);
  const rung = forced ? Math.min(state.rung + 1, ladder.length - 1) : state.rung;
  writeState(host, name, { ...state, since: host.now() / 1000, rung });
}

/** There is a new token: who holds the one before it comes back because that one has ended. */
export function forgetClients(host: Host, name: string): void {
  discard(entryFile(host, name, 'clients'));
}

/**
 * ` CLIENT CLIENT …` without an end of line, since the fast lane appends; `+` among them says that one came back. What is
 * neither is passed over.
 */
function readNotes(host: Host, name: string): { text: string; clients: string[] } {
  const text = readSmallFile(entryFile(host, name, 'clients'))?.text ?? '';
  return {
    text,
    clients: text.split(/\s+/).filter((word) => /^(?:\+|[1-9]\d{0,9}(?::\d{1,20})?)$/.test(word)),
  };
}

/** Appended in one write, so that of many clients at once none loses the note of another. */
function addNote(host: Host, name: string, before: string, word: string): void {
  const file = entryFile(host, name, 'clients');
  try {
    if (before.length < longest) addToSmallFile(file, ` ${word}`);
    else putSmallFile(file, `${/\+/.test(before) ? ' +' : ''} ${word}`);
  } catch {
    // A cache that cannot be written costs the rule, not the call.
  }
}

function readState(host: Host, name: string): State {
  const state = parseJson(readSmallFile(entryFile(host, name, 'retry'))?.text ?? '');
  const rung = numberAt(state, 'rung') ?? 0;
  return {
    since: numberAt(state, 'since') ?? 0,
    rung: ladder[rung] === undefined ? 0 : rung,
    returned: objectAt(state, 'returned'),
    warned: objectAt(state, 'warned'),
  };
}

/** The file's mtime is the end of the interval: until then the fast lane serves clients that come back. */
function writeState(host: Host, name: string, state: State): void {
  try {
    putSmallFile(
      entryFile(host, name, 'retry'),
      JSON.stringify(state),
      state.since + (ladder[state.rung] ?? served),
    );
  } catch {
    // As above.
  }
}

/** The newest last; a process id is no index, so that the order is that of the notes. */
function withClient(clients: State['returned'], client: string, now: number): State['returned'] {
  const others = Object.entries(clients)
    .filter(([each, at]) => each !== client && isRecent(at, now, 3600))
    .sort(([, a], [, b]) => Number(a) - Number(b));
  return Object.fromEntries([...others.slice(1 - remembered), [client, Math.floor(now)]]);
}

function isRecent(at: unknown, now: number, seconds: number): boolean {
  return typeof at === 'number' && now - at >= 0 && now - at <= seconds;
}
