/**
 * The same three things for each client against one cluster: its credential comes through our hook, it outlives the end
 * of a token, and it shows our line when nobody is logged in.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { lacking, testUnless } from '../support/require.ts';
import { startKeychainSession, type KeychainSession } from '../support/keychain-session.ts';
import { findClients, testUnlessAbsent, type Client } from './clients.ts';
import { missingCluster, startCluster, type Cluster, type ClusterName } from './cluster.ts';
import { setUpMachine, type Machine } from './hook.ts';
import type { Answer, Session } from './session.ts';
import { slotsFor } from './slots.ts';

/** Seconds that the first token is said to have left: long enough for a first request, and short to wait for. */
const LEFT = 5;
/** A server caches its yes to a token for ten seconds. */
const REFUSED_WITHIN = 30_000;
/** Clients at work at the same time. */
const AT_ONCE = 4;

/** Declares the tests, and one at the end that says which ran. */
export function onEachClient(name: ClusterName): void {
  const reason = missingCluster(name) ?? lacking('secret-service');
  if (reason !== undefined) return testUnless(reason)(name, () => undefined);
  let cluster: Cluster | undefined;
  let keys: KeychainSession | undefined;
  test.before(`start ${name}`, async () => {
    [cluster, keys] = await Promise.all([startCluster(name), startKeychainSession()]);
  });
  test.after.always(`stop ${name}`, async () => {
    await Promise.all([cluster?.stop(), keys?.close()]);
  });
  const slots = slotsFor(AT_ONCE);
  const outcomes = findClients().map(async (client): Promise<string> => {
    const title = `${name}: ${client.name}`;
    if (client.missing !== undefined) {
      testUnlessAbsent(client)(title, () => undefined);
      return `${client.name} skipped (${client.missing})`;
    }
    return new Promise((resolve) => {
      test(title, async (t) => {
        t.timeout(300_000);
        const free = await slots();
        let outcome = 'failed';
        try {
          if (cluster !== undefined && keys !== undefined) await tryClient(t, client, cluster, keys);
          else t.fail('the cluster did not start');
          if (t.passed) outcome = 'passed';
        } finally {
          free();
          resolve(`${client.name} ${outcome}`);
        }
      });
    });
  });
  test(`${name}: what ran`, async (t) => {
    t.timeout(600_000);
    const told = await Promise.all(outcomes);
    t.log(`matrix: Kubernetes ${cluster?.version}: ${told.join(', ')}`);
    t.deepEqual(
      told.filter((each) => !/ (?:passed|skipped \(.*\))$/.test(each)),
      [],
    );
  });
}

async function tryClient(
  t: ExecutionContext,
  client: Client,
  cluster: Cluster,
  keys: KeychainSession,
): Promise<void> {
  const bot = await cluster.makeBot();
  const machine = await setUpMachine(cluster, bot, keys, client.manners.apiVersion);
  t.teardown(machine.cleanup);
  const before = await bot.exchanges();
  const session = await client.start(machine.env);
  try {
    await machine.serve(bot.earlier.token, LEFT);
    const ends = Date.now() + LEFT * 1000;
    const earlier = { user: bot.username, credential: [bot.earlier.id] };
    for (const how of ['ask', 'ask', 'reload', 'ask'] as const) t.deepEqual(await session.ask(how), earlier);
    t.is(await bot.exchanges(), before, 'coming back for a token that lives costs no exchange');
    await checkRuns(t, client, machine, 1);

    await sleep(Math.max(0, ends - Date.now()) + 1000);
    await bot.earlier.revoke();
    await machine.expire();
    const renewed = await outlive(session, client, bot.earlier.id);
    t.is(renewed.user, bot.username, JSON.stringify(renewed));
    t.notDeepEqual(renewed.credential, [bot.earlier.id]);
    t.deepEqual(await session.ask(), renewed);
    t.is(await bot.exchanges(), before + 1, 'the end of a token costs one exchange');
    await checkRuns(t, client, machine, 2);
  } finally {
    await session.end();
  }
  await checkLoggedOut(t, client, machine);
}

/** What the client says to the hook, and how often it runs it. */
async function checkRuns(t: ExecutionContext, client: Client, machine: Machine, most: number): Promise<void> {
  const runs = await machine.runs();
  for (const info of runs) t.regex(info, client.manners.execInfo);
  if (client.manners.runsOnce) t.is(runs.length, most, 'one run of the hook a token');
  else t.true(runs.length >= most, 'the hook ran');
}

/** At once, but for a client that needs to be refused first. */
async function outlive(session: Session, { manners }: Client, earlier: string): Promise<Answer> {
  for (const end = Date.now() + REFUSED_WITHIN; ;) {
    const answer = await session.ask();
    if (answer.credential?.[0] !== earlier || !manners.needsRefusal || Date.now() > end) return answer;
    await sleep(500);
  }
}

async function checkLoggedOut(t: ExecutionContext, client: Client, machine: Machine): Promise<void> {
  t.like(await machine.plugin(['logout', 'prod']), { code: 0, stderr: '' });
  const line = 'kubectl-sa-token: prod: no source token in keychain; kubectl sa-token login prod';
  if (client.kubectl !== undefined) {
    const { code, stdout, stderr } = await machine.exec(client.kubectl, ['get', 'pods']);
    t.deepEqual([code, stdout], [1, '']);
    t.is(stderr.split(line).length, 2, `our line, once:\n${stderr}`);
    return;
  }
  const session = await client.start(machine.env);
  const answer = await session.ask().catch((error: unknown): Answer => ({ error: String(error) }));
  const stderr = await session.end();
  t.truthy(answer.error, 'nobody is logged in');
  t.true(`${stderr}${answer.error}`.includes(line), `our line:\n${stderr}\n${answer.error}`);
}
