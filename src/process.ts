/** This process: the words that start it again, who started it, and how it ends. What host.ts gives to all others. */
import { readFileSync, writeFileSync } from 'node:fs';
import { systemCode } from './errors.ts';

declare const SA_TOKEN_EXECUTABLE: boolean | undefined;

/**
 * Keeps what this process holds in memory, tokens among it, out of core files. No mapping is dumped once 0 is in the filter
 * (core(5)), also where cores go to a program; but registers are, with pieces of what was copied last. So where cores are
 * allowed the process is started again by a shell that allows none, as the fast lane does. Linux alone has these files.
 */
export function forbidCores(): void {
  const filter = '/proc/self/coredump_filter';
  try {
    // Inherited by what is started again, which tries it only once.
    if (/^0+$/.test(readFileSync(filter, 'utf8').trim())) return;
    writeFileSync(filter, '0', { flag: 'r+' });
    if (/^Max core file size +0 /m.test(readFileSync('/proc/self/limits', 'utf8'))) return;
    const words = ['-c', 'ulimit -S -c 0; exec "$@"', 'sh', ...ownCommand(), ...process.argv.slice(2)];
    process.execve?.('/bin/sh', ['sh', ...words], { ...process.env });
  } catch {
    // Then the filter has to do, if it could be set.
  }
}

/** The single executable is its own program, whatever name it was called by; under plain Node the script comes second. */
export function ownCommand(): readonly [string, ...string[]] {
  const script = process.argv[1];
  if (script === undefined || (typeof SA_TOKEN_EXECUTABLE === 'boolean' && SA_TOKEN_EXECUTABLE))
    return [process.execPath];
  return [process.execPath, ...process.execArgv, script];
}

export function startAnew(env: Readonly<Record<string, string | undefined>>): never {
  const [program, ...words] = ownCommand();
  // Not there on Windows.
  if (process.execve === undefined) throw new Error('this platform cannot replace a process');
  return process.execve(program, [program, ...words, ...process.argv.slice(2)], { ...env });
}

/**
 * The parent as notes name it, here and in the fast lane: `PID`, and `PID:START` (proc(5), field 22) for a low one, which in
 * a container is that of the next command's client too.
 */
export function clientOf(pid: number): string {
  if (pid >= 1000) return String(pid);
  try {
    const start = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
    return start === undefined ? String(pid) : `${pid}:${start}`;
  } catch {
    return String(pid);
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there and another user's.
    return systemCode(error) !== 'ESRCH';
  }
}

export function onExit(work: () => void): () => void {
  process.once('exit', work);
  return () => void process.off('exit', work);
}

export function onStall(told: () => void): () => void {
  process.once('beforeExit', told);
  return () => void process.off('beforeExit', told);
}

export function holdSignals(told?: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let late: NodeJS.Signals | undefined;
  const hold = (signal: NodeJS.Signals): void => {
    late = signal;
    told?.();
  };
  for (const signal of signals) process.on(signal, hold);
  return () => {
    for (const signal of signals) process.off(signal, hold);
    if (late !== undefined) process.kill(process.pid, late);
  };
}
