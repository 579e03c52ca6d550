/** A request written out byte by byte: clients put a path in order before they send it, which is what is not wanted here. */
import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  text: string;
}

export interface RawRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** Send the body in chunks, without its length. */
  chunked?: boolean;
}

export function send(port: number, request: RawRequest): Promise<RawAnswer> {
  const { method = 'POST', path, body = '{}', chunked = false } = request;
  const framing = chunked
    ? { 'Transfer-Encoding': 'chunked' }
    : { 'Content-Length': String(Buffer.byteLength(body)) };
  const headers = { Host: 'localhost', Connection: 'close', ...framing, ...request.headers };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const sent = chunked ? `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
  return exchange(port, `${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n${sent}`);
}

/** Whatever bytes, and what comes back until the other side closes. */
export function exchange(port: number, bytes: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const done = () => {
      const text = Buffer.concat(chunks).toString();
      resolve({
        status: Number(/^HTTP\/1\.[01] (?<status>\d{3})/.exec(text)?.groups?.['status'] ?? 0),
        text,
      });
    };
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('close', done);
    // A body that is refused may meet a closed door after the answer came.
    socket.once('error', (error) => (chunks.length > 0 ? done() : reject(error)));
  });
}
