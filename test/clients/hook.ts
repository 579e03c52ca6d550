/** A person's machine, logged in, whose kubeconfig runs the hook by way of a script that notes what each client says to it. */
import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { formatCredential } from '../../src/exec/credential.ts';
import { entryPath } from '../e2e/support/cached.ts';
import { install, PLUGIN } from '../e2e/support/installation.ts';
import type { RunResult } from '../support/child.ts';
import type { KeychainSession } from '../support/keychain-session.ts';
import { writeKubeconfig, type ExecUser } from '../support/kubectl.ts';
import { createSandbox, type Sandbox } from '../support/runner.ts';
import type { Bot, Cluster } from './cluster.ts';

export interface Machine extends Sandbox {
  plugin(args: string[], stdin?: string): Promise<RunResult>;
  logIn(token: string): Promise<void>;
  /** The token that a client is given. A script that prints it is none. */
  cached(): Promise<string>;
  /** KUBERNETES_EXEC_INFO of each run of the hook so far; `unset` where a client gives none. */
  runs(): Promise<string[]>;
  /** Puts a token into the cache that the hook serves, and that it reports to end in so many seconds. */
  serve(token: string, seconds: number): Promise<void>;
  /** Makes the cached token one whose end has come. */
  expire(): Promise<void>;
}

/** Runs as the client's child and then becomes the plugin, so that the plugin's parent is the client. */
const RECORDER = `#!/bin/sh
printf %s "\${KUBERNETES_EXEC_INFO-unset}" >"$HOME/hook-runs/$$"
exec ${PLUGIN} "$@"
`;

export async function setUpMachine(
  cluster: Pick<Cluster, 'exchangeUrl' | 'apiUrl' | 'caPem'>,
  bot: Bot,
  keys: KeychainSession,
  apiVersion: ExecUser['apiVersion'] = 'v1',
): Promise<Machine> {
  const box = await createSandbox();
  const { home, env } = box;
  const [bin, runs] = [join(home, 'bin'), join(home, 'hook-runs')];
  for (const folder of [bin, runs, join(home, '.kube')]) await mkdir(folder, { mode: 0o700 });
  await writeFile(join(bin, 'recorder'), RECORDER);
  await chmod(join(bin, 'recorder'), 0o755);
  const path = [bin, await install(home), env['PATH']].join(delimiter);
  // The machines share a keychain, and an item is named after its profile and, for another profile file than the usual one,
  // after that file.
  const KUBECTL_SA_TOKEN_CONFIG = join(home, '.kube', 'profiles.yaml');
  Object.assign(env, keys.env, {
    PATH: path,
    KUBECONFIG: join(home, '.kube', 'config'),
    KUBECTL_SA_TOKEN_CONFIG,
  });
  delete env['DISPLAY'];
  await writeFile(join(home, 'ca.crt'), cluster.caPem);
  await writeKubeconfig({
    path: join(home, '.kube', 'config'),
    server: cluster.apiUrl,
    caPem: cluster.caPem,
    user: { exec: { command: 'recorder', args: ['get-token', 'prod'], apiVersion } },
  });
  const plugin: Machine['plugin'] = (args, stdin = '') =>
    box.exec(PLUGIN, args, { stdin, timeoutMs: 60_000 });
  const logIn: Machine['logIn'] = async (token) => {
    const login = ['login', 'prod', '--server', cluster.exchangeUrl, '--token-stdin'];
    const { code, stderr } = await plugin([...login, '--certificate-authority', join(home, 'ca.crt')], token);
    if (code !== 0) throw new Error(`login: ${stderr}`);
  };
  await logIn(bot.token);
  // From the first call on, files vouch for the entry.
  await plugin(['get-token', 'prod']);
  return {
    ...box,
    plugin,
    logIn,
    cached: async () => {
      const { code, stdout, stderr } = await plugin(['get-token', 'prod', '--output', 'token']);
      if (code !== 0) throw new Error(`get-token: ${stderr}`);
      return stdout.trim();
    },
    runs: async () => {
      const files = (await readdir(runs)).map((name) => join(runs, name));
      const dated = await Promise.all(files.map(async (file) => ({ file, at: (await stat(file)).mtimeMs })));
      dated.sort((a, b) => a.at - b.at);
      return Promise.all(dated.map(({ file }) => readFile(file, 'utf8')));
    },
    serve: async (token, seconds) => {
      const now = Math.floor(Date.now() / 1000);
      await rewrite(home, 3600, formatCredential(token, now + seconds, 'client.authentication.k8s.io/v1'));
      await topOfLadder(home, now);
    },
    expire: () => rewrite(home, -60),
  };
}

/** A client that comes back within a minute is then given the same token, however busy the machine is. */
async function topOfLadder(home: string, now: number): Promise<void> {
  const file = entryPath(home, 'prod', 'retry');
  await writeFile(file, JSON.stringify({ since: now, rung: 3, returned: {}, warned: {} }), { mode: 0o600 });
  await utimes(file, now + 60, now + 60);
}

/** The entry, to be served for so many seconds from now, with another credential where one is given. */
async function rewrite(home: string, seconds: number, credential?: string): Promise<void> {
  const file = entryPath(home);
  const now = Math.floor(Date.now() / 1000);
  const [first = '', profile, source, kept] = (await readFile(file, 'utf8')).split('\n');
  const head = first.replace(/^v2 \d+ \d+/, `v2 ${now + seconds} ${now + seconds}`);
  await writeFile(file, `${[head, profile, source, credential ?? kept].join('\n')}\n`);
  await utimes(entryPath(home, 'prod', 'until'), now + seconds, now + seconds);
}
