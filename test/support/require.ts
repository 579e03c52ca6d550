/** Tests that need more than Node: skipped with the reason in their title on a machine without it, failed in CI. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext, type Implementation } from 'ava';
import { findKubectls, onPath } from './kubectl.ts';

export type Requirement = keyof typeof REASONS;

const PROGRAMS = {
  age: ['age', 'age-keygen'],
  busybox: ['busybox'],
  keyctl: ['keyctl'],
  nginx: ['nginx'],
  openssl: ['openssl'],
  pass: ['pass', 'gpg', 'gpgconf'],
  'secret-service': ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon', 'secret-tool'],
  sh: ['sh'],
  'x-display': ['Xvfb'],
};

/** Each answers with what is missing, or undefined. */
const REASONS = {
  age: () => missing(PROGRAMS.age),
  busybox: () => missing(PROGRAMS.busybox),
  nginx: () => missing(PROGRAMS.nginx),
  pass: () => missing(PROGRAMS.pass),
  keyctl: () =>
    missing(PROGRAMS.keyctl) ??
    (spawnSync('keyctl', ['link', '@u', '@s']).status === 0
      ? undefined
      : 'no leave to use the kernel keyring'),
  openssl: () => missing(PROGRAMS.openssl),
  'secret-service': () => missing(PROGRAMS['secret-service']),
  sh: () => missing(PROGRAMS.sh),
  'x-display': () => missing(PROGRAMS['x-display']),
  kubectl: () => (findKubectls().length > 0 ? undefined : 'no kubectl on PATH'),
  'control-plane': () => missing(['etcd', 'kube-apiserver'], controlPlaneProgram),
  /** To run something as another user. */
  root: () => (process.geteuid?.() === 0 ? (missing(['setpriv']) ?? privateCheckout()) : 'not run as root'),
  'private-mounts': () => (hasPrivateMounts() ? undefined : 'no leave to mount in a namespace of its own'),
  /** To kill a process at the call one names; a container may forbid it. */
  strace: () =>
    missing(['strace']) ??
    (spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
      ? undefined
      : 'no leave to trace a process'),
  pty: () => (hasPython() ? undefined : 'no python3 with a pty module on PATH'),
};

const reasons = new Map<Requirement, string | undefined>();

/** Why a requirement is not met; undefined when it is. */
export function lacking(needed: Requirement): string | undefined {
  if (!reasons.has(needed)) reasons.set(needed, REASONS[needed]());
  return reasons.get(needed);
}

type Declare = (title: string, implementation: Implementation<[]>) => void;
/** As ava's own. */
type Test = Declare & { serial: Declare };

/** `test`, or what stands for it where something is missing. */
export function testWith(...requirements: Requirement[]): Test {
  const reason = requirements.map(lacking).find((found) => found !== undefined);
  return testUnless(reason, reason === hiddenCheckout ? 'skip' : 'fail');
}

/**
 * The only place that skips: with the reason in the title, and in CI as a failure.
 *
 * @param reason - what is missing; undefined when nothing is
 * @param inCI - `skip` for what CI may lack as well; its closing lines name it
 */
export function testUnless(reason: string | undefined, inCI: 'fail' | 'skip' = 'fail'): Test {
  const declareBy =
    (declare: typeof test | typeof test.serial): Declare =>
    (title, implementation) => {
      if (reason === undefined) return declare(title, implementation);
      if (process.env['CI'] && inCI === 'fail')
        return declare(title, (t) => t.fail(`CI has to have it: ${reason}`));
      return declare.skip(`${title} (skipped: ${reason})`, implementation);
    };
  return Object.assign(declareBy(test), { serial: declareBy(test.serial) });
}

/** For a test that finds out on its way: false when it is to return, having said why. */
export function requirement(t: ExecutionContext, needed: Requirement): boolean {
  const reason = lacking(needed);
  if (reason === undefined) return true;
  if (process.env['CI']) t.fail(`CI has to have it: ${reason}`);
  else t.pass(`skipped: ${reason}`);
  t.log(`skipped: ${reason}`);
  return false;
}

/** Where a program of the control plane is: on PATH or in KUBEBUILDER_ASSETS, as controller-runtime's envtest has it. */
export function controlPlaneProgram(program: string): string | undefined {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const inAssets = assets === undefined ? undefined : join(assets, program);
  return inAssets !== undefined && existsSync(inAssets) ? inAssets : onPath(program);
}

/** Where the checkout lies is the machine's affair: there the tests of other users cannot run, in CI neither. */
const hiddenCheckout = 'other users cannot read this checkout';

function privateCheckout(): string | undefined {
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
  const product =
    process.env['SA_TOKEN_BIN'] ?? fileURLToPath(new URL('../../cmd/kubectl-sa-token.ts', import.meta.url));
  const read = ['-e', 'require("node:fs").readFileSync(process.argv[1])', product];
  return spawnSync('setpriv', [...asNobody, ...read]).status === 0 ? undefined : hiddenCheckout;
}

function missing(programs: string[], find = onPath): string | undefined {
  const absent = programs.filter((program) => find(program) === undefined);
  return absent.length > 0 ? `no ${absent.join(', ')} on PATH` : undefined;
}

function hasPrivateMounts(): boolean {
  const script = 'mount -t tmpfs -o size=16k none /mnt';
  return process.platform === 'linux' && spawnSync('unshare', ['--mount', 'sh', '-c', script]).status === 0;
}

function hasPython(): boolean {
  if (process.platform === 'win32' || onPath('python3') === undefined) return false;
  return spawnSync('python3', ['-c', 'import fcntl, pty, termios']).status === 0;
}
