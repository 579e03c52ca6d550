/** One HTTPS request, mostly with a token in it: to the configured origin, no redirects, bounded in time and size. */
import {
  Agent as PlainAgent,
  request as plainRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Host } from '../host.ts';
import { badAnswer, timedOut } from '../failures/exchange.ts';
import { textAt } from '../json.ts';
import type { Settings } from '../settings/table.ts';
import type { Endpoint } from '../settings/target.ts';
import { version } from '../version.ts';
import { judgeConnection } from './connection.ts';
import { withoutToken } from './echo.ts';
import { tlsAgent } from './tls.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Every `Warning` header, unparsed. */
  readonly warnings: readonly string[];
  readonly body: string;
  /** What the server showed of itself; undefined for plain HTTP. */
  readonly certificate?: PeerCertificate | undefined;
}

export interface PeerCertificate {
  readonly subject: string | undefined;
  readonly issuer: string | undefined;
  /** Epoch milliseconds. */
  readonly ends: number;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  /** From `/api/v1/…` on, after the server's own path. */
  readonly path: string;
  /** Undefined: an anonymous call. */
  readonly token?: string | undefined;
  /** JSON. */
  readonly body?: string | undefined;
  /** All the time there is, connection included. */
  readonly milliseconds: number;
}

/** Largest answer read, in bytes; a TokenRequest's has some 2 KiB. */
const largest = 1024 * 1024;

/**
 * Makes one call below the server's address.
 *
 * @throws SaTokenError of exit code 5 (or 2 for TLS files that cannot be used)
 */
export async function ask(host: Host, target: Endpoint, settings: Settings, call: Call): Promise<Reply> {
  const url = new URL(`${target.server}${call.path}`);
  const secure = url.protocol === 'https:';
  const options: RequestOptions = {
    method: call.method,
    agent: secure ? tlsAgent(host, target, settings) : new PlainAgent(),
    headers: {
      ...(call.token === undefined ? {} : { Authorization: `Bearer ${call.token}` }),
      ...(call.body === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(call.body) }),
      Accept: 'application/json',
      'User-Agent': `kubectl-sa-token/${version} (${host.platform}/${host.arch})`,
    },
  };
  const patience = new Patience(call.milliseconds);
  try {
    const reply = await send(secure ? request : plainRequest, url, options, call.body, target, patience);
    return call.token === undefined ? reply : withoutToken(reply, call.token);
  } catch (error) {
    if (patience.over) throw timedOut(target, call.milliseconds / 1000, patience.step);
    throw await judgeConnection(host, target, settings, error);
  } finally {
    patience.end();
  }
}

/** The deadline of a request, and how far it came. */
class Patience {
  step = 'connecting';
  over = false;
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  constructor(milliseconds: number) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#timer = setTimeout(
      () => {
        this.over = true;
        controller.abort();
      },
      Math.max(1, milliseconds),
    );
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function send(
  start: typeof request,
  url: URL,
  options: RequestOptions,
  body: string | undefined,
  target: Endpoint,
  patience: Patience,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = start(url, { ...options, signal: patience.signal });
    // A request whose proxy has not let it through yet has no socket, and says nothing when it is aborted.
    patience.signal.addEventListener('abort', () => reject(new Error('aborted')));
    outgoing.on('finish', () => (patience.step = 'waiting for the answer'));
    outgoing.on('error', reject);
    // Else Node closes the connection, and nobody hears of it.
    outgoing.on('upgrade', (_, socket) => {
      socket.destroy();
      reject(
        badAnswer(target, 'the server answered 101, a change to another protocol that nobody asked for'),
      );
    });
    outgoing.on('response', (answer) => {
      patience.step = 'reading the answer';
      // Before the body: the socket forgets it when it closes.
      const certificate = certificateOf(answer);
      readBody(answer, target).then((text) => resolve(toReply(answer, text, certificate)), reject);
    });
    outgoing.end(body);
  });
}

async function readBody(answer: IncomingMessage, target: Endpoint): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largest) {
      answer.destroy();
      throw badAnswer(target, 'the answer is larger than 1 MiB');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function certificateOf({ socket }: IncomingMessage): PeerCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { subject, issuer, valid_to: end } = socket.getPeerCertificate();
  return { subject: textAt(subject, 'CN'), issuer: textAt(issuer, 'CN'), ends: Date.parse(end) };
}

function toReply(answer: IncomingMessage, body: string, certificate: PeerCertificate | undefined): Reply {
  const warnings = answer.headersDistinct['warning'] ?? [];
  return { status: answer.statusCode ?? 0, headers: answer.headers, warnings, body, certificate };
}
