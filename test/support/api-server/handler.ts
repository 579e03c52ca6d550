/** One HTTP request: recorded, met by the proxy and by a fault, and answered by the API server. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { answer, type ApiSettings } from './api.ts';
import { strike, type Faults } from './faults.ts';
import { redacted, type RecordedRequest } from './recorder.ts';
import { bodyTooLarge, json, type Reply } from './status.ts';

/** What the proxy lets through: POST …/token, …/token with any method, all below a folder, every POST, or all. */
export type Exposed = 'token' | 'token-any-method' | 'namespaces' | 'posts' | 'everything';

export interface Running {
  api: ApiSettings;
  options: { prefix: string; exposes: Exposed; now: () => number };
  faults: Faults;
  requests: RecordedRequest[];
  counts: { exchanges: number; granted: number; connections: number };
  closing: AbortController;
}

const TOKEN_PATH = /^\/api\/v1\/namespaces\/[a-z0-9-]+\/serviceaccounts\/[a-z0-9.-]+\/token$/;
const BODY_LIMIT = 3 * 1024 * 1024;

export async function serve(
  running: Running,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { now } = running.options;
  const path = decoded((request.url ?? '/').split('?')[0] ?? '/');
  // Node would send its own clock.
  response.sendDate = false;
  response.setHeader('Date', new Date(now()).toUTCString());
  if (path === '/__requests') return write(response, json(200, redacted(running.requests)));
  const { body, size } = await read(request);
  const record = note(running, request, response, body);
  const { method } = record;
  const inner = withinPrefix(running, record, path);
  if (inner === undefined) return strike({ html: 404 }, response);
  const isExchange = method === 'POST' && TOKEN_PATH.test(inner);
  if (size > BODY_LIMIT) return write(response, bodyTooLarge(BODY_LIMIT));
  const { outage, tampering } = running.faults.take(path, isExchange);
  if (outage) return strike(outage, response);
  if (tampering.delayMs !== undefined) await pause(tampering.delayMs, running.closing.signal);
  const { authorization, 'content-type': contentType } = request.headers;
  if (isExchange) running.counts.exchanges += 1;
  const reply = await answer(running.api, {
    method,
    path: inner,
    authorization,
    contentType,
    body,
    tampering,
  });
  if (isExchange && reply.status === 201) running.counts.granted += 1;
  write(response, reply);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The path as the API server gets it, or undefined where the proxy lets nothing through. */
function withinPrefix(
  { options: { prefix, exposes } }: Running,
  { method, path: asked }: RecordedRequest,
  path: string,
): string | undefined {
  if (prefix === '' || !(path === prefix || path.startsWith(`${prefix}/`))) return path;
  const inner = path.slice(prefix.length);
  if (exposes === 'everything') return inner;
  if (exposes === 'namespaces') return inner.startsWith('/api/v1/namespaces/') ? inner : undefined;
  if (exposes === 'posts') return method === 'POST' ? inner : undefined;
  if (exposes === 'token' && asked.includes('?')) return undefined;
  return TOKEN_PATH.test(inner) && (method === 'POST' || exposes === 'token-any-method') ? inner : undefined;
}

function note(
  running: Running,
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): RecordedRequest {
  const { method = 'GET', url: path = '/', headers, socket } = request;
  const at = running.options.now();
  const record: RecordedRequest = {
    method,
    path,
    headers,
    body,
    at,
    status: 0,
    remotePort: socket.remotePort ?? 0,
  };
  const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
  if (subject) record.clientCertificate = [subject.CN].flat().join(',');
  // Before the answer goes out: `finish` comes after, and then a client may have read it already.
  response.once('prefinish', () => (record.status = response.statusCode));
  running.requests.push(record);
  return record;
}

/** What is over the limit is read, so that the client hears the answer, and is not kept. */
async function read(request: IncomingMessage): Promise<{ body: string; size: number }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_LIMIT) chunks.push(chunk);
  }
  return { body: Buffer.concat(chunks).toString(), size };
}

function write(response: ServerResponse, { status, headers, body }: Reply): void {
  const always = { 'Audit-Id': randomUUID(), 'Cache-Control': 'no-cache, private' };
  response.writeHead(status, { ...always, ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
