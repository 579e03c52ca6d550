/** An HTTP forward proxy on loopback, as HTTPS_PROXY and `proxy-url` name one: CONNECT alone, counted. */
import http, { type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { listenOnLoopback } from './loopback.ts';

export interface ConnectProxyOptions {
  /** Asks for them with a 407 until they come (RFC 9110 11.7). */
  credentials?: { username: string; password: string };
  /** `host:port` of names that nobody else knows, and the port on loopback that each leads to. */
  names?: Readonly<Record<string, number>>;
}

export interface ConnectProxy {
  /** Without credentials. */
  url: string;
  /** With them in the place a URL has for them. */
  urlWithCredentials: string;
  /** `host:port` of each tunnel asked for, whether it was let through or not. */
  connects: string[];
  /** Those that were. */
  tunnels: string[];
  close: () => Promise<void>;
}

interface Tunnelling {
  expected: string | undefined;
  names: Readonly<Record<string, number>>;
  connects: string[];
  tunnels: string[];
  open: Set<Duplex>;
}

export async function startConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const { credentials, names = {} } = options;
  const userinfo = credentials && `${credentials.username}:${credentials.password}`;
  const expected = userinfo && `Basic ${Buffer.from(userinfo).toString('base64')}`;
  const state: Tunnelling = { expected, names, connects: [], tunnels: [], open: new Set() };
  const server = http.createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) =>
    tunnel(state, request, client, head),
  );
  const port = await listenOnLoopback(server);
  const url = new URL(`http://localhost:${port}`);
  const { origin } = url;
  Object.assign(url, credentials);
  const { connects, tunnels } = state;
  return { url: origin, urlWithCredentials: url.href, connects, tunnels, close: () => close(state, server) };
}

function tunnel(state: Tunnelling, request: IncomingMessage, client: Duplex, head: Buffer): void {
  const target = request.url ?? '';
  state.connects.push(target);
  hold(state, client);
  if (state.expected !== undefined && request.headers['proxy-authorization'] !== state.expected) {
    client.end(
      'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="test"\r\nContent-Length: 0\r\n\r\n',
    );
    return;
  }
  const known = state.names[target];
  const { hostname, port } = new URL(`http://${known === undefined ? target : `127.0.0.1:${known}`}`);
  const server: Socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) });
  hold(state, server);
  server.once('connect', () => {
    state.tunnels.push(target);
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    server.write(head);
    client.pipe(server).pipe(client);
  });
  server.once('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'));
  server.once('close', () => client.destroy());
  client.once('close', () => server.destroy());
}

function hold({ open }: Tunnelling, socket: Duplex): void {
  open.add(socket);
  socket.on('error', () => undefined);
  socket.once('close', () => open.delete(socket));
}

async function close({ open }: Tunnelling, server: http.Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  for (const socket of open) socket.destroy();
  await closed;
}
