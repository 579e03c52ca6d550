/**
 * Builds the control plane's missing binaries as Go modules into the cache (`npm run build:control-plane`), and fetches
 * the kinds of Gateway API and Istio. About eight minutes in all on two idle cores with an empty Go build cache; nothing
 * at all when they are there.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  MINORS,
  MODULES,
  cached,
  findApiServer,
  findEtcd,
  hasGo,
  pinnedVersion,
  type Binary,
  type Minor,
} from './assets.ts';
import { fetchRouteKinds } from './route-kinds.ts';

const VERSION = 'k8s.io/component-base/version';

const MAIN_PACKAGES = {
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  etcd: 'go.etcd.io/etcd/server/v3',
} satisfies Record<Binary, string>;

// The etcd of the newest minor serves both.
const missing: [Binary, Minor][] = [
  ...MINORS.filter((minor) => findApiServer(minor) === undefined).map((minor): [Binary, Minor] => [
    'kube-apiserver',
    minor,
  ]),
  ...(findEtcd() === undefined ? [['etcd', 'newest'] satisfies [Binary, Minor]] : []),
];
if (missing.length > 0 && !hasGo()) {
  const names = missing.map(([binary, minor]) => `${binary} of Kubernetes ${pinnedVersion(minor)}`);
  console.error(`control plane: Go is not there to build ${names.join(', ')}`);
  process.exit(process.env['CI'] ? 1 : 0);
}
for (const [binary, minor] of missing) build(binary, minor);
if (hasGo()) fetchRouteKinds();

/** Without cgo, so that no C compiler is needed; by -mod=readonly go.mod and go.sum decide every version. */
function build(binary: Binary, minor: Minor): void {
  const started = Date.now();
  const [mainPackage, output] = [MAIN_PACKAGES[binary], cached(binary, minor)];
  console.error(`control plane: building ${binary} of Kubernetes ${pinnedVersion(minor)}…`);
  mkdirSync(dirname(output), { recursive: true });
  const partial = `${output}.${process.pid}`;
  const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', linkerFlags(minor)];
  const { status, error } = spawnSync('go', ['build', ...flags, '-o', partial, mainPackage], {
    cwd: join(MODULES, minor),
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: 'inherit',
  });
  if (status !== 0) {
    rmSync(partial, { force: true });
    throw new Error(`go build ${mainPackage} failed`, { cause: error });
  }
  // Renamed when whole: a build that was stopped, or one beside this, leaves nothing half done.
  renameSync(partial, output);
  console.error(`control plane: built ${output} in ${Math.round((Date.now() - started) / 1000)} s`);
}

/** The version is stamped at link time; without it the server calls itself v0.0.0-master. */
function linkerFlags(minor: Minor): string {
  const version = pinnedVersion(minor);
  const [, major, minorNumber] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  const stamps = { gitVersion: version, gitMajor: major, gitMinor: minorNumber, gitTreeState: 'clean' };
  return [
    '-s',
    '-w',
    ...Object.entries(stamps).map(([name, value]) => `-X ${VERSION}.${name}=${value}`),
  ].join(' ');
}
