/** The peers' rows: each gets a cache with a credential in it that no network could give, and has to answer with it. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { logInToKubelogin } from './kubelogin.ts';
import { findPeer, peers, type PeerName } from './peers.ts';
import { holds, type Entry, type Row } from './rows.ts';
import type { Command } from './sampler.ts';
import type { Scene } from './scene.ts';

interface Seeded {
  readonly command: Command;
  readonly wrong: NonNullable<Row['wrong']>;
}

export async function peerRows(scene: Scene): Promise<Entry[]> {
  return Promise.all(
    Object.keys(seeds)
      .filter(isPeer)
      .map((name) => peerRow(name, scene)),
  );
}

async function peerRow(name: PeerName, scene: Scene): Promise<Entry> {
  const row = { id: name, title: `${peers[name].program}, warm` };
  const found = findPeer(name);
  if ('missing' in found) return { ...row, missing: found.missing };
  const folder = join(scene.folder, name);
  mkdirSync(folder, { mode: 0o700 });
  const env = { ...scene.one.env, HOME: folder };
  try {
    return { ...row, ...(await seeds[name](found.path, folder, env)) };
  } catch (error) {
    return {
      ...row,
      missing: `its cache could not be filled: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function isPeer(name: string): name is PeerName {
  return name in peers;
}

type Seed = (path: string, folder: string, env: Record<string, string>) => Seeded | Promise<Seeded>;

const seeds: Record<PeerName, Seed> = {
  /** One file beside the kubeconfig, for its current context (cloud-provider-gcp, gke-gcloud-auth-plugin/cred.go). */
  gke: (path, folder, env) => {
    const token = newToken();
    const context = 'gke_project_zone_cluster';
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': context,
      contexts: [{ name: context, context: {} }],
    };
    const cache = { current_context: context, access_token: token, token_expiry: inAnHour(), extra_args: '' };
    mkdirSync(join(folder, '.kube'));
    writeFileSync(join(folder, '.kube', 'config'), stringify(config), { mode: 0o600 });
    writeFileSync(join(folder, '.kube', 'gke_gcloud_auth_plugin_cache'), JSON.stringify(cache), {
      mode: 0o600,
    });
    return { command: { argv: [path], env, cwd: folder }, wrong: holds(token) };
  },

  /** It signs an URL anew in each call; its cache holds what it signs with (pkg/filecache). */
  aws: (path, folder, env) => {
    const key = `AKIA${randomBytes(8).toString('hex').toUpperCase()}`;
    const credentials = {
      accesskeyid: key,
      secretaccesskey: newToken(),
      sessiontoken: newToken(),
      source: 'bench',
      canexpire: true,
      expires: new Date(inAnHour()),
    };
    const file = join(folder, 'cache.yaml');
    writeFileSync(file, stringify({ clusters: { bench: { default: { '': credentials } } } }), {
      mode: 0o600,
    });
    const own = {
      AWS_IAM_AUTHENTICATOR_CACHE_FILE: file,
      AWS_REGION: 'eu-west-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const wrong = (answer: string): string | undefined => {
      const token = /k8s-aws-v1\.([\w-]+)/.exec(answer)?.[1] ?? '';
      return Buffer.from(token, 'base64url').toString().includes(key)
        ? undefined
        : 'the answer is not signed with the cached key';
    };
    return {
      command: { argv: [path, 'token', '-i', 'bench', '--cache'], env: { ...env, ...own }, cwd: folder },
      wrong,
    };
  },

  /** Its own login, against a server that is gone when the warm answers are measured. */
  kubelogin: logInToKubelogin,

  /** Keyed by a digest of argv, token and cluster info (internal/execcredcache). */
  pinniped: (path, folder, env) => {
    const [given, token] = [newToken(), newToken()];
    const file = join(folder, 'credentials.yaml');
    const args = ['login', 'static', '--token', given, '--credential-cache', file];
    const key = createHash('sha256')
      .update(`${JSON.stringify({ args, token: given, cluster: null })}\n`)
      .digest('hex');
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const credential = { expirationTimestamp: inAnHour(), token };
    const entry = { key, creationTimestamp: now, lastUsedTimestamp: now, credential };
    const cache = {
      apiVersion: 'config.supervisor.pinniped.dev/v1alpha1',
      kind: 'CredentialCache',
      credentials: [entry],
    };
    writeFileSync(file, stringify(cache), { mode: 0o600 });
    return { command: { argv: [path, ...args], env, cwd: folder }, wrong: holds(token) };
  },
};

function newToken(): string {
  return randomBytes(600).toString('base64url');
}

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
}
