/** A person's machine beside a real control plane: the plugin and kubectl on PATH, a keychain, the administrator's kubeconfig. */
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { install, PLUGIN } from '../e2e/support/installation.ts';
import type { RunOptions, RunResult } from '../support/child.ts';
import { startKeychainSession } from '../support/keychain-session.ts';
import { findKubectls, type Kubectl } from '../support/kubectl.ts';
import { createSandbox, type Sandbox } from '../support/runner.ts';
import type { ControlPlane } from './control-plane.ts';
import { findKubectl } from './assets.ts';

export interface Laptop extends Sandbox {
  /** The CA of the API server, a file. */
  ca: string;
  /** `kubectl sa-token …` without kubectl between. */
  plugin(args: string[], options?: RunOptions): Promise<RunResult>;
  /** What a person types, in sh. */
  sh(line: string, options?: RunOptions): Promise<RunResult>;
  /** Logs a profile in with a source token, and gives kubectl a context of the profile's name. */
  logIn(profile: string, token: string, more?: string[]): Promise<RunResult>;
  /** `-o token` of a profile. */
  issued(profile: string): Promise<string>;
}

/** On a busy machine the first start of everything takes its time. */
const PATIENCE = { timeoutMs: 90_000 };

export async function setUpLaptop(
  t: ExecutionContext,
  plane: ControlPlane,
  build: Kubectl | undefined = findKubectls().at(-1),
): Promise<Laptop> {
  const box = await createSandbox();
  t.teardown(box.cleanup);
  const keys = await startKeychainSession();
  t.teardown(keys.close);
  const [bin, kube, ca] = ['bin', '.kube', 'ca.crt'].map((name) => join(box.home, name));
  if (bin === undefined || kube === undefined || ca === undefined) throw new Error('never');
  for (const folder of [bin, kube]) await mkdir(folder, { mode: 0o700 });
  await symlink(build?.path ?? findKubectl(), join(bin, 'kubectl'));
  await copyFile(plane.kubeconfig, join(kube, 'config'));
  await writeFile(ca, plane.caPem);
  const path = [bin, await install(box.home), box.env['PATH']].join(delimiter);
  Object.assign(box.env, keys.env, { PATH: path });
  delete box.env['DISPLAY'];

  const exec: Laptop['exec'] = (file, args, options) => box.exec(file, args, { ...PATIENCE, ...options });
  const plugin: Laptop['plugin'] = (args, options) => exec(PLUGIN, args, options);
  const sh: Laptop['sh'] = (line, options) => exec('sh', ['-c', line], options);
  return {
    ...box,
    ca,
    exec,
    plugin,
    sh,
    async logIn(profile, token, more = []) {
      const server = more.includes('--server') ? [] : ['--server', plane.url];
      const args = ['login', profile, ...server, '--certificate-authority', ca, '--token-stdin', ...more];
      const login = await plugin(args, { stdin: token });
      const context = `kubectl config set-context ${profile} --cluster=test --user=${profile}`;
      if (login.code === 0) await need(sh(`kubectl sa-token kubeconfig ${profile} && ${context}`));
      return login;
    },
    issued: async (profile) => (await need(plugin(['get-token', profile, '-o', 'token']))).trim(),
  };
}

/** The output of a command that has to succeed. */
export async function need(running: Promise<RunResult>): Promise<string> {
  const { code, stdout, stderr } = await running;
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return stdout;
}

/** Runs until it succeeds: RBAC learns of what is new a moment after it is stored. Returns the last run. */
export async function untilOk(run: () => Promise<RunResult>, seconds = 20): Promise<RunResult> {
  for (const end = Date.now() + seconds * 1000; ;) {
    const result = await run();
    if (result.code === 0 || Date.now() > end) return result;
    await sleep(250);
  }
}

/** What the plugin keeps in its cache for a profile: all in one text. */
export function entryOf(laptop: Sandbox, profile: string): Promise<string> {
  return readFile(join(laptop.home, '.kube', 'cache', 'sa-token', `${profile}.entry`), 'utf8');
}
