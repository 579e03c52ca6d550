/** A lock between processes, on a file of its own. Its holder changes the file's mtime four times a second, so that a dead one is noticed. */
import { createHash, randomBytes } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from '../errors/error.ts';
import { locked } from '../errors/machine.ts';
import { monotonic, type Host } from './host.ts';
import { discard, draftOf, readSmallFile } from './private-file.ts';

const beatEveryMs = 250;
/** Without a beat for so long, a holder on this machine that cannot be asked for by its process id is dead. */
const deadAfterMs = 1000;
/** The same where the process is there: it is stopped, or this machine is so busy that its beat is late. */
const stoppedAfterMs = 5000;
/** The same for a holder on another machine (a home on NFS), whose beats are seen late: NFS keeps attributes for some seconds. */
const elsewhereDeadAfterMs = 10_000;
const lookEveryMs = 40;
/** A login may wait 60 s for the person to unlock the keychain, and then some for the keychain itself. */
const strictLimitMs = 120_000;

export interface LockOptions {
  /** Longest wait; then the work is done without the lock. */
  readonly limitMs?: number;
  /** Looked at before each try: true ends the waiting without the lock, since there is nothing left to do. */
  readonly done?: () => boolean;
}

/** A lock that is held, or the go-ahead without one. */
export interface Lock {
  /** Gives it back. Never throws. */
  readonly release: () => void;
  /** False once another process has taken it away, as a logout does, or where the wait for it grew too long. */
  readonly isHeld: () => boolean;
}

/** Runs `work` under the lock at `path`; the options say when it goes on without. */
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
 */
export async function acquire(host: Host, path: string, options: LockOptions = {}): Promise<Lock> {
  const taken = await take(host, path, options.limitMs ?? 30_000, options.done);
  if (isLock(taken)) return taken;
  // Where nothing can be locked nobody can take it away either.
  return { release: () => undefined, isHeld: () => taken !== 'late' };
}

/**
 * Takes the lock, and goes on without it never.
 *
 * @returns what gives it back
 * @throws SaTokenError `locked` where another process does not give it back; the system error where no lock can be made
 */
export async function acquireStrictly(
  host: Host,
  path: string,
  limitMs = strictLimitMs,
): Promise<() => void> {
  const taken = await take(host, path, limitMs);
  if (isLock(taken)) return taken.release;
  throw taken instanceof Error ? taken : locked();
}

function isLock(taken: Lock | Error | string): taken is Lock {
  return typeof taken === 'object' && !(taken instanceof Error);
}

async function take(
  host: Host,
  path: string,
  limitMs: number,
  done?: () => boolean,
): Promise<Lock | Error | 'late' | 'done'> {
  const started = monotonic();
  const own = `${host.pid} ${processSpace()} ${randomBytes(8).toString('hex')}\n`;
  let [lastBeat, lastLook, stillMs] = ['', started, 0];
  for (;;) {
    if (done?.() === true) return 'done';
    const tried = tryTake(path, own);
    if (tried === 'taken') return hold(host, path, own);
    if (tried !== 'busy') return tried;
    if (monotonic() - started > limitMs) return 'late';
    const beat = readBeat(path);
    const now = monotonic();
    // A pause of our own, on a machine that is busy, says nothing about the holder.
    stillMs = beat === lastBeat ? stillMs + Math.min(now - lastLook, 3 * lookEveryMs) : 0;
    [lastBeat, lastLook] = [beat, now];
    const broken = isHolderDead(host, path, stillMs) && breakLock(host, path, beat);
    if (!broken) await sleep(lookEveryMs * (0.5 + Math.random()));
  }
}

/** File systems without hard links (FAT, some of FUSE) answer so. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** The file appears with its content, so that nobody reads half a lock; without hard links it is empty for a moment. */
function tryTake(path: string, own: string): 'taken' | 'busy' | Error {
  const draft = draftOf(path);
  const create = (file: string): void => writeFileSync(file, own, { flag: 'wx', mode: 0o600 });
  let drafted = false;
  try {
    create(draft);
    drafted = true;
    try {
      linkSync(draft, path);
    } catch (error) {
      if (!noLinks.has(systemCode(error) ?? '')) throw error;
      create(path);
    }
    return 'taken';
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && !isFolder(path)) return 'busy';
    // A logout cleared the draft away.
    if (systemCode(error) === 'ENOENT' && drafted) return 'busy';
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    discard(draft);
  }
}

/**
 * Where a process id means the same process: since this boot of this machine, and in a container in that alone. The host's
 * name, which containers may share, only where the system does not tell.
 */
export function processSpace(): string {
  return `${bootId()}/${pidNamespace()}`;
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return hostname();
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Nobody's lock, and not ours to move away. */
function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
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

/** Changes with every beat and every holder; empty where there is no lock. */
function readBeat(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false, bigint: true });
  return status === undefined ? '' : `${status.ino} ${status.mtimeNs}`;
}

/**
 * Only a process whose id means the same here can be asked for; for others the beat alone decides.
 *
 * @param stillMs - how long it has not beaten
 */
function isHolderDead(host: Host, path: string, stillMs: number): boolean {
  const found = readSmallFile(path);
  const [pid, where = ''] = (found?.text ?? '').trim().split(' ');
  // Nobody's, such as kubectl leaves when it is killed, or of this machine but of another container.
  if (found === undefined || where === '') return stillMs > deadAfterMs;
  if (where !== processSpace())
    return stillMs > (where.startsWith(`${bootId()}/`) ? deadAfterMs : elsewhereDeadAfterMs);
  if (!host.isAlive(Number(pid))) return true;
  // The last beat is of long ago, and the id is another process's now.
  const isOld = Math.abs(host.now() - found.status.mtimeMs) > stoppedAfterMs;
  return stillMs > (isOld ? deadAfterMs : stoppedAfterMs);
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
    if (claimed !== undefined && Math.abs(host.now() - claimed.mtimeMs) > stoppedAfterMs) discard(claim);
    return false;
  }
  if (readBeat(path) === beat) discard(path);
  discard(claim);
  return readBeat(path) !== beat;
}
