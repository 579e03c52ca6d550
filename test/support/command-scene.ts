/** A sandbox with profiles for the robot of a test server, and a kubeconfig with ways into its API. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { runIn, type Run } from './in-process.ts';
import { withRobot, type Scene } from './robot.ts';
import { createSandbox, type Sandbox } from './runner.ts';
import type { ServerOptions } from './token-request-server.ts';

export interface CommandScene extends Scene {
  sandbox: Sandbox;
  /** The product on a command line, in this process. */
  run: Run;
  /** Writes one more profile. Server, CA and source token are the robot's unless given. */
  profile: (name: string, settings?: object) => Promise<void>;
  /** Sets a user of the kubeconfig, and a context and a cluster of the same name. */
  context: (name: string, user: object, cluster?: object) => Promise<void>;
  /** The file that the profiles read their source token from. */
  tokenFile: string;
  caFile: string;
}

/** There is a profile `prod` behind the proxy, and a context `admin` that may do everything. */
export async function commandScene(t: ExecutionContext, options?: ServerOptions): Promise<CommandScene> {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const scene = await withRobot(t, options);
  const { server, robot } = scene;
  const folder = join(sandbox.home, '.kube');
  await mkdir(folder, { mode: 0o700 });
  const [tokenFile, caFile] = [join(sandbox.home, 'token'), join(sandbox.home, 'ca.crt')];
  await writeFile(tokenFile, robot.token, { mode: 0o600 });
  await writeFile(caFile, server.caPem);

  const profiles: Record<string, object> = {};
  const profile: CommandScene['profile'] = async (name, settings = {}) => {
    profiles[name] = {
      server: server.url,
      'certificate-authority': caFile,
      'source-file': tokenFile,
      ...settings,
    };
    await writeFile(join(folder, 'sa-token.yaml'), stringify({ profiles }), { mode: 0o600 });
  };
  const entries: { name: string; user: object; cluster: object }[] = [];
  const context: CommandScene['context'] = async (name, user, cluster = {}) => {
    const entry = {
      name,
      user,
      cluster: { server: server.apiUrl, 'certificate-authority': caFile, ...cluster },
    };
    const known = entries.findIndex((other) => other.name === name);
    entries.splice(known === -1 ? entries.length : known, 1, entry);
    await writeFile(join(folder, 'config'), kubeconfig(entries), { mode: 0o600 });
  };
  await profile('prod');
  await context('admin', { token: server.adminToken });
  return { ...scene, sandbox, run: runIn(sandbox), profile, context, tokenFile, caFile };
}

/** Arguments, exit code, the line, and what is on standard input. */
export type BadInput = [string[], number, RegExp, string?];

/** Each has to end in one line that says what to do, and in nothing on standard output. */
export async function checkRows(t: ExecutionContext, run: Run, rows: BadInput[]): Promise<void> {
  await Promise.all(
    rows.map(async ([args, exitCode, line, stdin]) => {
      const { code, stdout, stderr } = await run(args, stdin === undefined ? {} : { stdin });
      t.deepEqual([code, stdout], [exitCode, ''], args.join(' '));
      t.regex(stderr, line);
      t.is(stderr.trimEnd().split('\n').length, 1, stderr);
    }),
  );
}

function kubeconfig(entries: { name: string; user: object; cluster: object }[]): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: entries.map(({ name, cluster }) => ({ name, cluster })),
    users: entries.map(({ name, user }) => ({ name, user })),
    contexts: entries.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
    'current-context': entries[0]?.name,
  });
}
