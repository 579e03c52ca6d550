/** A server for the length of one test. */
import type { Server } from 'node:http';
import type { ExecutionContext } from 'ava';

/** Starts it on a loopback port of its own, and stops it with the test. */
export async function listening(t: ExecutionContext, server: Server): Promise<{ port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port };
}
