/** A person's machine: a home, a server, and a keychain that all tests of one file share, each with an account of its own. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { RunOptions, RunResult } from '../support/child.ts';
import { startKeychainSession, type KeychainSession } from '../support/keychain-session.ts';
import { testWith } from '../support/require.ts';
import { withRobot, type Scene as Robot } from '../support/robot.ts';
import { createSandbox, type Sandbox } from '../support/runner.ts';
import type { ServerOptions } from '../support/token-request-server.ts';

export interface Scene extends Robot {
  sandbox: Sandbox;
  home: string;
  run: (args: string[], options?: RunOptions) => Promise<RunResult>;
  /** `login PROFILE` with the robot's token on standard input. */
  login: (profile: string, args?: string[], stdin?: string) => Promise<RunResult>;
  /** What the keychain has for this scene's server: by account the fingerprint of the secret. */
  kept: () => Promise<Record<string, string>>;
  /** The text of a file below ~/.kube; undefined where there is none. */
  kube: (file: string) => string | undefined;
  /** Files below ~/.kube. */
  files: () => string[];
}

let session: Promise<KeychainSession> | undefined;
test.after.always(async () => (await session)?.close());

export const withKeychain = testWith('secret-service');

export async function setScene(t: ExecutionContext, options?: ServerOptions): Promise<Scene> {
  const robot = await withRobot(t, options);
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const { home } = sandbox;
  const caFile = join(home, 'ca.crt');
  await writeFile(caFile, robot.server.caPem);
  Object.assign(sandbox.env, (await (session ??= startKeychainSession())).env);
  const flags = ['--server', robot.server.url, '--certificate-authority', caFile];
  const kube: Scene['kube'] = (file) => {
    const path = join(home, '.kube', file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  return {
    ...robot,
    sandbox,
    home,
    run: (args, more) => sandbox.run(args, more),
    login: (profile, args = [], stdin = robot.robot.token) =>
      sandbox.run(['login', profile, ...flags, '--token-stdin', ...args], { stdin }),
    kept: () => itemsOf(sandbox, robot.server.url),
    kube,
    files: () => (existsSync(join(home, '.kube')) ? filesBelow(join(home, '.kube')) : []),
  };
}

/** One by one: a listing of a keychain that other tests change meanwhile gives the secret of one with the name of the next. */
async function itemsOf(sandbox: Sandbox, url: string): Promise<Record<string, string>> {
  const items: Record<string, string> = {};
  for (const account of (await accountsIn(sandbox)).filter((each) => each.includes(url))) {
    const lookup = ['lookup', 'service', 'kubectl-sa-token', 'username', account];
    const { code, stdout } = await sandbox.exec('secret-tool', lookup);
    if (code === 0) items[account] = fingerprint(stdout);
  }
  return items;
}

/** A secret for an assertion, which shows both sides when it fails. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 12);
}

/** Again where another test removed an item meanwhile: the search then ends with that as an error. */
async function accountsIn(sandbox: Sandbox): Promise<string[]> {
  const search = ['search', '--all', '--unlock', 'service', 'kubectl-sa-token'];
  for (let tries = 0; tries < 20; tries += 1) {
    const { stderr } = await sandbox.exec('secret-tool', search);
    if (!/^secret-tool: /m.test(stderr))
      return [...stderr.matchAll(/^attribute\.username = (.*)$/gm)].map(([, account]) => account ?? '');
  }
  throw new Error('secret-tool cannot search the keychain');
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => join(found.parentPath, found.name).slice(folder.length + 1))
    .sort();
}
