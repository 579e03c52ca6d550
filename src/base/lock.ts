/** A lock between processes, on a file of its own. Its holder changes the file's mtime four times a second, so that a dead one is noticed. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from '../errors/error.ts';
import { locked } from '../errors/machine.ts';
import { monotonic, type Host } from './host.ts';
import { discard, draftOf, readSmallFile } from './private-file.ts';

const beatEveryMs = 250;
/** Without a beat for so long a process that is there is stopped, or was given the id of a holder that is dead. */
const stoppedAfterMs = 5000;
/** The same for a holder that cannot be asked for: on another machine (a home on NFS), whose beats are seen some seconds late, or in a container. */
const elsewhereDeadAfterMs = 10_000;
const lookEveryMs = 40;

export interface LockOptions {
  /** Longest wait. */
  readonly limitMs?: number;
  /** Looked at before each try: true ends the waiting without the lock, since there is nothing left to do. */
  readonly done?: () => boolean;
  /** Throw where the lock cannot be had, in the place of going on without it. */
  readonly strictly?: boolean;
}

/** A lock that is held, or the go-ahead without one. */
export interface Lock {
  /** Gives it back. Never throws. */
  readonly release: () => void;
  /** False once another process has taken it away, as a logout does, or where the wait for it grew too long. */
  readonly isHeld: () => boolean;
}

/** Runs `work` under the lock at `path`, as `acquire` gets it. */
export async function withLock<T>(
  host: Host,
  path: string,
  work: (lock: Lock) => T | Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const lock = await acquire(host, path, options);
  try {
    return await work(lock);
  } finally {
    lock.release();
  }
}

/**
 * Takes the lock, waits for it, or goes on without it where the file system cannot lock or the wait grew too long.
 * What is done under it (an exchange, a file replaced atomically) does no harm when it is done twice.
 *
 * @throws for `strictly`: SaTokenError `locked` where another process does not give it back; the system error where no lock can be made
 */
export async function acquire(host: Host, path: string, options: LockOptions = {}): Promise<Lock> {
  const { limitMs = 30_000, done, strictly = false } = options;
  const started = monotonic();
  const own = `${host.pid} ${processSpace()} ${randomBytes(8).toString('hex')}\n`;
  let [lastBeat, lastLook, stillMs] = ['', started, 0];
  for (;;) {
    if (done?.() === true) break;
    try {
      if (tryTake(path, own)) return hold(host, path, own);
    } catch (error) {
      if (strictly) throw error;
      // Where nothing can be locked, no process can take the lock away either.
      break;
    }
    if (monotonic() - started > limitMs) {
      if (strictly) throw locked();
      return { release: () => undefined, isHeld: () => false };
    }
    const beat = readBeat(path);
    const now = monotonic();
    // A pause of our own, on a machine that is busy, says nothing about the holder.
    stillMs = beat === lastBeat ? stillMs + Math.min(now - lastLook, 3 * lookEveryMs) : 0;
    [lastBeat, lastLook] = [beat, now];
    const broken = isHolderDead(host, path, stillMs) && breakLock(host, path, beat);
    if (!broken) await sleep(lookEveryMs * (0.5 + Math.random()));
  }
  return { release: () => undefined, isHeld: () => true };
}

/**
 * True where the lock is ours now, false where it is another's: also where it was taken for a dead process's while it was empty.
 *
 * @throws the system error where there can be no lock
 */
function tryTake(path: string, own: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', 0o600);
  } catch (error) {
    // A folder is nobody's lock, and not ours to move away.
    if (systemCode(error) === 'EEXIST' && !lstatSync(path, { throwIfNoEntry: false })?.isDirectory())
      return false;
    throw error;
  }
  try {
    writeSync(descriptor, own);
    return readSmallFile(path)?.text === own;
  } catch (error) {
    discard(path);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Where a process id means the same process: since this boot of this machine, and in a container in that alone. The host's
 * name, which containers may share, only where the system does not tell.
 */
export function processSpace(): string {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  return `${boot ?? hostname()}/${attempt(() => readlinkSync('/proc/self/ns/pid')) ?? ''}`;
}

function attempt(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function hold(host: Host, path: string, own: string): Lock {
  const isHeld = (): boolean => readSmallFile(path)?.text === own;
  const heart = setInterval(() => {
    try {
      const now = host.now() / 1000;
      utimesSync(path, now, now);
    } catch {
      clearInterval(heart);
    }
  }, beatEveryMs);
  heart.unref();
  return {
    isHeld,
    release: () => {
      clearInterval(heart);
      if (isHeld()) discard(path);
    },
  };
}

/** Twelve hexadecimal digits that change with every beat and every holder; empty where there is no lock. */
function readBeat(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false, bigint: true });
  return status === undefined
    ? ''
    : BigInt.asUintN(48, status.ino + status.mtimeNs)
        .toString(16)
        .padStart(12, '0');
}

/** @param stillMs - how long the holder has not changed the file */
export function isHolderDead(host: Host, path: string, stillMs: number): boolean {
  const [pid, where] = (readSmallFile(path)?.text ?? '').trim().split(' ');
  // Whoever made the file writes into it at once, or was killed before that.
  if (where === undefined) return stillMs > 1000;
  if (where !== processSpace()) return stillMs > elsewhereDeadAfterMs;
  return stillMs > stoppedAfterMs || !host.isAlive(Number(pid));
}

/**
 * Removes the lock of a dead holder; false when it is still there. Of many that see it one claims it, by its own
 * beat, and looks once more: removed without a claim, it could be the lock of the one who was quicker.
 */
function breakLock(host: Host, path: string, beat: string): boolean {
  // Named as a draft, so that what a killed one left is cleared away with those.
  const claim = draftOf(path, beat);
  try {
    writeFileSync(claim, '', { flag: 'wx', mode: 0o600 });
  } catch {
    const claimed = statSync(claim, { throwIfNoEntry: false });
    // By one who died over it.
    if (claimed !== undefined && Math.abs(host.now() - claimed.mtimeMs) > stoppedAfterMs) discard(claim);
    return false;
  }
  if (readBeat(path) === beat) discard(path);
  discard(claim);
  return readBeat(path) !== beat;
}
