/**
 * A Secret Service of its own: a private D-Bus and a gnome-keyring-daemon that know nothing of the person's session,
 * so that no test can read or change a real keychain.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execute, type Environment } from './child.ts';

export interface KeychainOptions {
  /** The default collection is there, but locked, and nothing on this bus can ask a person to unlock it. */
  locked?: boolean;
  /** The service answers, and has no collection to put a secret in. */
  noDefaultCollection?: boolean;
  /** A prompt to unlock the collection is shown on a display that nobody looks at. Needs `x-display`. */
  unansweredPrompts?: boolean;
}

export interface KeychainSession {
  /** To be laid over a child's environment. */
  env: Environment;
  lock: () => Promise<void>;
  close: () => Promise<void>;
}

const SERVICE = 'org.freedesktop.secrets';
const LOGIN_COLLECTION = '/org/freedesktop/secrets/collection/login';
const PATIENCE_MS = 10_000;

/** What is left to do for sessions that nobody closed. One listener for all, since Node warns of many. */
const open = new Set<() => void>();
process.once('exit', () => open.forEach((atExit) => atExit()));

/** GNOME's program that shows the keyring's prompts, and the file by which a bus starts it. */
const PROMPTER = '/usr/share/dbus-1/services/org.gnome.keyring.SystemPrompter.service';

/** The bus starts nothing of the machine's services by itself, but for the prompter where there is a display. */
const busConfig = (
  address: string,
  services: string,
) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>${address}</listen>
  <servicedir>${services}</servicedir>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;

export async function startKeychainSession(options: KeychainOptions = {}): Promise<KeychainSession> {
  const home = await mkdtemp(join(tmpdir(), 'sa-token-keys-'));
  const daemons: ChildProcess[] = [];
  const atExit = () => {
    for (const daemon of daemons) daemon.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  };
  open.add(atExit);
  const close = async () => {
    open.delete(atExit);
    for (const daemon of daemons.toReversed()) await stop(daemon);
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const env = await privateEnvironment(home);
    if (options.unansweredPrompts) env['DISPLAY'] = await startDisplay(daemons);
    await startBus(home, env, daemons);
    await startKeyring(env, daemons, options.noDefaultCollection ?? false);
    const { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = env;
    const lock = () => lockCollection(env);
    if (options.locked) await lock();
    return { env: { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR, DISPLAY: undefined }, lock, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * A machine without a session bus: a container, a bare SSH login. The runtime folder is named, and empty, because
 * clients that miss it go and look for the person's own under /run/user.
 */
export function withoutSession(emptyFolder: string): Environment {
  return { DBUS_SESSION_BUS_ADDRESS: undefined, DISPLAY: undefined, XDG_RUNTIME_DIR: emptyFolder };
}

async function privateEnvironment(home: string): Promise<Record<string, string>> {
  const folders = { XDG_RUNTIME_DIR: join(home, 'run'), XDG_DATA_HOME: join(home, 'data') };
  const more = { XDG_CONFIG_HOME: join(home, 'config'), XDG_CACHE_HOME: join(home, 'cache') };
  for (const folder of Object.values({ ...folders, ...more })) await mkdir(folder, { mode: 0o700 });
  const DBUS_SESSION_BUS_ADDRESS = `unix:path=${join(folders.XDG_RUNTIME_DIR, 'bus')}`;
  return {
    ...folders,
    ...more,
    HOME: home,
    DBUS_SESSION_BUS_ADDRESS,
    PATH: process.env['PATH'] ?? '',
    LANG: 'C.UTF-8',
  };
}

/** An X server in memory; returns its name, which it chooses itself. */
async function startDisplay(daemons: ChildProcess[]): Promise<string> {
  const words = ['-displayfd', '1', '-screen', '0', '640x480x24', '-nolisten', 'tcp'];
  const server = spawn('Xvfb', words, { stdio: ['ignore', 'pipe', 'ignore'] });
  daemons.push(server);
  const number = await new Promise<string>((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', () => reject(new Error('Xvfb ended before it told its display')));
    server.stdout.setEncoding('utf8').once('data', resolve);
  });
  return `:${number.trim()}`;
}

async function startBus(home: string, env: Record<string, string>, daemons: ChildProcess[]): Promise<void> {
  const config = join(home, 'bus.conf');
  const services = join(home, 'services');
  await mkdir(services);
  if (env['DISPLAY'] !== undefined) await copyFile(PROMPTER, join(services, basename(PROMPTER)));
  await writeFile(config, busConfig(env['DBUS_SESSION_BUS_ADDRESS'] ?? '', services));
  const args = [`--config-file=${config}`, '--nofork', '--nopidfile', '--print-address=1'];
  const bus = spawn('dbus-daemon', args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  daemons.push(bus);
  await new Promise<void>((resolve, reject) => {
    bus.once('error', reject);
    bus.once('exit', () => reject(new Error('dbus-daemon ended before it gave its address')));
    bus.stdout.once('data', () => resolve());
  });
}

/** With a password on stdin the daemon makes the login collection and opens it; without, it has none. */
async function startKeyring(
  env: Record<string, string>,
  daemons: ChildProcess[],
  bare: boolean,
): Promise<void> {
  const args = ['--foreground', '--components=secrets', ...(bare ? [] : ['--unlock'])];
  const keyring = spawn('gnome-keyring-daemon', args, { env, stdio: ['pipe', 'ignore', 'ignore'] });
  daemons.push(keyring);
  const failed = new Promise<never>((_resolve, reject) => {
    keyring.once('error', reject);
    keyring.once('exit', () => reject(new Error('gnome-keyring-daemon ended before it served')));
  });
  keyring.stdin.on('error', () => undefined);
  keyring.stdin.end(bare ? '' : randomBytes(24).toString('hex'));
  await Promise.race([failed, owned(env)]);
  failed.catch(() => undefined);
}

async function owned(env: Record<string, string>): Promise<void> {
  const ask = ['--dest=org.freedesktop.DBus', '/', 'org.freedesktop.DBus.NameHasOwner', `string:${SERVICE}`];
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(20)) {
    const { stdout } = await send(env, ask);
    if (stdout.includes('boolean true')) return;
  }
  throw new Error('gnome-keyring-daemon did not take its name on the bus');
}

async function lockCollection(env: Record<string, string>): Promise<void> {
  const method = 'org.freedesktop.Secret.Service.Lock';
  const what = `array:objpath:${LOGIN_COLLECTION}`;
  const { code, stderr } = await send(env, [`--dest=${SERVICE}`, '/org/freedesktop/secrets', method, what]);
  if (code !== 0) throw new Error(`the collection could not be locked: ${stderr}`);
}

function send(env: Record<string, string>, args: string[]) {
  return execute(['dbus-send', '--session', '--print-reply', ...args], { env });
}

async function stop(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null || daemon.pid === undefined) return;
  const gone = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
  daemon.kill('SIGTERM');
  const timer = setTimeout(() => daemon.kill('SIGKILL'), 2000);
  await gone.finally(() => clearTimeout(timer));
}
