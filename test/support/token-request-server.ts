/**
 * An API server as far as this project meets one, on loopback, over real TLS, with the rules of Kubernetes
 * (src/CONTRACTS.md 3). The whole API is at the root; under the prefix is what a `/kubernetes` proxy lets through,
 * POST …/token alone.
 */
import { randomBytes } from 'node:crypto';
import type { ApiSettings } from './api-server/api.ts';
import { Cluster } from './api-server/cluster-state.ts';
import { Faults } from './api-server/faults.ts';
import { serve, type Exposed, type Running } from './api-server/handler.ts';
import type { RecordedRequest } from './api-server/recorder.ts';
import { listen, type Listener, type ListenerOptions } from './api-server/listener.ts';
import { createSigner } from './api-server/tokens.ts';
import { createAuthority, type Authority } from './authority.ts';

export type { Fault } from './api-server/faults.ts';
export type { RecordedRequest } from './api-server/recorder.ts';
export { digest } from './api-server/recorder.ts';

export interface ServerOptions extends ListenerOptions {
  /** Where the proxy hangs; '' for none. */
  prefix?: string;
  exposes?: Exposed;
  /** As --service-account-max-token-expiration. */
  maxExpirationSeconds?: number;
  /** As --anonymous-auth: a request without a token is system:anonymous, or a 401. */
  anonymousAuth?: boolean;
  issuer?: string;
  apiAudiences?: string[];
  /** A signing key that no other server of this process has. */
  ownSigningKey?: boolean;
  authority?: Authority;
  /** The server's clock, in ms. */
  now?: () => number;
  /** How far that clock is ahead, in ms. */
  clockSkew?: number;
}

export interface TestServer {
  /** Of the proxy: `https://localhost:PORT/kubernetes`. */
  url: string;
  /** Of the API server itself: `https://localhost:PORT`. */
  apiUrl: string;
  host: string;
  port: number;
  caPem: string;
  authority: Authority;
  cluster: Cluster;
  faults: Faults;
  /** A bearer token that may do everything. */
  adminToken: string;
  issuer: string;
  requests: RecordedRequest[];
  /** POST …/token requests that the API server itself answered, whatever it said. */
  readonly exchanges: number;
  /** Those of them that gave a token. */
  readonly granted: number;
  /** Connections accepted since the start or the last reset. */
  readonly connections: number;
  /** Forgets requests, counts and faults; the cluster stays. */
  reset: () => void;
  close: () => Promise<void>;
}

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const authority = options.authority ?? (await createAuthority('kubectl-sa-token test CA'));
  const { prefix = '/kubernetes', exposes = 'token', clockSkew = 0, protocol = 'https' } = options;
  const now = options.now ?? (() => Date.now() + clockSkew);
  const api = await createApi(options, authority.caPem, now);
  const running: Running = {
    api,
    options: { prefix, exposes, now },
    faults: new Faults(),
    requests: [],
    counts: { exchanges: 0, granted: 0, connections: 0 },
    closing: new AbortController(),
  };
  const listener = await listen(
    options,
    authority,
    (request, response) => void serve(running, request, response),
  );
  listener.server.on('connection', () => (running.counts.connections += 1));
  const { port } = listener;
  const apiUrl = `${protocol}://localhost:${port}`;
  api.jwksUri = `${apiUrl}/openid/v1/jwks`;
  return handle(running, listener, { authority, apiUrl, port });
}

async function createApi(options: ServerOptions, caPem: string, now: () => number): Promise<ApiSettings> {
  const {
    issuer = 'https://kubernetes.default.svc.cluster.local',
    anonymousAuth = true,
    maxExpirationSeconds,
  } = options;
  const { apiAudiences = [issuer] } = options;
  const cluster = new Cluster({
    issuer,
    apiAudiences,
    signer: await createSigner(options.ownSigningKey ?? false),
    caPem,
    now,
  });
  const adminToken = randomBytes(32).toString('hex');
  return { cluster, adminToken, anonymousAuth, maxExpirationSeconds, jwksUri: '' };
}

function handle(
  running: Running,
  listener: Listener,
  at: { authority: Authority; apiUrl: string; port: number },
): TestServer {
  const { api, faults, requests, counts, options } = running;
  return {
    ...at,
    url: `${at.apiUrl}${options.prefix}`,
    host: 'localhost',
    caPem: at.authority.caPem,
    cluster: api.cluster,
    faults,
    adminToken: api.adminToken,
    issuer: api.cluster.settings.issuer,
    requests,
    get exchanges() {
      return counts.exchanges;
    },
    get granted() {
      return counts.granted;
    },
    get connections() {
      return counts.connections;
    },
    reset() {
      requests.length = 0;
      faults.clear();
      Object.assign(counts, { exchanges: 0, granted: 0, connections: 0 });
    },
    close: () => {
      running.closing.abort();
      return listener.close();
    },
  };
}
