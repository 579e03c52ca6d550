/** What the rows run in: a server, a keychain of its own, and two homes that are logged in, with 1 and 1,000 profiles. */
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Environment } from '../support/child.ts';
import { startKeychainSession, type KeychainSession } from '../support/keychain-session.ts';
import { onPath } from '../support/kubectl.ts';
import { createSandbox, type Sandbox } from '../support/runner.ts';
import { startServer, type TestServer } from '../support/token-request-server.ts';
import type { Command } from './sampler.ts';

export interface Home {
  readonly folder: string;
  readonly env: Record<string, string>;
  /** `get-token prod` by one of the plugin's programs, with more variables. */
  getToken(program: string, env?: Record<string, string>): Command;
  /** Makes the next `get-token prod` a cold one. */
  forget(): void;
}

export interface Scene {
  readonly server: TestServer;
  /** Path of the CA's PEM file. */
  readonly ca: string;
  /** Path of a file with the source token. */
  readonly token: string;
  /** A folder for whatever a row needs. */
  readonly folder: string;
  readonly one: Home;
  readonly thousand: Home;
  /** Where the source token lives. */
  readonly source: 'keychain' | 'file';
  close(): Promise<void>;
}

export const profile = 'prod';
/** What client-go says to a v1 plugin that asks for no cluster info. */
export const execInfo =
  '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}\n';

/** @param plugin - path of the installed plugin; undefined leaves the homes empty */
export async function setScene(plugin: string | undefined): Promise<Scene> {
  const server = await startServer();
  const box = await createSandbox();
  const keychain = hasSecretService() ? await startKeychainSession() : undefined;
  const close = async (): Promise<void> => {
    await keychain?.close();
    await server.close();
    await box.cleanup();
  };
  try {
    const robot = await server.cluster.createRobot({ namespace: 'team-a', name: 'robot' });
    const ca = join(box.home, 'ca.crt');
    writeFileSync(ca, server.caPem);
    const token = join(box.home, 'robot.token');
    writeFileSync(token, robot.token, { mode: 0o600 });
    const one = home(box, 'one', keychain);
    const thousand = home(box, 'thousand', keychain);
    const source = keychain === undefined ? 'file' : 'keychain';
    const scene: Scene = { server, ca, token, folder: box.home, one, thousand, source, close };
    if (plugin !== undefined) {
      await logIn(box, plugin, scene);
      await fill(box, plugin, thousand);
    }
    return scene;
  } catch (error) {
    await close();
    throw error;
  }
}

function home(box: Sandbox, name: string, keychain: KeychainSession | undefined): Home {
  const folder = join(box.home, name);
  mkdirSync(folder, { mode: 0o700 });
  const session: Environment = keychain?.env ?? {};
  const { DBUS_SESSION_BUS_ADDRESS: bus = '', XDG_RUNTIME_DIR: runtime = '' } = session;
  const env = { ...box.env, HOME: folder, DBUS_SESSION_BUS_ADDRESS: bus, XDG_RUNTIME_DIR: runtime };
  return {
    folder,
    env,
    getToken: (program, more = {}) => {
      return { argv: [program, 'get-token', profile], env: { ...env, ...more }, cwd: folder };
    },
    forget: () => {
      for (const kind of ['entry', 'until'])
        rmSync(join(entries(folder), `${profile}.${kind}`), { force: true });
    },
  };
}

async function logIn(box: Sandbox, plugin: string, scene: Scene): Promise<void> {
  const { server, ca, token, source, one, thousand } = scene;
  const flag = source === 'keychain' ? '--token-file' : '--source-file';
  const words = ['login', profile, '--server', server.url, '--certificate-authority', ca, flag, token];
  for (const { env } of [one, thousand]) {
    const { code, stderr } = await box.exec(plugin, words, { env });
    if (code !== 0) throw new Error(`login ended with ${code}: ${stderr}`);
  }
}

/** 999 more profiles, each with an entry; the one that is asked for comes last. */
async function fill(box: Sandbox, plugin: string, { folder, env }: Home): Promise<void> {
  const file = join(folder, '.kube', 'sa-token.yaml');
  const { profiles }: { profiles: Record<string, object> } = parse(readFileSync(file, 'utf8'));
  const names = Array.from({ length: 999 }, (_, number) => `team-${number}`);
  const others = names.map((name) => [name, { ...profiles[profile], namespace: name }]);
  writeFileSync(file, stringify({ profiles: { ...Object.fromEntries(others), ...profiles } }), {
    mode: 0o600,
  });
  for (const kind of readdirSync(entries(folder))) {
    const from = join(entries(folder), kind);
    const { atime, mtime } = statSync(from);
    for (const name of names) {
      const to = join(entries(folder), kind.replace(profile, name));
      copyFileSync(from, to);
      utimesSync(to, atime, mtime);
    }
  }
  // The file is new, so the engine compares the settings once and takes the entry as it is.
  const { code, stderr } = await box.exec(plugin, ['get-token', profile], { env });
  if (code !== 0) throw new Error(`get-token ended with ${code}: ${stderr}`);
}

function entries(folder: string): string {
  return join(folder, '.kube', 'cache', 'sa-token');
}

function hasSecretService(): boolean {
  return (
    process.platform === 'linux' &&
    ['dbus-daemon', 'gnome-keyring-daemon', 'dbus-send'].every((name) => onPath(name) !== undefined)
  );
}
