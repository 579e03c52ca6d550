/**
 * Pins a Kubernetes version: `node test/cluster/pin.ts newest v1.37.2` writes modules/newest/{go.mod,go.sum}.
 * k8s.io/kubernetes asks for its staging modules as v0.0.0, which no module proxy has, so each is replaced by its release.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODULES, isMinor } from './assets.ts';

const API_SERVER = 'k8s.io/kubernetes/cmd/kube-apiserver';
const ETCD = 'go.etcd.io/etcd/server/v3';

const [minor, wanted = ''] = process.argv.slice(2);
if (!isMinor(minor) || !/^v1\.\d+\.\d+$/.test(wanted)) {
  console.error('usage: node test/cluster/pin.ts newest|oldest v1.MINOR.PATCH');
  process.exit(2);
}
const cwd = join(MODULES, minor);
for (const file of ['go.mod', 'go.sum']) rmSync(join(cwd, file), { force: true });
writeFileSync(join(cwd, 'go.mod'), goMod(wanted));
// Listing every package that goes into the binaries fills in what else go.mod and go.sum need, checksums verified.
go('list', '-mod=mod', '-deps', '-f', '{{.ImportPath}}', 'tool');
console.log(`pinned ${minor}: Kubernetes ${wanted}`);

/** One etcd serves both minors; it is a tool of the newest one's module, so that the two share most packages. */
function goMod(version: string): string {
  const tools = minor === 'newest' ? [API_SERVER, ETCD] : [API_SERVER];
  return [
    'module kubectl-sa-token.test/control-plane',
    'go 1.26.0',
    `tool (\n${tools.map((tool) => `\t${tool}\n`).join('')})`,
    `require k8s.io/kubernetes ${version}`,
    `replace (\n${stagingModules(version)
      .map((name) => `\t${name} => ${name} v0${version.slice(2)}\n`)
      .join('')})`,
    '',
  ].join('\n\n');
}

function stagingModules(version: string): string[] {
  const download: { GoMod: string } = JSON.parse(
    go('mod', 'download', '-json', `k8s.io/kubernetes@${version}`),
  );
  const replaced = readFileSync(download.GoMod, 'utf8').matchAll(/^\s*(k8s\.io\/\S+) => \.\/staging\//gm);
  return [...replaced].map(([, name = '']) => name);
}

function go(...args: string[]): string {
  return execFileSync('go', args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
