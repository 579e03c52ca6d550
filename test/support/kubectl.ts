/** The kubectl builds of this machine, and kubeconfigs for them. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { stringify } from 'yaml';

export interface Kubectl {
  /** 33 for 1.33. */
  minor: number;
  path: string;
}

let found: Kubectl[] | undefined;

/**
 * The KUBECTL variable, else the plain builds `kubectl.1.NN` beside the real file of the kubectl on PATH (some
 * installers keep them there and choose between them), else that kubectl. Oldest first; none when there is none.
 */
export function findKubectls(): Kubectl[] {
  found ??= lookUp();
  return found;
}

export function oldestAndNewest(): Kubectl[] {
  const all = findKubectls();
  return [...new Set([...all.slice(0, 1), ...all.slice(-1)])];
}

function lookUp(): Kubectl[] {
  const chosen = process.env['KUBECTL'];
  if (chosen) return [describe(chosen)];
  const path = onPath('kubectl');
  if (path === undefined) return [];
  const builds = plainBuilds(dirname(realpathSync(path)));
  return builds.length > 0 ? builds : [describe(path)];
}

function plainBuilds(folder: string): Kubectl[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const minor = /^kubectl\.1\.(?<minor>\d+)$/.exec(name)?.groups?.['minor'];
      return minor === undefined ? [] : [{ minor: Number(minor), path: join(folder, name) }];
    })
    .toSorted((a, b) => a.minor - b.minor);
}

function describe(path: string): Kubectl {
  const { stdout, error } = spawnSync(path, ['version', '--client', '--output=json'], { encoding: 'utf8' });
  if (error) throw error;
  const { clientVersion }: { clientVersion: { minor: string } } = JSON.parse(stdout);
  return { minor: Number.parseInt(clientVersion.minor, 10), path };
}

/** Where a program is on PATH; undefined when it is not. */
export function onPath(program: string): string | undefined {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders
    .flatMap((folder) => suffixes.map((suffix) => join(folder, program + suffix)))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface ExecUser {
  command: string;
  args?: string[];
  env?: Record<string, string>;
  apiVersion?: 'v1' | 'v1beta1';
  provideClusterInfo?: boolean;
  interactiveMode?: 'Never' | 'IfAvailable' | 'Always';
  installHint?: string;
}

export interface KubeconfigContent {
  path: string;
  server: string;
  /** PEM, or the path of a file with it. */
  caPem?: string;
  caFile?: string;
  namespace?: string;
  user: { token: string } | { exec: ExecUser };
  /** The cluster's `client.authentication.k8s.io/exec` extension. */
  execConfig?: unknown;
  tlsServerName?: string;
  proxyUrl?: string;
  insecureSkipTlsVerify?: boolean;
}

/** One cluster, one user, one context, all called `test`; mode 0600. Returns its path. */
export async function writeKubeconfig(content: KubeconfigContent): Promise<string> {
  const context = { cluster: 'test', user: 'test', ...optional('namespace', content.namespace) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: clusterEntry(content) }],
    users: [
      { name: 'test', user: 'exec' in content.user ? { exec: execEntry(content.user.exec) } : content.user },
    ],
    contexts: [{ name: 'test', context }],
    'current-context': 'test',
  };
  await writeFile(content.path, stringify(config), { mode: 0o600 });
  return content.path;
}

function clusterEntry(content: KubeconfigContent) {
  const { server, caPem, caFile, execConfig } = content;
  const caData = caPem === undefined ? undefined : Buffer.from(caPem).toString('base64');
  const extension = { name: 'client.authentication.k8s.io/exec', extension: execConfig };
  return {
    server,
    ...optional('certificate-authority-data', caData),
    ...optional('certificate-authority', caFile),
    ...optional('tls-server-name', content.tlsServerName),
    ...optional('proxy-url', content.proxyUrl),
    ...optional('insecure-skip-tls-verify', content.insecureSkipTlsVerify),
    ...optional('extensions', execConfig === undefined ? undefined : [extension]),
  };
}

function execEntry({ apiVersion = 'v1', interactiveMode = 'Never', env, ...user }: ExecUser) {
  const variables = env && Object.entries(env).map(([name, value]) => ({ name, value }));
  const version = `client.authentication.k8s.io/${apiVersion}`;
  return { ...user, apiVersion: version, interactiveMode, ...optional('env', variables) };
}

function optional<T>(key: string, value: T | undefined): Record<string, T> {
  return value === undefined ? {} : { [key]: value };
}
