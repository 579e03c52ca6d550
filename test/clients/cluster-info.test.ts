/**
 * With `provideClusterInfo: true` the cluster's extension names the profile, and the hook's arguments do not: a client
 * has to pass the extension on as it is. Clients that pass no cluster are not here.
 */
import { join } from 'node:path';
import test from 'ava';
import { startKeychainSession, type KeychainSession } from '../support/keychain-session.ts';
import { writeKubeconfig } from '../support/kubectl.ts';
import { lacking, testUnless } from '../support/require.ts';
import { findClients, testUnlessAbsent } from './clients.ts';
import { missingCluster, startCluster, type Cluster } from './cluster.ts';
import { setUpMachine } from './hook.ts';

const TELLING = /^(?:kubectl|client-go|python|kube-rs)/;
const EXTENSION = { apiVersion: 'sa-token.kubectl/v1', profile: 'prod' };

let cluster: Cluster;
let keys: KeychainSession;

const reason = missingCluster('fake') ?? lacking('secret-service');
if (reason === undefined) {
  test.before('start', async () => {
    [cluster, keys] = await Promise.all([startCluster('fake'), startKeychainSession()]);
  });
  test.after.always('stop', async () => {
    await Promise.all([cluster?.stop(), keys?.close()]);
  });
  for (const client of findClients().filter(({ name }) => TELLING.test(name))) {
    testUnlessAbsent(client).serial(`${client.name} passes on the profile of its cluster`, async (t) => {
      t.timeout(240_000);
      const bot = await cluster.makeBot();
      const machine = await setUpMachine(cluster, bot, keys);
      t.teardown(machine.cleanup);
      await writeKubeconfig({
        path: join(machine.home, '.kube', 'config'),
        server: cluster.apiUrl,
        caPem: cluster.caPem,
        execConfig: EXTENSION,
        user: { exec: { command: 'recorder', args: ['get-token'], provideClusterInfo: true } },
      });
      const session = await client.start(machine.env);
      const answer = await session.ask();
      const stderr = await session.end();
      t.is(answer.user, bot.username, `${answer.error}\n${stderr}`);
      const [info = ''] = await machine.runs();
      t.like(JSON.parse(info).spec.cluster, { server: cluster.apiUrl, config: EXTENSION });
    });
  }
} else testUnless(reason)('the profile of a cluster', () => undefined);
