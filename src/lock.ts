/** A lock between processes, on a file of its own: held by a heart that beats, so that a dead holder is seen at once. */
import { createHash, randomBytes } from 'node:crypto';
import { linkSync, lstatSync, readlinkSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from './errors.ts';
import { monotonic, type Host } from './host.ts';
import { discard, draftOf, readSmallFile } from './small-files.ts';

const beatEvery = 250;
/** A holder whose heart has not beaten for so long is dead, or on a host that is gone. Milliseconds. */
const deadAfter = 1000;
/** The same where the process is there: it is stopped, or this machine is so busy that its heart is late. */
const stoppedAfter = 5000;
const lookEvery = 40;

export interface LockOptions {
  /** Longest wait in milliseconds; then the work is done without the lock rather than not at all. */
  readonly limit?: number;
  /** Looked at before each try: true ends the waiting without the lock, since there is nothing left to do. */
  readonly done?: () => boolean;
}

/** Gives the lock back. Never throws. */
export type Release = () => void;

/** Runs `work` under the lock at `path`. */
export async function withLock<T>(
  host: Host,
  path: string,
  work: () => T | Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const release = await acquire(host, path, options);
  try {
    return await work();
  } finally {
    release();
  }
}

/**
 * Takes the lock, waits for it, or goes on without it where the file system cannot lock or the wait grew too long.
 * What it guards here (an exchange, a file replaced atomically) does no harm when done twice.
 */
export async function acquire(host: Host, path: string, options: LockOptions = {}): Promise<Release> {
  const started = monotonic();
  const own = `${host.pid} ${processSpace()} ${randomBytes(8).toString('hex')}\n`;
  let [lastBeat, lastLook, still] = ['', started, 0];
  for (;;) {
    if (options.done?.() === true) return () => undefined;
    const taken = tryTake(path, own);
    if (taken === 'taken') return hold(host, path, own);
    if (taken === 'impossible' || monotonic() - started > (options.limit ?? 30_000)) return () => undefined;
    const beat = readBeat(path);
    const now = monotonic();
    // A pause of our own, on a machine that is busy, says nothing about the holder.
    still = beat === lastBeat ? still + Math.min(now - lastLook, 3 * lookEvery) : 0;
    [lastBeat, lastLook] = [beat, now];
    const broken = isHolderDead(host, path, still) && breakLock(host, path, beat);
    if (!broken) await sleep(lookEvery * (0.5 + Math.random()));
  }
}

/** The file appears with its content, so nobody ever reads half a lock. */
function tryTake(path: string, own: string): 'taken' | 'busy' | 'impossible' {
  const draft = draftOf(path);
  try {
    writeFileSync(draft, own, { flag: 'wx', mode: 0o600 });
    linkSync(draft, path);
    return 'taken';
  } catch (error) {
    return systemCode(error) === 'EEXIST' && !isFolder(path) ? 'busy' : 'impossible';
  } finally {
    discard(draft);
  }
}

/** Where a process id means the same process: on this host, and in a container in that alone, which may share the host's name. */
export function processSpace(): string {
  try {
    return `${hostname()}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Nobody's lock, and not ours to move away. */
function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function hold(host: Host, path: string, own: string): Release {
  const heart = setInterval(() => {
    try {
      const now = host.now() / 1000;
      utimesSync(path, now, now);
    } catch {
      clearInterval(heart);
    }
  }, beatEvery);
  heart.unref();
  return () => {
    clearInterval(heart);
    // Else it was broken by another process, which then took it over.
    if (readSmallFile(path)?.text === own) discard(path);
  };
}

/** Changes with every beat and every holder; empty where there is no lock. */
function readBeat(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false, bigint: true });
  return status === undefined ? '' : `${status.ino} ${status.mtimeNs}`;
}

/**
 * Only a process whose id means the same here can be asked; for others the heart alone decides.
 *
 * @param still - how long it has not beaten, milliseconds
 */
function isHolderDead(host: Host, path: string, still: number): boolean {
  const found = readSmallFile(path);
  const [pid, where] = (found?.text ?? '').trim().split(' ');
  if (found === undefined || where !== processSpace()) return still > deadAfter;
  if (!host.isAlive(Number(pid))) return true;
  // The last beat is from long ago: of before a reboot, say, and the id is another process's now.
  const isOld = Math.abs(host.now() - found.status.mtimeMs) > stoppedAfter;
  return still > (isOld ? deadAfter : stoppedAfter);
}

/**
 * Removes the lock of a dead holder; false when it is still there. Of many that see it one claims it, by its own
 * beat, and looks once more: removed without a claim, it could be the lock of the one who was quicker.
 */
function breakLock(host: Host, path: string, beat: string): boolean {
  // Named as a draft, so that what a killed one left is cleared away with those.
  const claim = draftOf(path, createHash('sha256').update(beat).digest('hex').slice(0, 12));
  try {
    writeFileSync(claim, '', { flag: 'wx', mode: 0o600 });
  } catch {
    const claimed = statSync(claim, { throwIfNoEntry: false });
    // By one who died over it.
    if (claimed !== undefined && Math.abs(host.now() - claimed.mtimeMs) > stoppedAfter) discard(claim);
    return false;
  }
  if (readBeat(path) === beat) discard(path);
  discard(claim);
  return readBeat(path) !== beat;
}
