/** Raw HTTPS calls to an API server: the answer as it came, since its exact shape is what the tests look at. */
import { Agent, request, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import type { JWK } from 'jose';

const ANSWERED_WITHIN = 30_000;

export interface Call {
  /** Who calls: the administrator unless told otherwise. */
  as?: 'admin' | 'anonymous' | { token: string };
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The text of each Warning header, unescaped. */
  warnings: string[];
  text: string;
  /** The parsed body; empty where it is not JSON. */
  body: ApiObject;
}

/** An object or a Status, as far as the tests look into one: which fields are there is for them to find out. */
export interface ApiObject {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    creationTimestamp: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    managedFields?: unknown;
  };
  spec: { expirationSeconds: number };
  rules: unknown;
  status: { token: string; expirationTimestamp: string; allowed: boolean; userInfo: unknown };
  message: string;
  gitVersion: string;
  issuer: string;
  jwks_uri: string;
  keys: JWK[];
}

export interface AdminCredentials {
  caPem: string;
  certPem: string;
  keyPem: string;
}

export interface ApiClient {
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** Like `call`, but an answer other than 2xx is an error: for what a test only needs to be there. */
  need(method: string, path: string, call?: Call): Promise<ApiObject>;
  close(): void;
}

export function createApiClient(
  url: string,
  { caPem, ...admin }: Pick<AdminCredentials, 'caPem'> & Partial<AdminCredentials>,
): ApiClient {
  // The certificate belongs to the connection: the administrator's must not vouch for anybody else.
  const certified = new Agent({ ca: caPem, cert: admin.certPem, key: admin.keyPem, keepAlive: true });
  const others = new Agent({ ca: caPem, keepAlive: true });
  const client: ApiClient = {
    call(method, path, call = {}) {
      const { as = 'admin' } = call;
      return send(
        new URL(url + path),
        { method, agent: as === 'admin' ? certified : others, headers: headersOf(call) },
        call.body,
      );
    },
    async need(method, path, call) {
      const answer = await client.call(method, path, call);
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer.body;
    },
    close() {
      certified.destroy();
      others.destroy();
    },
  };
  return client;
}

function headersOf({ as, body, headers = {} }: Call): Record<string, string> {
  return {
    accept: 'application/json',
    ...(typeof as === 'object' ? { authorization: `Bearer ${as.token}` } : {}),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  };
}

function send(url: URL, options: RequestOptions, body: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const warnings = (response.headersDistinct['warning'] ?? []).map(warningText);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          warnings,
          text,
          body: parse(text),
        });
      });
    });
    sent.on('error', reject);
    sent.setTimeout(ANSWERED_WITHIN, () => sent.destroy(new Error(`no answer from ${url.pathname}`)));
    sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}

function warningText(header: string): string {
  return (/^299 - "(.*)"$/.exec(header)?.[1] ?? header).replaceAll(/\\(.)/g, '$1');
}

function parse(text: string): ApiObject {
  try {
    return JSON.parse(text);
  } catch {
    return Object.create(null);
  }
}
