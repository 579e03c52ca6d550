/** A real nginx on loopback with the configuration that `manifest proxy` prints, in front of a test server. */
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import type { Certificate } from '../support/authority.ts';
import { listenOnLoopback } from '../support/loopback.ts';
import { onPath } from '../support/kubectl.ts';
import type { Sandbox } from '../support/runner.ts';

export interface Nginx {
  port: number;
  /** All that nginx writes is in here. */
  folder: string;
  accessLog: () => Promise<string>;
  close: () => Promise<void>;
}

export interface NginxOptions {
  /** `HOST:PORT`. */
  upstream: string;
  caPem: string;
  upstreamName?: string;
  /** To serve TLS with. */
  certificate?: Certificate;
  prefix?: string;
}

const PATIENCE_MS = 5000;

export function startNginx(sandbox: Sandbox, options: NginxOptions): Promise<Nginx> {
  return runNginx((folder, port) => printConfig(sandbox, folder, port, options));
}

/** @param configure - makes the configuration for a folder to write to and a port on loopback */
export async function runNginx(configure: (folder: string, port: number) => Promise<string>): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'sa-token-nginx-'));
  // Started by root, the worker is another user.
  await chmod(folder, 0o755);
  const port = await freePort();
  await writeFile(join(folder, 'nginx.conf'), await configure(folder, port));
  // A file, since nginx opens /dev/stdout anew, which it cannot where that is a socket.
  const log = await open(join(folder, 'log'), 'a');
  const program = onPath('nginx') ?? 'nginx';
  const args = ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')];
  const child = spawn(program, args, { stdio: ['ignore', log.fd, log.fd] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await log.close();
  const readLog = () => readFile(join(folder, 'log'), 'utf8');
  try {
    await answering(port, ended, readLog);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    port,
    folder,
    accessLog: async () => {
      // A line is written when the request is done, which may be after its answer was read.
      await sleep(50);
      return readLog();
    },
    close: async () => {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** As a person gets it, but for the places that are a pod's. */
async function printConfig(
  sandbox: Sandbox,
  folder: string,
  port: number,
  { upstream, caPem, upstreamName, prefix, certificate }: NginxOptions,
): Promise<string> {
  const args = prefix === undefined ? [] : ['--prefix', prefix];
  const { code, stdout, stderr } = await sandbox.run(['manifest', 'proxy', ...args]);
  if (code !== 0) throw new Error(`no configuration was printed: ${stderr}`);
  const printed: { data?: Record<string, string> }[] = parseAllDocuments(stdout).map((each) => each.toJS());
  const config = printed.find(({ data }) => data !== undefined)?.data?.['nginx.conf'] ?? '';
  const here = await onThisMachine(config, { folder, port, upstream, caPem });
  const named = upstreamName === undefined ? here : here.replaceAll(inCluster, upstreamName);
  return certificate === undefined ? named : servingTls(named, folder, certificate);
}

const inCluster = 'kubernetes.default.svc';

/** The four places that are a pod's: its port, its folders, and the address of the API server in the cluster. */
export async function onThisMachine(
  config: string,
  here: { folder: string; port: number; upstream: string; caPem: string },
): Promise<string> {
  const ca = join(here.folder, 'upstream-ca.crt');
  await writeFile(ca, here.caPem);
  const places: [string, string][] = [
    [' /tmp/', ` ${here.folder}/`],
    ['listen 8080;', `listen 127.0.0.1:${here.port};`],
    [`server ${inCluster}:443;`, `server ${here.upstream};`],
    ['/etc/sa-token-proxy-ca/ca.crt', ca],
  ];
  for (const [place] of places)
    if (!config.includes(place)) throw new Error(`the configuration has no "${place}"`);
  return places.reduce((text, [place, instead]) => text.replaceAll(place, instead), config);
}

/** TLS by nginx itself, in the place of what routes to the pods. */
async function servingTls(config: string, folder: string, { certPem, keyPem }: Certificate): Promise<string> {
  const [certificate, key] = [join(folder, 'serving.crt'), join(folder, 'serving.key')];
  await writeFile(certificate, certPem);
  await writeFile(key, keyPem, { mode: 0o600 });
  return config.replace(
    /(listen [^;]+);/,
    `$1 ssl;\n    ssl_certificate ${certificate};\n    ssl_certificate_key ${key};`,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answering(port: number, ended: Promise<void>, readLog: () => Promise<string>): Promise<void> {
  let over = false;
  void ended.then(() => (over = true));
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(20)) {
    if (over) throw new Error(`nginx ended: ${await readLog()}`);
    // Where it serves TLS, a plain request is answered too: with a 400.
    if (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)) return;
  }
  throw new Error(`nginx does not answer: ${await readLog()}`);
}
