/** A real kube-apiserver with its etcd on loopback, for as long as a test file runs. No controller, scheduler or node. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createApiClient, type ApiClient } from './api-client.ts';
import { findAssets, findKubectl, type Assets, type Minor } from './assets.ts';
import { readAuditLog, type AuditEvent } from './audit-log.ts';
import { createClusterObjects, type ClusterObjects } from './cluster-objects.ts';
import { writeFiles } from './files.ts';
import { apiServerFlags, etcdFlags, issuerOf, type ApiServerOptions } from './flags.ts';
import { createProcesses, type Processes } from './processes.ts';
import { createSigningKey, type SigningKey } from './signing-key.ts';

export interface ControlPlaneOptions extends ApiServerOptions {
  minor: Minor;
}

export interface ControlPlane extends ApiClient, ClusterObjects {
  minor: Minor;
  /** Such as `v1.37.2`, as the server itself says. */
  version: string;
  url: string;
  caPem: string;
  /** Issuer and only audience of the tokens it issues by default. */
  issuer: string;
  /** The administrator's kubeconfig. */
  kubeconfig: string;
  signingKey: SigningKey;
  /** Its file, a line an event. */
  auditLog: string;
  auditEvents(): Promise<AuditEvent[]>;
  /** Runs kubectl as the administrator and resolves to its stdout; rejects with its stderr when it fails. */
  kubectl(args: string[], stdin?: string): Promise<string>;
  /** Ends all processes and removes all files. */
  stop(): Promise<void>;
}

const run = promisify(execFile);

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const assets = findAssets(options.minor);
  if ('missing' in assets) throw new Error(assets.missing);
  const processes = await createProcesses();
  try {
    return await start(options, assets, processes);
  } catch (error) {
    await processes.stop();
    throw error;
  }
}

async function start(
  options: ControlPlaneOptions,
  assets: Assets,
  processes: Processes,
): Promise<ControlPlane> {
  const { directory } = processes;
  const url = `https://127.0.0.1:${await freePort()}`;
  const signingKey = createSigningKey();
  const credentials = await writeFiles(directory, url, signingKey);
  const api = createApiClient(url, credentials);
  await processes.start('etcd', assets.etcd, etcdFlags(), async () =>
    existsSync(join(directory, 'etcd.sock')),
  );
  await processes.start('kube-apiserver', assets.apiServer, apiServerFlags(url, options), () => isReady(api));
  const { gitVersion } = await api.need('GET', '/version');
  const [kubeconfig, auditLog] = [join(directory, 'admin.kubeconfig'), join(directory, 'audit.log')];
  const objects = createClusterObjects(api, credentials.caPem, signingKey);
  await objects.fillNamespace('default');
  return {
    ...api,
    ...objects,
    minor: options.minor,
    version: gitVersion,
    url,
    caPem: credentials.caPem,
    issuer: issuerOf(url, options),
    kubeconfig,
    signingKey,
    auditLog,
    auditEvents: () => readAuditLog(auditLog, api),
    kubectl: (args, stdin = '') => runKubectl(directory, kubeconfig, args, stdin),
    async stop() {
      api.close();
      await processes.stop();
    },
  };
}

/** With a cache of its own, so that nothing is left in the home folder. */
async function runKubectl(
  directory: string,
  kubeconfig: string,
  args: string[],
  stdin: string,
): Promise<string> {
  const env = { ...process.env, KUBECONFIG: kubeconfig, KUBECACHEDIR: join(directory, 'kubectl-cache') };
  const running = run(findKubectl(), args, { env });
  // One that fails before it has read its input says so itself.
  running.child.stdin?.on('error', () => undefined).end(stdin);
  return (await running).stdout;
}

/** Ready, and its own first objects made: the RBAC roles (part of readyz) and the namespace that everything defaults to. */
async function isReady(api: ApiClient): Promise<boolean> {
  await api.need('GET', '/readyz');
  await api.need('GET', '/api/v1/namespaces/default');
  return true;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
