/**
 * The peers: `node test/bench/peers.ts` builds those that the Go module proxy has into the bench's cache, at pinned
 * versions that Go's checksum database vouches for; the others count where they are on PATH.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onPath } from '../support/kubectl.ts';
import { benchCache } from './programs.ts';

export interface Peer {
  readonly program: string;
  /** Module, version, and the package of its main function below the module. */
  readonly module?: readonly [path: string, version: string, main: string];
}

export const peers = {
  gke: { program: 'gke-gcloud-auth-plugin' },
  kubelogin: { program: 'kubelogin', module: ['github.com/int128/kubelogin', 'v1.36.3', ''] },
  aws: {
    program: 'aws-iam-authenticator',
    module: ['sigs.k8s.io/aws-iam-authenticator', 'v0.7.18', '/cmd/aws-iam-authenticator'],
  },
  pinniped: { program: 'pinniped' },
} as const satisfies Record<string, Peer>;

export type PeerName = keyof typeof peers;

/** The built one, else the one on PATH; or in words why there is none. */
export function findPeer(name: PeerName): { path: string } | { missing: string } {
  const peer: Peer = peers[name];
  const path = [builtPath(peer), onPath(peer.program)].find((each) => each !== undefined && existsSync(each));
  if (path !== undefined) return { path };
  const remedy = peer.module === undefined ? '' : ', and not built (node test/bench/peers.ts)';
  return { missing: `not on PATH${remedy}` };
}

/** Versions are part of the path, so that a new pin is built anew. */
function builtPath({ program, module }: Peer): string | undefined {
  return module === undefined ? undefined : join(benchCache, 'peers', `${program}-${module[1]}`);
}

/** Built as the main package of a module of its own, since `go install` would ask for the list of versions too. */
async function build(peer: Peer): Promise<string> {
  const path = builtPath(peer);
  if (path === undefined || peer.module === undefined)
    return `only if it is on PATH: ${onPath(peer.program) ?? 'no'}`;
  if (existsSync(path)) return path;
  const [module, version, main] = peer.module;
  await mkdir(join(path, '..'), { recursive: true });
  const work = await mkdtemp(join(benchCache, 'partial-'));
  try {
    await writeFile(join(work, 'go.mod'), `module bench\n\ngo 1.24\n\nrequire ${module} ${version}\n`);
    const args = [
      'build',
      '-mod=mod',
      '-trimpath',
      '-ldflags=-s -w',
      '-o',
      join(work, 'peer'),
      `${module}${main}`,
    ];
    execFileSync('go', args, { cwd: work, stdio: ['ignore', 'inherit', 'inherit'] });
    await rename(join(work, 'peer'), path);
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  for (const [name, peer] of Object.entries(peers)) {
    try {
      console.log(`${name}: ${await build(peer)}`);
    } catch (error) {
      console.log(`${name}: not built: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    }
  }
}
