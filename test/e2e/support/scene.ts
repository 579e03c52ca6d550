/**
 * A person's machine with the plugin on PATH, a cluster behind a `/kubernetes` proxy on the network, and a profile
 * `prod` for the account team-a/robot there.
 */
import type { ExecutionContext } from 'ava';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { stringify } from 'yaml';
import type { SecretToken } from '../../support/api-server/resources.ts';
import type { RunOptions, RunResult } from '../../support/child.ts';
import {
  startKeychainSession,
  type KeychainOptions,
  type KeychainSession,
} from '../../support/keychain-session.ts';
import { writeKubeconfig, type ExecUser, type Kubectl } from '../../support/kubectl.ts';
import { ROBOT } from '../../support/robot.ts';
import { createSandbox, type Sandbox } from '../../support/runner.ts';
import { startServer, type ServerOptions, type TestServer } from '../../support/token-request-server.ts';
import { PLUGIN, install } from './installation.ts';
import { killAll } from './processes.ts';

export interface SceneOptions {
  server?: ServerOptions;
  /** Keys of the profile over the usual ones; with a keychain there is no profile until a login makes one. */
  profile?: Record<string, unknown>;
  /** A private Secret Service; else the source token lies in a file that the profile names. */
  keychain?: boolean | KeychainOptions;
}

export interface HookOptions extends RunOptions {
  args?: string[];
  apiVersion?: 'v1' | 'v1beta1';
  /** This very process is the client, and so the same client as the last time; else each call has one of its own. */
  sameClient?: boolean;
}

export interface Scene {
  server: TestServer;
  robot: SecretToken;
  sandbox: Sandbox;
  home: string;
  /** Folder with the plugin, on PATH. */
  installed: string;
  caFile: string;
  /** With the source token, where there is no keychain. */
  tokenFile: string;
  /** The private Secret Service, where there is one, and its folder. */
  keychain: KeychainSession | undefined;
  keychainFolder: string | undefined;
  /** The plugin as a person types it. */
  plugin: (args: string[], options?: RunOptions) => Promise<RunResult>;
  /** `get-token prod` as client-go runs it; with `execInfo: undefined` as a person or a script does, with any flags. */
  hook: (options?: HookOptions) => Promise<RunResult>;
  /** POSIX sh in the same environment. */
  sh: (script: string, options?: RunOptions) => Promise<RunResult>;
  kubectl: (build: Kubectl, args: string[], options?: RunOptions) => Promise<RunResult>;
  /** A kubeconfig with the hook, for the API server itself: the proxy shows nothing but TokenRequest. */
  writeKubeconfig: (user?: Partial<ExecUser>, more?: object) => Promise<string>;
  /** The profile file, whole. */
  writeProfile: (settings: Record<string, unknown>) => Promise<void>;
}

export const execInfo = (apiVersion = 'v1', cluster?: object) => ({
  kind: 'ExecCredential',
  apiVersion: `client.authentication.k8s.io/${apiVersion}`,
  spec: { ...(cluster ? { cluster } : {}), interactive: false },
});

/** Ends with the test; a ground that several tests share gives a `teardown` of its own. */
export async function setScene(
  t: Pick<ExecutionContext, 'teardown'>,
  options: SceneOptions = {},
): Promise<Scene> {
  const sandbox = await createSandbox();
  const { home } = sandbox;
  t.teardown(async () => {
    await killAll(home);
    await sandbox.cleanup();
  });
  const server = await startServer(options.server);
  t.teardown(() => server.close());
  const wanted = options.keychain === true ? {} : options.keychain;
  const session = wanted ? await startKeychainSession(wanted) : undefined;
  if (session) t.teardown(session.close);
  const installed = await install(home);
  const path = [installed, sandbox.env['PATH']].join(delimiter);
  const kubeconfig = join(home, '.kube', 'config');
  Object.assign(sandbox.env, session?.env, { PATH: path, KUBECONFIG: kubeconfig });
  const robot = await server.cluster.createRobot(ROBOT);
  for (const verb of ['get', 'list']) server.cluster.allowInCluster(ROBOT, { verb });
  const files = { caFile: join(home, 'ca.crt'), tokenFile: join(home, 'source-token') };
  await mkdir(join(home, '.kube'), { mode: 0o700 });
  await writeFile(files.caFile, server.caPem);
  const scene = { server, robot, sandbox, home, installed, ...files, ...commands(sandbox) };
  if (!options.keychain) await writeFile(files.tokenFile, robot.token, { mode: 0o600 });
  const writeProfile: Scene['writeProfile'] = (settings) =>
    writeFile(join(home, '.kube', 'sa-token.yaml'), stringify({ profiles: { prod: settings } }), {
      mode: 0o600,
    });
  if (!options.keychain) await writeProfile({ ...usualProfile(scene), ...options.profile });
  return {
    ...scene,
    keychain: session,
    keychainFolder: session && join(session.env['XDG_RUNTIME_DIR'] ?? '', '..'),
    writeProfile,
    writeKubeconfig: (user, more) =>
      writeKubeconfig({
        path: kubeconfig,
        server: server.apiUrl,
        caPem: server.caPem,
        user: { exec: { command: PLUGIN, args: ['get-token', 'prod'], ...user } },
        ...more,
      }),
  };
}

export function usualProfile({
  server,
  caFile,
  tokenFile,
}: Pick<Scene, 'server' | 'caFile' | 'tokenFile'>): Record<string, unknown> {
  return {
    server: server.url,
    namespace: ROBOT.namespace,
    'service-account': ROBOT.name,
    'certificate-authority': caFile,
    'source-file': tokenFile,
  };
}

function commands({ exec }: Sandbox): Pick<Scene, 'plugin' | 'hook' | 'sh' | 'kubectl'> {
  const hook: Scene['hook'] = ({ args = ['get-token', 'prod'], apiVersion, sameClient, ...options } = {}) => {
    const run = { execInfo: execInfo(apiVersion), ...options };
    if (sameClient) return exec(PLUGIN, args, run);
    // What follows the command keeps sh from becoming the plugin: it is the plugin's parent, as kubectl is.
    return exec('sh', ['-c', '"$@"; exit $?', 'sh', PLUGIN, ...args], run);
  };
  return {
    hook,
    plugin: (args, options) => exec(PLUGIN, args, options),
    sh: (script, options) => exec('sh', ['-c', script], options),
    kubectl: (build, args, options) => exec(build.path, args, options),
  };
}
