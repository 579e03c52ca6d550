/** The one seam of the product as tests need it: a home of its own, what is written kept, a clock that can be set. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Host } from '../../src/base/host.ts';

export interface TestHost extends Host {
  /** All that was written to standard output and error, and the steps that -v would show. */
  readonly written: { out: string; err: string; steps: string[]; exitCode: number | undefined };
}

/** Thrown in the place of the process's end. */
export class Ended extends Error {}

/** Everything but the parts given is of this process, and its home is empty. */
export function createHost(t: ExecutionContext, parts: Partial<Host> = {}): TestHost {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'sa-token-host-')));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  return hostIn(home, parts);
}

/** The same in a home that is there. */
export function hostIn(home: string, parts: Partial<Host> = {}): TestHost {
  const written: TestHost['written'] = { out: '', err: '', steps: [], exitCode: undefined };
  return {
    argv: [],
    env: { PATH: process.env['PATH'] },
    platform: process.platform,
    arch: process.arch,
    node: process.version,
    uid: process.geteuid?.(),
    pid: process.pid,
    client: String(process.ppid),
    cwd: home,
    home,
    get stdin() {
      return process.stdin;
    },
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    trace: (step) => void written.steps.push(step),
    now: () => Date.now(),
    self: [process.execPath],
    // Node ends with 0 when nothing else was set.
    setExitCode: (code) => void (written.exitCode = code === 0 ? undefined : code),
    exit() {
      throw new Ended();
    },
    errIsTerminal: () => false,
    onExit: () => () => undefined,
    mayHang: () => () => undefined,
    holdSignals: () => () => undefined,
    isAlive,
    ...parts,
    written,
  };
}

/** The same host with other parts; what either writes is kept in one place. */
export function withParts(host: TestHost, parts: Partial<Host>): TestHost {
  return { ...host, ...parts };
}

/** The path of a new file in the host's home. */
export function put(host: Host, path: string, content: string | Uint8Array, mode = 0o600): string {
  const file = join(host.home, path);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, content, { mode });
  return file;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
