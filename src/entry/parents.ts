/**
 * The 401 rule. client-go keeps a token in memory until it expires or a server answers 401, and then runs the plugin
 * again without saying why (exec.go). So the same process coming back while its token lives means: refused.
 */
import type { Host } from '../host.ts';
import { putSmallFile, readSmallFile } from '../small-files.ts';
import { entryFile, prepareFolder } from './folder.ts';

/** Fewer than run at once, and each that is refused would find itself forgotten when it comes back. */
const remembered = 50;
/** Seconds between two exchanges that were forced by this rule, whoever comes back. */
const atMostEvery = 60;

interface Notes {
  /** When the rule last forced an exchange, epoch seconds. */
  readonly forced: number;
  /** The token in the entry is still the one that was refused then: the exchange is on its way, or failed. */
  readonly pending: boolean;
  /** Who was served that token. */
  readonly parents: readonly string[];
}

/** Only client-go ends the variable with a newline; others (Python, kube-rs) come back for harmless reasons. */
export function isClientGo(execInfo: string | undefined): boolean {
  return execInfo?.endsWith('\n') === true;
}

/** Notes the parent of a call that is served, so that it is known when it comes back. */
export function noteParent(host: Host, name: string): void {
  const notes = read(host, name);
  if (notes.parents.at(-1) === host.client) return;
  write(host, name, {
    ...notes,
    parents: [...notes.parents.filter((each) => each !== host.client), host.client],
  });
}

/**
 * True when this parent was served before and comes back, and the token it was served is one that others found refused,
 * or did not itself come of an exchange that was forced within the last minute.
 */
export function isRefused(host: Host, name: string): boolean {
  const { forced, pending, parents } = read(host, name);
  const age = host.now() / 1000 - forced;
  return parents.includes(host.client) && (pending || age > atMostEvery || age < 0);
}

/** Notes that an exchange is forced now. */
export function noteForced(host: Host, name: string): void {
  const { parents } = read(host, name);
  write(host, name, { forced: Math.floor(host.now() / 1000), pending: true, parents });
}

/** There is a new token: those who hold the one before it come back because that one has ended. */
export function forgetParents(host: Host, name: string): void {
  const { forced, pending, parents } = read(host, name);
  if (pending || parents.length > 0) write(host, name, { forced, pending: false, parents: [] });
}

/**
 * `fFORCED CLIENT CLIENT …` without an end of line, the newest last, since the fast lane appends; `fFORCED!` while the token is
 * the refused one. What is neither is passed over.
 */
function read(host: Host, name: string): Notes {
  const words = (readSmallFile(entryFile(host, name, 'parents'))?.text ?? '').split(/\s+/);
  const [, seconds = '0', mark = ''] =
    /^f(\d{1,15})(!?)$/.exec(words.find((word) => word.startsWith('f')) ?? '') ?? [];
  const parents = words.filter((word) => /^[1-9]\d{0,9}(?::\d{1,20})?$/.test(word));
  return { forced: Number(seconds), pending: mark !== '', parents: parents.slice(-remembered) };
}

/** Two clients at once may lose a note; kubectl comes back more than once. */
function write(host: Host, name: string, notes: Notes): void {
  try {
    if (!prepareFolder(host)) return;
    const first = `f${notes.forced}${notes.pending ? '!' : ''}`;
    putSmallFile(entryFile(host, name, 'parents'), [first, ...notes.parents].join(' '));
  } catch {
    // A cache that cannot be written costs the rule, not the call.
  }
}
