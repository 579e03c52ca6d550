import test from 'ava';
import https from 'node:https';
import { startAttacker } from './attacker.ts';
import { call } from './http-client.ts';

test('it ends the tunnels of its proxy itself, and reads what is sent to another server', async (t) => {
  const attacker = await startAttacker(['kube.example']);
  t.teardown(attacker.close);
  const proxyEnv = { HTTPS_PROXY: `http://localhost:${attacker.port}` };
  const agent = new https.Agent({ proxyEnv });
  t.teardown(() => agent.destroy());
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const options = {
      method: 'POST',
      agent,
      ca: attacker.caPem,
      headers: { Authorization: 'Bearer secret-1' },
    };
    const request = https.request('https://kube.example/api', options, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    });
    request.once('error', reject);
    request.end('secret-2');
  });
  t.is(status, 403);
  t.deepEqual(attacker.requests, ['CONNECT kube.example:443', 'POST /api']);
  t.regex(attacker.received(), /Bearer secret-1[^]*secret-2/);
});

test('it is a server too, and starts with an empty record after a reset', async (t) => {
  const attacker = await startAttacker();
  t.teardown(attacker.close);
  const { status } = await call(`https://localhost:${attacker.port}/version`, {
    method: 'GET',
    token: 'secret-3',
    caPem: attacker.caPem,
  });
  t.is(status, 200);
  t.deepEqual([attacker.connections, attacker.requests], [1, ['GET /version']]);
  t.regex(attacker.received(), /Bearer secret-3/);
  attacker.reset();
  t.deepEqual([attacker.connections, attacker.requests, attacker.received()], [0, [], '']);
});

test('who does not trust its authority tells it nothing', async (t) => {
  const [attacker, other] = [await startAttacker(), await startAttacker()];
  t.teardown(() => Promise.all([attacker.close(), other.close()]));
  const told = call(`https://localhost:${attacker.port}/`, { token: 'secret-4', caPem: other.caPem });
  await t.throwsAsync(told, { message: /certificate/ });
  t.deepEqual([attacker.connections, attacker.requests], [1, []]);
  t.notRegex(attacker.received(), /secret-4/);
});
