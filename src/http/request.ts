/** The one HTTPS request that every call with a token is: to the configured origin, no redirects, bounded in time and memory. */
import {
  Agent as PlainAgent,
  request as plainRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { TLSSocket } from 'node:tls';
import { type Host, version } from '../base/host.ts';
import { textAt } from '../base/json.ts';
import { badAnswer, timedOut } from '../errors/http.ts';
import type { Settings } from '../settings/table.ts';
import { type Endpoint, label } from '../settings/target.ts';
import { judgeConnection } from './connection-problem.ts';
import { tlsAgent, type Credentials } from './tls.ts';

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
  /** Sent as the bearer. */
  readonly token?: string | undefined;
  /** What a kubeconfig's user shows in its place. With neither the call is anonymous. */
  readonly user?: Credentials | undefined;
  /** A token in the body, which the answer's words must not show either. */
  readonly secret?: string | undefined;
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
    agent: secure ? tlsAgent(host, target, settings, call.user) : new PlainAgent(),
    headers: {
      ...(call.token === undefined ? {} : { Authorization: `Bearer ${call.token}` }),
      ...call.user?.headers,
      ...(call.body === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(call.body) }),
      // The issuer's keys are application/jwk-set+json: an API server answers 406 to a caller who takes JSON alone.
      Accept: 'application/json, */*;q=0.8',
      'User-Agent': `kubectl-sa-token/${version} (${host.platform}/${host.arch})`,
    },
  };
  // Node takes whole milliseconds here. The timer does not keep the process alive; the connection does.
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(call.milliseconds)));
  const progress = { step: 'connecting' };
  try {
    const start = secure ? request : plainRequest;
    const reply = await send(start, url, { ...options, signal }, call.body, target, progress);
    const bearer = call.user?.headers['Authorization']?.replace(/^\S+ /, '');
    return redacted(
      reply,
      [call.token, call.secret, bearer].filter((token) => token !== undefined),
    );
  } catch (error) {
    if (signal.aborted) throw timedOut(label(target), call.milliseconds / 1000, progress.step);
    throw await judgeConnection(host, target, settings, error);
  }
}

/** @param progress - is told how far the request came */
function send(
  start: typeof request,
  url: URL,
  options: RequestOptions,
  body: string | undefined,
  target: Endpoint,
  progress: { step: string },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = start(url, options);
    // A request whose proxy has not let it through yet has no socket, and says nothing when it is aborted.
    options.signal?.addEventListener('abort', () => reject(new Error('aborted')));
    outgoing.on('finish', () => (progress.step = 'waiting for the answer'));
    outgoing.on('error', reject);
    // Else Node closes the connection, and nobody hears of it.
    outgoing.on('upgrade', (_, socket) => {
      socket.destroy();
      reject(
        badAnswer(
          label(target),
          'the server answered 101, a change to another protocol that nobody asked for',
        ),
      );
    });
    outgoing.on('response', (answer) => {
      progress.step = 'reading the answer';
      // Before the body: the socket forgets it when it closes.
      const certificate = certificateOf(answer);
      readBody(answer, target).then((text) => resolve(toReply(answer, text, certificate)), reject);
    });
    outgoing.end(body);
  });
}

/** One buffer, which the system maps as it is filled: a chunk kept as it is costs some hundred bytes, however short it is. */
function readBody(answer: IncomingMessage, target: Endpoint): Promise<string> {
  return new Promise((resolve, reject) => {
    const body = Buffer.alloc(largest + 1);
    let size = 0;
    answer.on('data', (chunk: Buffer) => {
      size += chunk.copy(body, size);
      if (size <= largest) return;
      reject(badAnswer(label(target), 'the answer is larger than 1 MiB'));
      answer.destroy();
    });
    answer.on('error', reject);
    answer.on('end', () => resolve(body.toString('utf8', 0, size)));
  });
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

/** Shortest part of a token that is masked; shorter ones could be any word. Characters. */
const shortestPart = 16;

/**
 * The same answer with `[token]` for the tokens of its request and their parts: a page may repeat what it was sent. The
 * body of a 201 stays as it is, since what is granted is a token, and is not shown.
 */
export function redacted(reply: Reply, tokens: readonly string[]): Reply {
  // The first part is the same in every token of one key.
  const parts = tokens
    .flatMap((token) => [token, ...token.split('.').slice(1)])
    .filter((part) => part.length >= shortestPart);
  if (parts.length === 0) return reply;
  const clean = (text: string): string => {
    const masked = parts.reduce((rest, part) => rest.replaceAll(part, '[token]'), text);
    const joined = masked.replace(/\s+/g, '');
    return parts.some((part) => joined.includes(part))
      ? '(the answer repeats the token, and so is not shown)'
      : masked;
  };
  const { headers, body, warnings, status } = reply;
  const { location } = headers;
  return {
    ...reply,
    body: status === 201 ? body : clean(body),
    warnings: warnings.map(clean),
    headers: location === undefined ? headers : { ...headers, location: clean(location) },
  };
}
