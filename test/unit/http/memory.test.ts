/** An answer is kept in one buffer: chunks of one byte cost no more memory than the same answer in one piece. */
import { createServer, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { createAuthority, LOOPBACK } from '../../support/authority.ts';
import { execute } from '../../support/child.ts';
import { createHost, put } from '../../support/host.ts';
import { listenOnLoopback } from '../../support/loopback.ts';

const program = fileURLToPath(new URL('../../support/one-answer.ts', import.meta.url));
const head = 'HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';

/** Characters of the answer, and the peak of the memory of the process that read it, in MiB. */
async function read(t: ExecutionContext, bytes: number): Promise<{ length: number; peak: number }> {
  const host = createHost(t);
  const authority = await createAuthority('test CA');
  const { certPem, keyPem } = await authority.issue({ commonName: 'localhost', ...LOOPBACK });
  const sockets = new Set<TLSSocket>();
  const server = createServer({ cert: certPem, key: keyPem }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(`${head}${'1\r\nx\r\n'.repeat(bytes)}0\r\n\r\n`));
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = `https://localhost:${await listenOnLoopback(server)}`;
  const { code, stdout, stderr } = await execute(
    [process.execPath, program, url, put(host, 'ca.crt', authority.caPem)],
    { env: { HOME: host.home, PATH: process.env['PATH'] ?? '' }, timeoutMs: 60_000 },
  );
  t.deepEqual([code, stderr], [0, '']);
  return JSON.parse(stdout);
}

test('1 MiB in chunks of one byte takes less than 80 MiB', async (t) => {
  const small = await read(t, 100);
  const large = await read(t, 1_048_576);
  t.deepEqual([small.length, large.length], [100, 1_048_576]);
  t.log(`peak: ${small.peak.toFixed(0)} MiB, ${large.peak.toFixed(0)} MiB`);
  t.true(large.peak - small.peak < 80, `${large.peak - small.peak} MiB more`);
});
