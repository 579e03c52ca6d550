/** The outside world as one value: the only file that touches `process` and the clock. */
import type * as Crypto from 'node:crypto';
import { existsSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { oneLine, systemCode } from '../errors/error.ts';
import { outputFailed } from '../errors/machine.ts';

export interface Host {
  /** Arguments after the program's own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Version of the Node inside, `v26.…`. */
  readonly node: string;
  /** Effective user id; undefined on Windows, where files carry no such owner. */
  readonly uid: number | undefined;
  readonly pid: number;
  /** The parent, in an exec hook the client: its process id, and for a low one its start, since those come back. */
  readonly client: string;
  readonly cwd: string;
  readonly home: string;
  /** Standard input, opened only when a command that says so reads it. */
  readonly stdin: NodeJS.ReadStream;
  /** Writes all of a text to standard output. */
  out(text: string): void;
  /** Writes all of a text to standard error. */
  err(text: string): void;
  /** True where standard error is a terminal, and not a pipe whose reader waits until all have closed it. */
  errIsTerminal(): boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** The words that start this program again, for a detached renewal. */
  readonly self: readonly [string, ...string[]];
  /** One step on standard error, redacted, when -v was given. */
  trace(step: string): void;
  setExitCode(code: number): void;
  /** Ends the process with the exit code that was set; what was written is out already. */
  exit(): never;
  /**
   * Native code is about to run that may hang, and Node's exit waits for its thread: until the function that is returned is
   * called, the process ends without waiting.
   */
  mayHang(): () => void;
  /** Calls back when the process ends by itself, unless the function that is returned has been called. */
  onExit(work: () => void): () => void;
  /** From here on Ctrl-C, SIGTERM and SIGHUP wait until the function that is returned is called; `onSignal` is called at each. */
  holdSignals(onSignal?: () => void): () => void;
  /** False when no process of this host has that id. */
  isAlive(pid: number): boolean;
}

/** What Node and OpenSSL trust beside the system's store. */
const trustVariables = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_OPTIONS'];

/** The real one. */
export function systemHost(): Host {
  const { env } = process;
  // A kubeconfig can set variables for its hook (`exec.env`): those that change what is trusted do not count there.
  if (env['KUBERNETES_EXEC_INFO']) for (const name of trustVariables) delete env[name];
  return {
    argv: process.argv.slice(2),
    env,
    platform: process.platform,
    arch: process.arch,
    node: process.version,
    uid: process.geteuid?.(),
    pid: process.pid,
    get client() {
      return clientOf(process.ppid, !env['KUBERNETES_EXEC_INFO']);
    },
    cwd: workingDirectory(),
    home: (process.platform === 'win32' ? windowsHome(env) : env['HOME']) || homeFolder(),
    get stdin() {
      return process.stdin;
    },
    out(text) {
      try {
        writeAll(1, text);
      } catch (error) {
        throw systemCode(error) === 'EPIPE' ? error : outputFailed(error);
      }
    },
    err: (text) => writeAll(2, text),
    errIsTerminal: () => process.getBuiltinModule('node:tty').isatty(2),
    exit: () => process.exit(),
    trace: isVerbose(process.argv) ? (step) => writeAll(2, `${oneLine(step)}\n`) : () => undefined,
    now: () => Date.now(),
    self: ownCommand(),
    setExitCode(code) {
      process.exitCode = code;
    },
    onExit,
    // Another program in the place of this one ends all of its threads. Windows has no execve, and no keychain that asks.
    mayHang: () =>
      onExit(() => process.execve?.('/bin/sh', ['sh', '-c', `exit ${process.exitCode ?? 0}`], {})),
    holdSignals,
    isAlive,
  };
}

/** Milliseconds for measuring how long things take, unmoved by a clock that is set. The global `performance` takes 1 ms to load. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Loaded when something is hashed: it brings forty modules along, which cost a warm answer more than all the rest of it. */
export function nodeCrypto(): typeof Crypto {
  return process.getBuiltinModule('node:crypto');
}

/** Words after `--` belong to another command. */
function isVerbose(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(2, end === -1 ? undefined : end).some((word) => word === '-v' || word === '--verbose');
}

/**
 * As client-go finds it on Windows (util/homedir/homedir.go): the first folder that has a kubeconfig, else the first that
 * is there, else the first that is set. The order of the last two differs on purpose.
 */
export function windowsHome(env: Host['env']): string | undefined {
  const { HOME, HOMEDRIVE, HOMEPATH, USERPROFILE } = env;
  const drive = HOMEDRIVE && HOMEPATH ? HOMEDRIVE + HOMEPATH : undefined;
  const used = [HOME, drive, USERPROFILE].find((path) => path && existsSync(`${path}/.kube/config`));
  const folders = [HOME, USERPROFILE, drive].filter(Boolean);
  return used ?? folders.find((path) => path && existsSync(path)) ?? folders[0];
}

/**
 * Where HOME, which kubectl and the fast lane go by, is unset or empty: the password database. It may not know the user,
 * in a container, say; a path that starts from nowhere would lead into whatever folder we are called in.
 */
function homeFolder(): string {
  try {
    const { homedir, userInfo } = process.getBuiltinModule('node:os');
    return (process.platform === 'win32' ? homedir() : userInfo().homedir) || '/';
  } catch {
    return '/';
  }
}

/** The working directory may have been removed under us; nothing on the hook's way needs it. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

/** Straight to the descriptor: `process.stdout` would load the stream modules, and could end before a pipe is drained. */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      // The reader gave us a non-blocking pipe and it is full: wait a moment for it.
      if (systemCode(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

declare const SA_TOKEN_EXECUTABLE: boolean | undefined;

/** They have Node itself write to standard error: tokens that it sends (NODE_DEBUG), and warnings beside a success. */
export const talkative = ['NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'NODE_TLS_REJECT_UNAUTHORIZED'] as const;

/**
 * Does what the fast lane has done already where it started the engine: no core file, and nothing that has Node talk. A
 * shell starts the same command once more, since Node reads these variables, and the system its limits, before us.
 */
export function startQuiet(): void {
  const talks = talkative.some((name) => process.env[name]);
  if (!mayDumpCore() && !talks) return;
  const words = ['-c', 'ulimit -S -c 0; exec "$@"', 'sh', ...ownCommand(), ...process.argv.slice(2)];
  const env = Object.entries(process.env).filter(([name]) => !talkative.some((each) => each === name));
  try {
    process.execve?.('/bin/sh', ['sh', ...words], Object.fromEntries(env));
  } catch {
    // Then the filter has to do, if it could be set; main refuses to go on with such a variable.
  }
}

/**
 * Keeps what this process holds in memory, tokens among it, out of core files. No mapping is dumped once 0 is in the filter
 * (core(5)), also where cores go to a program; but registers are, with pieces of what was copied last. So this is true
 * where a limit allows cores. Linux alone has these files, and a new program inherits the filter.
 */
function mayDumpCore(): boolean {
  const filter = '/proc/self/coredump_filter';
  try {
    if (/^0+$/.test(readFileSync(filter, 'utf8').trim())) return false;
    writeFileSync(filter, '0', { flag: 'r+' });
    return !/^Max core file size +0 /m.test(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return false;
  }
}

/** The single executable is its own program, whatever name it was called by; under plain Node the script comes second. */
function ownCommand(): readonly [string, ...string[]] {
  const script = process.argv[1];
  if (script === undefined || (typeof SA_TOKEN_EXECUTABLE === 'boolean' && SA_TOKEN_EXECUTABLE))
    return [process.execPath];
  return [process.execPath, ...process.execArgv, script];
}

/**
 * The client as notes name it, here and in the fast lane: `PID`, and `PID:START` for a low one, which in a container is that of
 * the next command's client too. A shell that runs one command stands for who started it: fabric8 takes another one for
 * each call (`sh -c`, fabric8io/kubernetes-client KubeConfigUtils.java), and where that is dash it waits for us.
 *
 * @param pid - of the parent
 * @param behindShell - true for clients that say nothing of themselves
 */
function clientOf(pid: number, behindShell: boolean): string {
  const [parent = 0, start] = statOf(pid);
  if (behindShell && parent > 0 && /^(?:\/bin\/)?sh\0-c\0/.test(textOf(pid, 'cmdline')))
    return clientOf(parent, behindShell);
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

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there and another user's.
    return systemCode(error) !== 'ESRCH';
  }
}

function onExit(work: () => void): () => void {
  process.once('exit', work);
  return () => void process.off('exit', work);
}

function holdSignals(onSignal?: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let late: NodeJS.Signals | undefined;
  const hold = (signal: NodeJS.Signals): void => {
    late = signal;
    onSignal?.();
  };
  for (const signal of signals) process.on(signal, hold);
  return () => {
    for (const signal of signals) process.off(signal, hold);
    if (late !== undefined) process.kill(process.pid, late);
  };
}

/** The version of the program, replaced by the build; the sources as they run in development are `0.0.0-dev`. */
declare const SA_TOKEN_VERSION: string | undefined;

export const version = typeof SA_TOKEN_VERSION === 'string' ? SA_TOKEN_VERSION : '0.0.0-dev';
