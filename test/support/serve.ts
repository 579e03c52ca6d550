/**
 * `node test/support/serve.ts`: the test server for a demo or a shell test. Prints one line of JSON, serves until
 * stdin closes or a signal comes, and takes its files away; with `--until-signal` stdin does not count, as a shell gives
 * what it starts with `&` none. `GET {apiUrl}/__requests` tells what was asked of it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from './token-request-server.ts';

const NAMESPACE = 'team-a';
const ACCOUNT = 'robot';

const server = await startServer();
const folder = await mkdtemp(join(tmpdir(), 'sa-token-serve-'));
const files = {
  caFile: join(folder, 'ca.crt'),
  tokenFile: join(folder, 'token'),
  adminTokenFile: join(folder, 'admin'),
};
const robot = await server.cluster.createRobot({ namespace: NAMESPACE, name: ACCOUNT });
grantReads();

await writeFile(files.caFile, server.caPem);
await writeFile(files.tokenFile, robot.token, { mode: 0o600 });
await writeFile(files.adminTokenFile, server.adminToken, { mode: 0o600 });

let ending: Promise<void> | undefined;
process.once('SIGTERM', end).once('SIGINT', end);
if (!process.argv.includes('--until-signal')) process.stdin.once('end', end).once('close', end).resume();

const { url, apiUrl, port } = server;
const { uid, secretName, secretUid } = robot;
const account = { namespace: NAMESPACE, serviceAccount: ACCOUNT, uid, secretName, secretUid };
console.log(
  JSON.stringify({
    url,
    apiUrl,
    port,
    ...account,
    ...files,
    requests: `${apiUrl}/__requests`,
    pid: process.pid,
  }),
);

/** What a demo shows kubectl doing with an issued token. */
function grantReads(): void {
  const name = { namespace: NAMESPACE, name: ACCOUNT };
  for (const verb of ['get', 'list']) server.cluster.allowInCluster(name, { verb });
  server.cluster.allowInCluster(name, { verb: 'create', resource: 'tokenreviews' });
}

function end(): void {
  ending ??= (async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
    process.stdin.destroy();
  })();
}
