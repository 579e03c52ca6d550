/** One HTTPS request with a token in it: to the configured origin, no redirects, bounded in time and size. */
import { readFileSync } from 'node:fs';
import {
  Agent as PlainAgent,
  request as plainRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { messageOf } from '../errors.ts';
import type { Host } from '../host.ts';
import { badTls, badAnswer, timedOut } from '../failures/exchange.ts';
import { unreadableFile } from '../failures/usage.ts';
import type { Settings } from '../settings/table.ts';
import type { Target } from '../settings/target.ts';
import { version } from '../version.ts';
import { judgeConnection } from './connection.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Every `Warning` header, unparsed. */
  readonly warnings: readonly string[];
  readonly body: string;
}

/** Largest answer read, in bytes; a TokenRequest's has some 2 KiB. */
const largest = 1024 * 1024;

/**
 * POSTs JSON below the target's server.
 *
 * @param path - from `/api/v1/…` on, after the server's own path
 * @param milliseconds - all the time there is, connection included
 * @throws SaTokenError of exit code 5 (or 2 for TLS files that cannot be used)
 */
export async function post(
  host: Host,
  target: Target,
  settings: Settings,
  call: { path: string; token: string; body: string; milliseconds: number },
): Promise<Reply> {
  const url = new URL(`${target.server}${call.path}`);
  const secure = url.protocol === 'https:';
  const options: RequestOptions = {
    method: 'POST',
    agent: secure ? tlsAgent(host, target, settings) : new PlainAgent(),
    headers: {
      Authorization: `Bearer ${call.token}`,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(call.body),
      Accept: 'application/json',
      'User-Agent': `kubectl-sa-token/${version} (${host.platform}/${host.arch})`,
    },
  };
  const patience = new Patience(call.milliseconds);
  try {
    return await send(secure ? request : plainRequest, url, options, call.body, target, patience);
  } catch (error) {
    if (patience.over) throw timedOut(target, call.milliseconds / 1000, patience.step);
    throw await judgeConnection(target, settings, error);
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
  body: string,
  target: Target,
  patience: Patience,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = start(url, { ...options, signal: patience.signal });
    outgoing.on('finish', () => (patience.step = 'waiting for the answer'));
    outgoing.on('error', reject);
    outgoing.on('response', (answer) => {
      patience.step = 'reading the answer';
      readBody(answer, target).then((text) => resolve(toReply(answer, text)), reject);
    });
    outgoing.end(body);
  });
}

async function readBody(answer: IncomingMessage, target: Target): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largest) {
      answer.destroy();
      throw badAnswer(target, `the answer is larger than ${largest} bytes, which no TokenRequest's is`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toReply(answer: IncomingMessage, body: string): Reply {
  const warnings = answer.headersDistinct['warning'] ?? [];
  return { status: answer.statusCode ?? 0, headers: answer.headers, warnings, body };
}

/** HTTPS_PROXY and NO_PROXY as Node reads them; `proxy-url` goes before both. */
function tlsAgent(host: Host, target: Target, settings: Settings): Agent {
  const proxy = settings['proxy-url'];
  const name = settings['tls-server-name'];
  return new Agent({
    keepAlive: false,
    proxyEnv: proxy === undefined ? { ...host.env } : { HTTPS_PROXY: proxy },
    secureContext: secureContext(target, settings),
    rejectUnauthorized: settings['insecure-skip-tls-verify'] !== true,
    ...(name === undefined ? {} : { servername: name }),
  });
}

function secureContext(target: Target, settings: Settings): SecureContext {
  const authority = authorities(settings);
  const certificate = pemFile('client-certificate', settings['client-certificate']);
  const key = pemFile('client-key', settings['client-key']);
  try {
    return createSecureContext({
      ca: authority,
      minVersion: 'TLSv1.2',
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
    });
  } catch (error) {
    throw badTls(target, `the CA, client certificate or key cannot be used (${messageOf(error)})`, error);
  }
}

/** The given CA alone, as client-go does; else what the system trusts, and Node's own list where it has none. */
function authorities(settings: Settings): string | string[] {
  const data = settings['certificate-authority-data'];
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const file = pemFile('certificate-authority', settings['certificate-authority']);
  if (file !== undefined) return file;
  const system = getCACertificates('system');
  return [...(system.length > 0 ? system : getCACertificates('bundled')), ...getCACertificates('extra')];
}

function pemFile(setting: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadableFile(setting, path, error);
  }
}
