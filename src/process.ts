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
 * The client as notes name it, here and in the fast lane: `PID`, and `PID:START` for a low one, which in a container is that of
 * the next command's client too. A shell that runs one command stands for who started it: fabric8 takes another one for
 * each call (`sh -c`, fabric8io/kubernetes-client KubeConfigUtils.java), and where that is dash it waits for us.
 *
 * @param pid - of the parent
 */
export function clientOf(pid: number): string {
  const [parent = 0, start] = statOf(pid);
  if (parent > 0 && /^(?:\/bin\/)?sh\0-c\0/.test(textOf(pid, 'cmdline'))) return clientOf(parent);
  return pid >= 1000 || start === undefined ? String(pid) : `${pid}:${start}`;
}

/** Parent and start of a process, fields 4 and 22 of proc(5); empty where there is no such file. */
function statOf(pid: number): number[] {
  const fields = textOf(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ');
  return fields.length > 19 ? [Number(fields[1]), Number(fields[19])] : [];
}

function textOf(pid: number, file: 'cmdline' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
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
