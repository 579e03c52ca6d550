/** The server's end of TLS. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { LOOPBACK, type Authority, type Certificate } from '../authority.ts';
import { listenOnLoopback } from '../loopback.ts';

export interface Listener {
  server: https.Server | http.Server;
  port: number;
  close: () => Promise<void>;
}

export interface ListenerOptions {
  /** In the place of one for localhost, 127.0.0.1 and ::1 from the authority. */
  certificate?: Certificate;
  /** PEM of the CA whose client certificates are let in; nobody else is. */
  requestClientCert?: string;
  /** Plain HTTP, for what is to be refused or allowed on loopback alone. */
  protocol?: 'https' | 'http';
}

export async function listen(
  options: ListenerOptions,
  authority: Authority,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Listener> {
  const { certificate = await authority.issue({ commonName: 'localhost', ...LOOPBACK }), requestClientCert } =
    options;
  const tls = {
    cert: certificate.certPem,
    key: certificate.keyPem,
    ...(requestClientCert === undefined
      ? {}
      : { ca: requestClientCert, requestCert: true, rejectUnauthorized: true }),
  };
  const server =
    options.protocol === 'http' ? http.createServer(onRequest) : https.createServer(tls, onRequest);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return { server, port: await listenOnLoopback(server), close: () => close(server, sockets) };
}

/** Nothing stays open: no stalled answer, no idle connection, none that has not yet come to its handshake. */
async function close(server: Listener['server'], sockets: Set<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of sockets) socket.destroy();
  await closed;
}
