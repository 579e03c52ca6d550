import test, { type ExecutionContext } from 'ava';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { call } from './http-client.ts';
import type { RecordedRequest } from './token-request-server.ts';

interface Served {
  url: string;
  requests: string;
  namespace: string;
  serviceAccount: string;
  caFile: string;
  tokenFile: string;
}

async function serve(
  t: ExecutionContext,
  ...args: string[]
): Promise<{ child: ChildProcess; line: string; served: Served }> {
  const script = fileURLToPath(new URL('./serve.ts', import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [line = '']: string[] = await once(createInterface({ input: child.stdout }), 'line');
  const served: Served = JSON.parse(line);
  return { child, line, served };
}

test('the runnable server serves, tells what it was asked, and cleans up when stdin closes', async (t) => {
  const { child, line, served } = await serve(t);
  const [caPem, token] = [await readFile(served.caFile, 'utf8'), await readFile(served.tokenFile, 'utf8')];
  if (process.platform !== 'win32') t.is((await stat(served.tokenFile)).mode & 0o777, 0o600);
  t.false(line.includes(token));

  const url = `${served.url}/api/v1/namespaces/${served.namespace}/serviceaccounts/${served.serviceAccount}/token`;
  t.is((await call(url, { token, body: {}, caPem })).status, 201);
  const requests: RecordedRequest[] = JSON.parse((await call(served.requests, { caPem })).body);
  t.deepEqual(
    requests.map(({ method, status }) => [method, status]),
    [['POST', 201]],
  );

  const exited = once(child, 'exit');
  child.stdin?.end();
  t.deepEqual(await exited, [0, null]);
  await t.throwsAsync(stat(served.tokenFile), { code: 'ENOENT' });
});

test('SIGTERM ends it as cleanly, and alone where stdin does not count', async (t) => {
  const { child, served } = await serve(t, '--until-signal');
  child.stdin?.end();
  const caPem = await readFile(served.caFile, 'utf8');
  t.is((await call(served.requests, { caPem })).status, 200);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  t.deepEqual(await exited, [0, null]);
  await t.throwsAsync(stat(served.caFile), { code: 'ENOENT' });
});
