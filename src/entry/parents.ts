/**
 * The 401 rule. client-go keeps a token in memory until it expires or a server answers 401, and then runs the plugin
 * again without saying why (exec.go). So the same process coming back while its token lives means: refused.
 */
import type { Host } from '../host.ts';
import { putSmallFile, readSmallFile } from '../small-files.ts';
import { entryFile, prepareFolder } from './entry.ts';

const remembered = 8;
/** Seconds between two exchanges that were forced by this rule, whoever comes back. */
const atMostEvery = 60;

interface Notes {
  /** When the rule last forced an exchange, epoch seconds. */
  readonly forced: number;
  readonly parents: readonly number[];
}

/** Only client-go ends the variable with a newline; others (Python, kube-rs) come back for harmless reasons. */
export function isClientGo(execInfo: string | undefined): boolean {
  return execInfo?.endsWith('\n') === true;
}

/** Notes the parent of a call that is served, so that it is known when it comes back. */
export function noteParent(host: Host, name: string): void {
  const { forced, parents } = read(host, name);
  if (parents[0] === host.ppid) return;
  write(host, name, { forced, parents: [host.ppid, ...parents.filter((pid) => pid !== host.ppid)] });
}

/** True when this parent was served before and comes back, and no exchange was forced within the last minute. */
export function isRefused(host: Host, name: string): boolean {
  const { forced, parents } = read(host, name);
  const age = host.now() / 1000 - forced;
  return parents.includes(host.ppid) && (age > atMostEvery || age < 0);
}

/** Notes that an exchange is forced now, and that the parent holds what comes of it. */
export function noteForced(host: Host, name: string): void {
  write(host, name, { forced: Math.floor(host.now() / 1000), parents: [host.ppid] });
}

/** There is a new token: those who hold the one before it come back because that one has ended. */
export function forgetParents(host: Host, name: string): void {
  const { forced, parents } = read(host, name);
  if (parents.length > 0) write(host, name, { forced, parents: [] });
}

/** `FORCED PID PID …`, one line. */
function read(host: Host, name: string): Notes {
  const text = readSmallFile(entryFile(host, name, 'parents'))?.text ?? '';
  const [forced = 0, ...parents] = text.trim().split(' ').map(Number).filter(Number.isSafeInteger);
  return { forced, parents };
}

/** Two clients at once may lose a note; kubectl comes back more than once. */
function write(host: Host, name: string, notes: Notes): void {
  try {
    if (!prepareFolder(host)) return;
    const line = [notes.forced, ...notes.parents.slice(0, remembered)].join(' ');
    putSmallFile(entryFile(host, name, 'parents'), `${line}\n`);
  } catch {
    // A cache that cannot be written costs the rule, not the call.
  }
}
