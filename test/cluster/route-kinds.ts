/** The definitions of the kinds that routes are made of: Gateway API's and Istio's own, from their Go modules into the cache. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MODULES, cacheFolder, hasGo, pinsOf } from './assets.ts';

const FOLDER = join(MODULES, 'routes');

/** Where each module keeps what a cluster is given to know its kinds. */
const DEFINITIONS = [
  {
    name: 'gateway-api.yaml',
    module: 'sigs.k8s.io/gateway-api',
    path: 'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml',
  },
  { name: 'istio.yaml', module: 'istio.io/api', path: 'kubernetes/customresourcedefinitions.gen.yaml' },
];

/** The files with the definitions, or the reason why there are none. */
export function findRouteKinds(): string[] | { missing: string } {
  const files = DEFINITIONS.map(({ name }) => cached(name));
  if (files.every((file) => existsSync(file))) return files;
  return {
    missing: `definitions of Gateway API and Istio not found: ${
      hasGo() ? 'run `npm run build:control-plane`' : 'install Go'
    }`,
  };
}

/** Fetches what is missing; go.sum holds each module to its checksum. */
export function fetchRouteKinds(): void {
  if (Array.isArray(findRouteKinds())) return;
  go('mod', 'download');
  for (const { name, module, path } of DEFINITIONS) {
    const partial = `${cached(name)}.${process.pid}`;
    mkdirSync(dirname(partial), { recursive: true });
    copyFileSync(join(go('list', '-m', '-f', '{{.Dir}}', module).trim(), path), partial);
    renameSync(partial, cached(name));
  }
}

function cached(name: string): string {
  return join(cacheFolder(), `routes-${pinsOf(readFileSync(join(FOLDER, 'go.mod')))}`, name);
}

function go(...args: string[]): string {
  return execFileSync('go', args, {
    cwd: FOLDER,
    env: { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=readonly' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
