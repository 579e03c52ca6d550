/**
 * What a kubelet, an ingress controller and a DNS do with the objects that `manifest proxy --route ingress` prints, as none
 * of them runs here: real nginx with the configuration that is in the cluster, TLS for the host in front, and a way there.
 */
import { createServer, type Server } from 'node:https';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ExecutionContext } from 'ava';
import { onThisMachine, runNginx, type Nginx } from './nginx.ts';
import { createAuthority } from '../support/authority.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { listenOnLoopback } from '../support/loopback.ts';
import type { ControlPlane } from './control-plane.ts';

export interface Entrance {
  /** For HTTPS_PROXY: the only way to the host. */
  proxyUrl: string;
  /** Of the host's certificate. */
  caPem: string;
  nginx: Nginx;
}

/** As much of an Ingress as is looked at. */
interface Rule {
  host: string;
  http: { paths: { path: string; pathType: string; backend: { service: { name: string } } }[] };
}

/** Starts what the objects called `sa-token-proxy` in the namespace of the same name ask for. */
export async function startEntrance(t: ExecutionContext, plane: ControlPlane): Promise<Entrance> {
  const read = async (kind: string, name: string) =>
    JSON.parse(await plane.kubectl(['get', kind, name, '-n', 'sa-token-proxy', '-o', 'json']));
  const ca: string = (await read('configmap', 'kube-root-ca.crt')).data['ca.crt'];
  const config: string = (await read('configmap', 'sa-token-proxy')).data['nginx.conf'];
  const [rule]: Rule[] = (await read('ingress', 'sa-token-proxy')).spec.rules;
  if (rule === undefined) throw new Error('the Ingress has no rule');
  const nginx = await runNginx((folder, port) =>
    onThisMachine(config, { folder, port, upstream: new URL(plane.url).host, caPem: ca }),
  );
  t.teardown(nginx.close);

  const authority = await createAuthority('public CA');
  const { certPem, keyPem } = await authority.issue({ commonName: rule.host, dnsNames: [rule.host] });
  const front = createServer({ cert: certPem, key: keyPem }, (incoming, outgoing) =>
    route(rule, nginx.port, incoming, outgoing),
  );
  const port = await listenOnLoopback(front);
  t.teardown(() => close(front));
  const dns = await startConnectProxy({ names: { [`${rule.host}:443`]: port } });
  t.teardown(dns.close);
  return { proxyUrl: dns.url, caPem: authority.caPem, nginx };
}

/** As an Ingress says: this host, and paths at or below these. */
function route(rule: Rule, port: number, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url: path = '', headers } = incoming;
  const below = rule.http.paths.some((each) => path.startsWith(each.path));
  if (headers.host !== rule.host || !below) return void outgoing.writeHead(404).end();
  const passed = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  passed.once('error', () => outgoing.destroy());
  incoming.pipe(passed);
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
