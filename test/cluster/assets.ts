/** Where the control plane's binaries are: by envtest's conventions, else in the cache that build.ts fills. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The Kubernetes versions tested against: the newest that builds, and one at least four minors older. */
export const MINORS = ['newest', 'oldest'] as const;
export type Minor = (typeof MINORS)[number];

/** The folder with one Go module a minor, which pins every version and checksum. */
export const MODULES = join(import.meta.dirname, 'modules');

const ENVTEST_FOLDER = '/usr/local/kubebuilder/bin';

export type Binary = 'kube-apiserver' | 'etcd';

export interface Assets {
  apiServer: string;
  etcd: string;
}

export function isMinor(value: string | undefined): value is Minor {
  return MINORS.some((minor) => minor === value);
}

/** The binaries for `minor`, or the reason why there are none. */
export function findAssets(minor: Minor): Assets | { missing: string } {
  if (process.platform === 'win32') return { missing: 'kube-apiserver does not run on Windows' };
  const apiServer = findApiServer(minor);
  const etcd = findEtcd();
  if (apiServer !== undefined && etcd !== undefined) return { apiServer, etcd };
  const what = apiServer === undefined ? `kube-apiserver ${pinnedVersion(minor)}` : 'etcd';
  const how = hasGo() ? 'run `npm run build:control-plane`' : 'install Go or set KUBEBUILDER_ASSETS';
  return { missing: `${what} not found: ${how}` };
}

/** What the user names stands for the newest minor; the oldest has a variable of its own. */
export function findApiServer(minor: Minor): string | undefined {
  const named =
    minor === 'newest' ? fromEnvtest('kube-apiserver') : process.env['TEST_ASSET_KUBE_APISERVER_OLDEST'];
  return named ?? present(cached('kube-apiserver', minor));
}

export function findEtcd(): string | undefined {
  return fromEnvtest('etcd') ?? present(cached('etcd', 'newest'));
}

/** kubectl by envtest's conventions, else the one on PATH. */
export function findKubectl(): string {
  return fromEnvtest('kubectl') ?? 'kubectl';
}

/** Where build.ts puts a binary: a folder as envtest has them for each set of pins, so that a changed pin is built anew. */
export function cached(binary: Binary, minor: Minor): string {
  const folder = `${pinnedVersion(minor)}-${process.platform}-${process.arch}-${pinsOf(goMod(minor))}`;
  return join(cacheFolder(), folder, binary);
}

/** What is built or fetched outlives the checkout. */
export function cacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(cache, 'kubectl-sa-token', 'control-plane');
}

/** Names one set of pins, the text of a go.mod. */
export function pinsOf(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

export function pinnedVersion(minor: Minor): string {
  const version = /^require k8s\.io\/kubernetes (v\S+)/m.exec(goMod(minor))?.[1];
  if (version === undefined) throw new Error(`modules/${minor}/go.mod pins no k8s.io/kubernetes`);
  return version;
}

export function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function goMod(minor: Minor): string {
  return readFileSync(join(MODULES, minor, 'go.mod'), 'utf8');
}

/** envtest's order: the variable of the one binary, the folder of all, the default folder. */
function fromEnvtest(binary: string): string | undefined {
  const named = process.env[`TEST_ASSET_${binary.toUpperCase().replaceAll('-', '_')}`];
  if (named) return named;
  const folder = process.env['KUBEBUILDER_ASSETS'];
  return present(join(folder || ENVTEST_FOLDER, binary));
}

function present(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}
