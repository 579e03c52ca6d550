import test, { type ExecutionContext } from 'ava';
import https, { type AgentOptions } from 'node:https';
import { startConnectProxy, type ConnectProxyOptions } from './connect-proxy.ts';
import { startServer } from './token-request-server.ts';

async function setUp(t: ExecutionContext, options?: ConnectProxyOptions) {
  const [server, proxy] = [await startServer(), await startConnectProxy(options)];
  t.teardown(() => Promise.all([server.close(), proxy.close()]));
  return { server, proxy };
}

/** Through Node's own proxy support, the one that the product uses. */
function statusThrough(proxyUrl: string, url: string, ca: string): Promise<number | undefined> {
  const options: AgentOptions = { proxyEnv: { HTTPS_PROXY: proxyUrl } };
  const agent = new https.Agent(options);
  return new Promise<number | undefined>((resolve, reject) => {
    const request = https.get(url, { agent, ca }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    });
    request.once('error', reject);
  }).finally(() => agent.destroy());
}

test('a tunnel is opened and counted', async (t) => {
  const { server, proxy } = await setUp(t);
  t.is(await statusThrough(proxy.url, `${server.apiUrl}/version`, server.caPem), 200);
  t.deepEqual(proxy.connects, [`localhost:${server.port}`]);
  t.deepEqual(proxy.tunnels, proxy.connects);
});

test('credentials are asked for, and taken from the URL', async (t) => {
  const { server, proxy } = await setUp(t, { credentials: { username: 'user', password: 'word' } });
  await t.throwsAsync(statusThrough(proxy.url, `${server.apiUrl}/version`, server.caPem), { message: /407/ });
  t.deepEqual([proxy.connects.length, proxy.tunnels.length, server.connections], [1, 0, 0]);
  t.is(await statusThrough(proxy.urlWithCredentials, `${server.apiUrl}/version`, server.caPem), 200);
  t.is(proxy.tunnels.length, 1);
});

test('a target that is not there is a 502', async (t) => {
  const { server, proxy } = await setUp(t);
  await server.close();
  await t.throwsAsync(statusThrough(proxy.url, `${server.apiUrl}/version`, server.caPem), { message: /502/ });
});
