/** What can go wrong between a client and an API server, to be asked for one request at a time. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { statusReply, text } from './status.ts';

/** Changes to an answer that is otherwise the API server's own. */
export interface Tampering {
  delayMs?: number;
  wrongAudience?: string;
  wrongSubject?: string;
  dropToken?: boolean;
  controlCharsInToken?: boolean;
  /** Seconds; with the warning that a server's own maximum gives. Below zero: a token that ended before it began. */
  shortenTo?: number;
}

/** Answers that stand in the place of the API server's. */
export type Outage =
  | 'reset'
  | 'stall'
  | 'stall-after-headers'
  | 'endless'
  | 'garbage-chunks'
  | 'empty-404'
  | 'jwt-issuer-not-configured'
  | 'too-many-requests'
  | 'internal-error'
  | 'timeout'
  | { status: number; body?: string; headers?: OutgoingHttpHeaders }
  | { redirect: string; status?: number }
  | { html: 200 | 400 | 403 | 404 | 413 | 500 | 502 | 503 | 504 };

export type Fault = Outage | Tampering;

/** Which requests a fault waits for: POST …/token, any, or those whose path fits. */
export type Trigger = 'token' | 'any' | RegExp;

export class Faults {
  #queue: { fault: Fault; left: number; on: Trigger }[] = [];

  /** The next `times` requests meet the fault; faults queue up one behind the other. */
  next(fault: Fault, times = 1, on: Trigger = 'token'): void {
    this.#queue.push({ fault, left: times, on });
  }

  clear(): void {
    this.#queue = [];
  }

  take(path: string, isExchange: boolean): { outage: Outage | undefined; tampering: Tampering } {
    const due = this.#queue.find(({ on }) => on === 'any' || (on === 'token' ? isExchange : on.test(path)));
    if (!due) return { outage: undefined, tampering: {} };
    due.left -= 1;
    if (due.left <= 0) this.#queue = this.#queue.filter((waiting) => waiting !== due);
    const { fault } = due;
    return isOutage(fault) ? { outage: fault, tampering: {} } : { outage: undefined, tampering: fault };
  }
}

function isOutage(fault: Fault): fault is Outage {
  return typeof fault === 'string' || 'status' in fault || 'redirect' in fault || 'html' in fault;
}

export function strike(outage: Outage, response: ServerResponse): void {
  if (typeof outage === 'string') return STRIKES[outage](response);
  if ('redirect' in outage) return send(response, outage.status ?? 307, { Location: outage.redirect }, '');
  if ('html' in outage)
    return send(response, outage.html, { 'Content-Type': 'text/html' }, htmlPage(outage.html));
  return send(response, outage.status, outage.headers ?? {}, outage.body ?? '');
}

const STRIKES: Record<Extract<Outage, string>, (response: ServerResponse) => void> = {
  reset: (response) => response.socket?.destroy(),
  stall: () => undefined,
  'stall-after-headers': (response) => {
    response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': 1000 });
    response.write('{"kind":"TokenRequest",');
  },
  endless: (response) => {
    response.writeHead(201, { 'Content-Type': 'application/json' });
    response.write('{"kind":"TokenRequest","padding":"');
    pour(response, 2 ** 30);
  },
  'garbage-chunks': (response) => {
    const head =
      'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    response.socket?.end(`${head}5\r\n{"kin\r\nnot-a-length\r\n`);
  },
  'empty-404': (response) => send(response, 404, {}, ''),
  // Envoy's jwt_authn filter, on a gateway that knows other issuers only (src/CONTRACTS.md 5.4).
  'jwt-issuer-not-configured': (response) => {
    const headers = {
      'WWW-Authenticate': 'Bearer realm="https://localhost/", error="invalid_token"',
      Server: 'istio-envoy',
    };
    sendReply(response, text(401, 'Jwt issuer is not configured', headers));
  },
  // kubernetes/apiserver pkg/server/filters/maxinflight.go: not a Status.
  'too-many-requests': (response) => {
    sendReply(response, text(429, 'Too many requests, please try again later.\n', { 'Retry-After': '1' }));
  },
  'internal-error': (response) => {
    const cause = 'failed to generate token: the signer is not there';
    const message = `Internal error occurred: ${cause}`;
    sendReply(response, statusReply(500, 'InternalError', message, { causes: [{ message: cause }] }));
  },
  timeout: (response) => {
    const message = 'Timeout: request did not complete within the allotted timeout';
    sendReply(response, statusReply(504, 'Timeout', message, {}));
  },
};

function send(response: ServerResponse, status: number, headers: OutgoingHttpHeaders, body: string): void {
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers }).end(body);
}

function sendReply(
  response: ServerResponse,
  reply: { status: number; headers: OutgoingHttpHeaders; body: string },
): void {
  send(response, reply.status, reply.headers, reply.body);
}

function pour(response: ServerResponse, bytes: number): void {
  const chunk = 'x'.repeat(65_536);
  let left = bytes;
  const more = () => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', more);
        return;
      }
    }
    if (!response.destroyed) response.end();
  };
  more();
}

const REASONS: Record<number, string> = {
  200: 'Welcome to nginx!',
  400: '400 Bad Request',
  403: '403 Forbidden',
  404: '404 Not Found',
  413: '413 Request Entity Too Large',
  500: '500 Internal Server Error',
  502: '502 Bad Gateway',
  503: '503 Service Temporarily Unavailable',
  504: '504 Gateway Time-out',
};

/** A page as nginx makes it. */
export function htmlPage(status: number): string {
  const title = REASONS[status] ?? String(status);
  const lines = [
    '<html>',
    `<head><title>${title}</title></head>`,
    '<body>',
    `<center><h1>${title}</h1></center>`,
  ];
  return [...lines, '<hr><center>nginx</center>', '</body>', '</html>', ''].join('\r\n');
}
