/** One HTTPS request at a time, straight to a test server: what tests ask where the product is not in play. */
import https from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import type { Certificate } from './authority.ts';

export interface Call {
  method?: string;
  token?: string;
  headers?: Record<string, string>;
  /** An object goes as JSON. */
  body?: string | object;
  caPem: string;
  clientCertificate?: Certificate;
  servername?: string;
  timeoutMs?: number;
}

/** As much of a Status object as tests look at. */
export interface Status {
  kind: string;
  status: string;
  message: string;
  reason: string;
  code: number;
  details?: object;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The `Warning` headers, one by one. */
  warnings: string[];
  body: string;
  /** The body of a refusal. */
  refusal: () => Status;
}

export function call(
  url: string,
  { body, caPem, token, clientCertificate, timeoutMs = 5000, ...rest }: Call,
): Promise<Answer> {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const options: https.RequestOptions = {
    method: rest.method ?? (body === undefined ? 'GET' : 'POST'),
    ca: caPem,
    agent: false,
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(typeof body === 'object' ? { 'Content-Type': 'application/json' } : {}),
      ...rest.headers,
    },
    signal: AbortSignal.timeout(timeoutMs),
    ...(rest.servername === undefined ? {} : { servername: rest.servername }),
    ...(clientCertificate === undefined
      ? {}
      : { cert: clientCertificate.certPem, key: clientCertificate.keyPem }),
  };
  return new Promise((resolve, reject) => {
    const request = https.request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode = 0, headers, headersDistinct } = response;
        const received = Buffer.concat(chunks).toString();
        const warnings = headersDistinct['warning'] ?? [];
        resolve({
          status: statusCode,
          headers,
          warnings,
          body: received,
          refusal: () => JSON.parse(received),
        });
      });
    });
    request.once('error', reject);
    request.end(text);
  });
}
