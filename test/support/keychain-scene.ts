/** A person's machine: a home, a server, and a keychain of its own. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseJson, textAt } from '../../src/base/json.ts';
import { lineIn, type LineOptions, type Result, type Run } from './in-process.ts';
import { startKeychainSession, type KeychainSession } from './keychain-session.ts';
import { testWith } from './require.ts';
import { withRobot, type Scene as Robot } from './robot.ts';
import { startResident, type Resident } from './resident.ts';
import { createSandbox, type Sandbox } from './runner.ts';
import type { ServerOptions } from './token-request-server.ts';

export interface Scene extends Robot {
  sandbox: Sandbox;
  home: string;
  /** The product on a command line. A process of its own for each is `sandbox.run`. */
  run: Run;
  /** `login PROFILE` with the robot's token on standard input. */
  login: (profile: string, args?: string[], stdin?: string) => Promise<Result>;
  /** What the keychain has: by account the fingerprint of the token, or of the whole item where it is no stored token. */
  kept: () => Promise<Record<string, string>>;
  /** The text of a file below ~/.kube; undefined where there is none. */
  kube: (file: string) => string | undefined;
  /** Files below ~/.kube. */
  files: () => string[];
}

/** One after another, since the tests of a file share a keychain. */
export const withKeychain = testWith('secret-service').serial;

/** Of a whole file: the first test that needs them starts them. Each test finds the keychain empty. */
let session: Promise<KeychainSession> | undefined;
let resident: Resident | undefined;

test.after.always(async () => {
  await resident?.close();
  await (await session)?.close();
});

/** Lays the keychain of the file over a sandbox, and runs the product there. */
export async function useKeychain(t: ExecutionContext, sandbox: Sandbox): Promise<Run> {
  Object.assign(sandbox.env, (await (session ??= startKeychainSession())).env);
  t.teardown(async () => void (await sandbox.exec('secret-tool', ['clear', 'service', 'kubectl-sa-token'])));
  return (args, options) =>
    needsProcess(options)
      ? sandbox.run([...args], options)
      : (resident ??= startResident(sandbox.env)).run(lineIn(sandbox, args, options));
}

export async function setScene(t: ExecutionContext, options?: ServerOptions): Promise<Scene> {
  const robot = await withRobot(t, options);
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const { home } = sandbox;
  const caFile = join(home, 'ca.crt');
  await writeFile(caFile, robot.server.caPem);
  const run = await useKeychain(t, sandbox);
  const flags = ['--server', robot.server.url, '--certificate-authority', caFile];
  const kube: Scene['kube'] = (file) => {
    const path = join(home, '.kube', file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  return {
    ...robot,
    sandbox,
    home,
    run,
    login: (profile, args = [], stdin = robot.robot.token) =>
      run(['login', profile, ...flags, '--token-stdin', ...args], { stdin }),
    kept: () => itemsOf(sandbox),
    kube,
    files: () => (existsSync(join(home, '.kube')) ? filesBelow(join(home, '.kube')) : []),
  };
}

/** Another session is that of another process. */
function needsProcess({ env }: LineOptions = {}): boolean {
  return env !== undefined && 'DBUS_SESSION_BUS_ADDRESS' in env;
}

/** One line that stands alone, its exit code, and silence on standard output. */
export function failed(t: ExecutionContext, result: Result, code: number, line: RegExp | string): void {
  t.like(result, { code, stdout: '' });
  t.regex(result.stderr, /^kubectl-sa-token: [^\n]+\n$/);
  if (typeof line === 'string') t.is(result.stderr, `kubectl-sa-token: ${line}\n`);
  else t.regex(result.stderr, line);
}

/** One by one, since a search prints secrets and names of items on two streams. */
async function itemsOf({ exec }: Sandbox): Promise<Record<string, string>> {
  const ours = ['service', 'kubectl-sa-token'];
  const { stderr } = await exec('secret-tool', ['search', '--all', '--unlock', ...ours]);
  const accounts = [...stderr.matchAll(/^attribute\.username = (.*)$/gm)].map(([, account]) => account ?? '');
  const items: Record<string, string> = {};
  for (const account of accounts) {
    const { stdout } = await exec('secret-tool', ['lookup', ...ours, 'username', account]);
    items[account] = fingerprint(textAt(parseJson(stdout), 'token') ?? stdout);
  }
  return items;
}

/** A secret for an assertion, which shows both sides when it fails. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 12);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => join(found.parentPath, found.name).slice(folder.length + 1))
    .sort();
}
