/** What the server was asked, kept for the assertions of a test. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface RecordedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** By the server's clock, in ms. */
  at: number;
  /** 0 until the answer is out, and for good when there is none. */
  status: number;
  remotePort: number;
  /** The common name in the client's certificate, where the server asked for one. */
  clientCertificate?: string;
}

/** For other processes: bearer tokens, in the header and in a TokenReview, become digests. */
export function redacted(requests: RecordedRequest[]): RecordedRequest[] {
  return requests.map((request) => {
    const { authorization } = request.headers;
    const headers =
      authorization === undefined
        ? request.headers
        : { ...request.headers, authorization: digest(authorization) };
    return { ...request, headers, body: redactedBody(request.body) };
  });
}

/** `sha256:` and the digest of the bearer token, without its scheme. */
export function digest(authorization: string): string {
  const token = authorization.replace(/^bearer +/i, '');
  return `sha256:${createHash('sha256').update(token).digest('hex')}`;
}

function redactedBody(body: string): string {
  return body.replaceAll(/(?<="token"\s*:\s*")[^"]*/g, (token) => digest(token));
}
