/**
 * A token that dies while it is in use: what each client that comes back for another then takes, in requests and in
 * exchanges, with the plugin's ladder of 5, 10, 20 and 60 s between two exchanges that a client's return causes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { startControlPlane, type ControlPlane } from '../cluster/control-plane.ts';
import { lacking, testUnless } from '../support/require.ts';
import { startKeychainSession, type KeychainSession } from '../support/keychain-session.ts';
import { findProgram } from './cache.ts';
import { findClients, testUnlessAbsent, type Client } from './clients.ts';
import { clusterOf, exchangeTimes, missingCluster, type Bot } from './cluster.ts';
import { startController } from './controller.ts';
import { setUpMachine, type Machine } from './hook.ts';
import type { Session } from './session.ts';
import { slotsFor } from './slots.ts';

const LADDER_SECONDS = [5, 10, 20];
const LAST_RUNG_SECONDS = 60;
const GIVEN_UP_AFTER = 90_000;

/** All tests run at the same time, but one keychain does not bear the logins of all. */
const slots = slotsFor(2);

let plane: ControlPlane;
let keys: KeychainSession;

const reason = missingCluster('newest') ?? lacking('secret-service');
if (reason === undefined) {
  test.before('start', async () => {
    [plane, keys] = await Promise.all([startControlPlane({ minor: 'newest' }), startKeychainSession()]);
  });
  test.after.always('stop', async () => {
    await Promise.all([plane?.stop(), keys?.close()]);
  });
  const clients = findClients();
  for (const client of clients.filter(({ manners }) => manners.heals)) describeRecovery(client);
  for (const client of clients.filter(({ manners }) => manners.runsEachTime))
    for (const pace of [1, 12]) describeSteadiness(client, pace);
  describeLease();
} else testUnless(reason)('recovery', () => undefined);

function describeRecovery(client: Client): void {
  testUnlessAbsent(client)(`${client.name} recovers when its token is refused`, async (t) => {
    t.timeout(400_000);
    const { bot, machine, session } = await begin(t, client);
    const told = [];
    for (const [event, happen] of [
      ['its Secret was made again', () => remakeSecret(bot)],
      ['a new login', () => replaceSecret(bot, machine)],
    ] as const) {
      const issued = await machine.cached();
      await happen();
      await untilRefused(issued);
      const before = await bot.exchanges();
      const { seconds, requests } = await untilAnswered(session, client, bot);
      const exchanges = (await bot.exchanges()) - before;
      told.push(`after ${event} ${seconds.toFixed(1)} s, ${requests} requests, ${exchanges} exchanges`);
      t.true(exchanges <= mostExchanges(seconds), `${told.at(-1)}: at most one a rung`);
    }
    t.log(`matrix: recovery of ${client.name}: ${told.join('; ')}`);
  });
}

/** With a token that nobody refuses. */
function describeSteadiness(client: Client, pace: number): void {
  const title = `${client.name}, asked every ${pace} s, costs one exchange a rung, and one a minute in the end`;
  testUnlessAbsent(client)(title, async (t) => {
    t.timeout(400_000);
    const { bot, session } = await begin(t, client);
    let times: number[] = [];
    // The first is that of the login, and the last ends a minute's interval.
    while (times.length < LADDER_SECONDS.length + 2) {
      t.is((await session.ask()).user, bot.username);
      await sleep(pace * 1000);
      times = await exchangeTimes(plane, bot.namespace);
    }
    const gaps = times.slice(1).map((time, nth) => (time - (times[nth] ?? 0)) / 1000);
    const told = gaps.map((gap) => `${gap.toFixed(1)} s`).join(', ');
    t.log(`matrix: ${client.name}, asked every ${pace} s: exchanges after ${told}`);
    // A clock that is read in whole seconds may be one behind.
    t.true(
      gaps.every((gap, nth) => gap > (LADDER_SECONDS[nth] ?? LAST_RUNG_SECONDS) - 1),
      told,
    );
  });
}

function describeLease(): void {
  const found = findProgram('controller-runtime');
  testUnless('missing' in found ? found.missing : undefined, 'skip')(
    'controller-runtime keeps its lease through two refusals, 20 s apart',
    async (t) => {
      t.timeout(400_000);
      if ('missing' in found) return;
      const bot = await clusterOf(plane).makeBot();
      const machine = await machineFor(t, bot);
      await allowLeases(bot);
      const controller = await startController(found.command, bot.namespace, machine.env);
      t.teardown(async () => void (await controller.end()));
      const before = await bot.exchanges();
      let second = Number.POSITIVE_INFINITY;
      const watched = longestGap(bot, (renewed) => controller.lost() || renewed > second);
      const refusals: number[] = [];
      for (let nth = 0; nth < 2; nth++) {
        // The server may keep its yes for 10 s more.
        if (nth > 0) await sleep(12_000);
        const issued = await machine.cached();
        await remakeSecret(bot);
        await untilRefused(issued);
        refusals.push(Date.now());
      }
      const [first = 0] = refusals;
      second = refusals[1] ?? 0;
      const gap = await watched;
      t.is(controller.lost() ? await controller.end() : undefined, undefined, 'it is still the leader');
      t.is((await bot.exchanges()) - before, 2, 'each refusal costs one exchange');
      t.log(
        `matrix: controller-runtime: two refusals ${((second - first) / 1000).toFixed(0)} s apart, 2 exchanges, ` +
          `lease not renewed for ${(gap / 1000).toFixed(1)} s at most`,
      );
    },
  );
}

async function machineFor(t: ExecutionContext, bot: Bot, client?: Client): Promise<Machine> {
  const machine = await inTurn(() => setUpMachine(clusterOf(plane), bot, keys, client?.manners.apiVersion));
  t.teardown(machine.cleanup);
  return machine;
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const free = await slots();
  try {
    return await work();
  } finally {
    free();
  }
}

async function begin(t: ExecutionContext, client: Client) {
  const bot = await clusterOf(plane).makeBot();
  const machine = await machineFor(t, bot, client);
  const session = await client.start(machine.env);
  t.teardown(async () => void (await session.end()));
  const { user, error } = await session.ask();
  t.is(user, bot.username, error);
  return { bot, machine, session };
}

/** The same token is good again, but what was bound to the old Secret is not. */
async function remakeSecret({ namespace }: Bot): Promise<void> {
  await plane.need('DELETE', `/api/v1/namespaces/${namespace}/secrets/bot-token`);
  await plane.makeLegacyToken({ namespace, serviceAccount: 'bot', secretName: 'bot-token' });
}

async function replaceSecret({ namespace }: Bot, machine: Machine): Promise<void> {
  await plane.need('DELETE', `/api/v1/namespaces/${namespace}/secrets/bot-token`);
  const made = await plane.makeLegacyToken({ namespace, serviceAccount: 'bot', secretName: 'bot-token-2' });
  await inTurn(() => machine.logIn(made.token));
}

async function untilRefused(token: string): Promise<void> {
  for (const end = Date.now() + GIVEN_UP_AFTER; ; await sleep(100)) {
    const { status } = await plane.call('GET', '/api', { as: { token } });
    if (status === 401) return;
    if (Date.now() > end) throw new Error(`the token is still answered with ${status}`);
  }
}

/** Asks once a second. */
async function untilAnswered(session: Session, { manners }: Client, bot: Bot) {
  const since = Date.now();
  let how: 'ask' | 'reload' = 'ask';
  for (let requests = 1; ; requests++) {
    const answer = await session.ask(how);
    const seconds = (Date.now() - since) / 1000;
    if (answer.user === bot.username) return { seconds, requests };
    if (seconds * 1000 > GIVEN_UP_AFTER) throw new Error(`still refused after ${seconds} s: ${answer.error}`);
    if (manners.heals === 'reload') how = 'reload';
    await sleep(1000);
  }
}

/** The most exchanges that the ladder allows in so many seconds: one at once, and one a rung. */
function mostExchanges(seconds: number): number {
  for (let [exchanges, left] = [1, seconds]; ; exchanges++) {
    left -= LADDER_SECONDS[exchanges - 1] ?? LAST_RUNG_SECONDS;
    if (left < 0) return exchanges;
  }
}

async function allowLeases({ namespace }: Bot): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const rules = [
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
    { apiGroups: ['events.k8s.io', ''], resources: ['events'], verbs: ['create', 'patch'] },
  ];
  await plane.need('POST', `${rbac}/roles`, { body: { metadata: { name: 'leader' }, rules } });
  await plane.need('POST', `${rbac}/rolebindings`, {
    body: {
      metadata: { name: 'leader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'leader' },
      subjects: [{ kind: 'ServiceAccount', namespace, name: 'bot' }],
    },
  });
}

/** The longest time between two renewals of the lease, in milliseconds, until one of them is the last. */
async function longestGap(bot: Bot, isLast: (renewed: number) => boolean): Promise<number> {
  let longest = 0;
  for (let renewed = await renewedAt(bot); !isLast(renewed); await sleep(200)) {
    const next = await renewedAt(bot);
    longest = Math.max(longest, next - renewed);
    renewed = next;
  }
  return longest;
}

async function renewedAt({ namespace }: Bot): Promise<number> {
  const lease = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/controller`;
  const { text } = await plane.call('GET', lease);
  return Date.parse(JSON.parse(text).spec.renewTime);
}
