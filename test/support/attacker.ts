/**
 * Who hands out a hostile kubeconfig: one port on loopback that is an HTTP proxy, an API server, or both in turn. It ends
 * each tunnel itself, with a certificate of its own authority, and keeps all that it can read.
 */
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import https from 'node:https';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createAuthority, LOOPBACK, type Certificate } from './authority.ts';
import { listenOnLoopback } from './loopback.ts';

export interface Attacker {
  port: number;
  caPem: string;
  /** What it shows for every name that it is taken for. */
  certificate: Certificate;
  readonly connections: number;
  /** `METHOD TARGET` of each request, CONNECT and what came through its tunnel too. */
  requests: string[];
  /** All that it could read: first bytes of connections, headers and bodies. */
  received: () => string;
  reset: () => void;
  close: () => Promise<void>;
}

interface Heard {
  connections: number;
  requests: string[];
  texts: string[];
}

/** @param names - names beside localhost that its certificate is for */
export async function startAttacker(names: string[] = []): Promise<Attacker> {
  const authority = await createAuthority('attacker CA');
  const dnsNames = [...LOOPBACK.dnsNames, ...names];
  const certificate = await authority.issue({ commonName: 'attacker', ...LOOPBACK, dnsNames });
  const heard: Heard = { connections: 0, requests: [], texts: [] };
  const open = new Set<Duplex>();
  const greet = greeter(heard, open, certificate);
  const listener = createServer((socket) => {
    heard.connections += 1;
    greet(socket);
  });
  return {
    port: await listenOnLoopback(listener),
    caPem: authority.caPem,
    certificate,
    requests: heard.requests,
    get connections() {
      return heard.connections;
    },
    received: () => heard.texts.join('\n'),
    reset() {
      heard.connections = heard.requests.length = heard.texts.length = 0;
    },
    close: () => {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      for (const socket of open) socket.destroy();
      return closed;
    },
  };
}

/** TLS or plain HTTP, by the first byte (RFC 8446 5.1: a handshake record is 0x16). */
function greeter(heard: Heard, open: Set<Duplex>, { certPem: cert, keyPem: key }: Certificate) {
  const answer = answerer(heard);
  const plain = http.createServer(answer);
  const secure = https.createServer({ cert, key }, answer);
  const greet = (socket: Duplex): void => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
    socket.once('data', (first: Buffer) => {
      heard.texts.push(first.toString('latin1'));
      socket.pause();
      socket.unshift(first);
      (first[0] === 0x16 ? secure : plain).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
    // The socket of a CONNECT comes paused.
    socket.resume();
  };
  for (const server of [plain, secure])
    server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      note(heard, request, '');
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) socket.unshift(head);
      greet(socket);
    });
  return greet;
}

/** A version for those who ask, so that kubectl is content; the exchange is refused, so that nobody tries again. */
function answerer(heard: Heard): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      note(heard, request, Buffer.concat(chunks).toString('latin1'));
      response.setHeader('Content-Type', 'application/json');
      if (request.method === 'GET') response.end('{"major":"1","minor":"33","gitVersion":"v1.33.0"}');
      else response.writeHead(403).end('{"kind":"Status","apiVersion":"v1","status":"Failure","code":403}');
    });
  };
}

function note({ requests, texts }: Heard, request: IncomingMessage, body: string): void {
  const line = `${request.method} ${request.url}`;
  requests.push(line);
  texts.push([line, ...request.rawHeaders, body].join('\n'));
}
