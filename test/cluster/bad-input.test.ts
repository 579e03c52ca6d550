/** What people get wrong, or clusters are: each ends in one line that says what to do, with the exit code of its kind. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { startServer } from '../support/token-request-server.ts';
import { checkFailure } from '../e2e/support/outcome.ts';
import { MINORS, type Minor } from './assets.ts';
import type { ControlPlane } from './control-plane.ts';
import { onEachMinor, type Declare } from './each-subject.ts';
import { setUpLaptop, type Laptop } from './laptop.ts';
import { realSubject, type Bot } from './subject.ts';

const PATIENCE = 240_000;

/** A source token of each cluster, for the other one to be given. */
const tokens = Object.fromEntries(MINORS.map((minor) => [minor, Promise.withResolvers<Bot>()]));

onEachMinor((onPlane, minor) => {
  describeStrangers(onPlane, minor);
  describeAccounts(onPlane);
  describeAudience(onPlane);
  describeAddress(onPlane);
  if (minor === 'newest') describeOldServer(onPlane);
});

/** The same account name in another cluster, whose key signed the token. */
function describeStrangers(onPlane: Declare<ControlPlane>, minor: Minor): void {
  onPlane('a token of another cluster', async (t, plane) => {
    t.timeout(PATIENCE);
    tokens[minor]?.resolve(await realSubject(plane).makeBot());
    const laptop = await setUpLaptop(t, plane);
    const other = MINORS.find((name) => name !== minor) ?? minor;
    const stranger = await tokens[other]?.promise;
    t.truthy(stranger);
    const login = await laptop.logIn('prod', stranger?.token ?? '');
    const line =
      /the source token was refused \(401\): .* is for another cluster; get a new one, then run: kubectl sa-token login /;
    checkFailure(t, login, { code: 4, line });
    t.like(await laptop.plugin(['list', '-o', 'name']), { code: 0, stdout: '' }, 'no profile was made');
  });
}

function describeAccounts(onPlane: Declare<ControlPlane>): void {
  onPlane('an account without a Role', async (t, plane) => {
    t.timeout(PATIENCE);
    const laptop = await setUpLaptop(t, plane);
    const bot = await realSubject(plane).makeBot();
    await plane.need('DELETE', `${rbac(bot)}/rolebindings/token-of-bot`);
    const line =
      /may not create tokens .* \(403\): .*; let it "create" "serviceaccounts\/token" with resourceNames \[bot\]/;
    const denied = await until(4, () => laptop.logIn('prod', bot.token));
    checkFailure(t, denied, { code: 4, line });
  });

  onPlane('an account deleted and made anew', async (t, plane) => {
    t.timeout(PATIENCE);
    const laptop = await setUpLaptop(t, plane);
    const subject = realSubject(plane);
    const bot = await subject.makeBot();
    t.like(await laptop.logIn('prod', bot.token), { code: 0 });
    await subject.deleteAccount(bot);
    await plane.makeServiceAccount(bot.namespace, 'bot');
    const ask = () => laptop.plugin(['get-token', 'prod', '--force-refresh']);
    const first = await ask();
    // For some seconds the server still takes the token it knows, and looks at the UID if it is new enough; else we do.
    const line = /(?:made again:.*|was refused \(401\).*); log in (?:again )?with a (?:new )?token/;
    checkFailure(t, first, { code: 4, line });
    t.log(`in the first seconds: ${/made again|was refused \(401\)/.exec(first.stderr)?.[0]}`);
    checkFailure(t, await until(4, ask), { code: 4, line });
    await subject.deleteSecret(bot);
    await plane.makeLegacyToken({ ...bot, serviceAccount: 'bot', secretName: 'bot-token' });
    const path = `/api/v1/namespaces/${bot.namespace}/secrets/bot-token`;
    t.truthy(await plane.need('GET', path));
    const fromSecret = ['--server', plane.url, '--certificate-authority', laptop.ca];
    const again = ['login', 'prod', ...fromSecret, '--from-secret', `${bot.namespace}/bot-token`];
    t.like(await laptop.plugin(again), { code: 0 });
  });
}

/** The API server issues a token for any audience, and takes none but its own. */
function describeAudience(onPlane: Declare<ControlPlane>): void {
  onPlane('an audience that the API server does not know', async (t, plane) => {
    t.timeout(PATIENCE);
    const laptop = await setUpLaptop(t, plane);
    const bot = await realSubject(plane).makeBot();
    t.like(await laptop.logIn('prod', bot.token, ['--audience', 'nowhere']), { code: 0 });
    // A token that is younger than five seconds is not replaced: another one would be refused as well.
    await sleep(6000);
    const kubectl = await laptop.sh('kubectl --context prod get pods');
    t.is(kubectl.code, 1);
    t.regex(kubectl.stderr, /You must be logged in to the server|Unauthorized/);
    const exchanges = (await plane.auditEvents()).filter(
      ({ objectRef }) => objectRef?.namespace === bot.namespace && objectRef.subresource === 'token',
    );
    t.is(exchanges.length, 2, 'the login, and one that the 401 asked for');
    await checkTools(t, laptop, plane);
  });
}

/** What our own commands say of it: why, and what to do. */
async function checkTools(t: ExecutionContext, laptop: Laptop, plane: ControlPlane): Promise<void> {
  const why = `token audiences ["nowhere"] is invalid for the target audiences ["${plane.issuer}"]`;
  const review = await laptop.plugin(['review', 'prod', '--audience', plane.issuer, '--context', 'admin']);
  checkFailure(t, review, { code: 4, line: /./ });
  t.true(review.stderr.includes(why), review.stderr);
  const self = await laptop.plugin(['whoami', 'prod']);
  t.log(`whoami: ${self.stderr.trim()}`);
  checkFailure(t, self, { code: 4, line: /audience/ });
  const inspected = await laptop.plugin(['inspect', 'prod']);
  t.regex(inspected.stdout, /nowhere/);
}

function describeAddress(onPlane: Declare<ControlPlane>): void {
  onPlane('an address below which the API server serves nothing', async (t, plane) => {
    t.timeout(PATIENCE);
    const laptop = await setUpLaptop(t, plane);
    const bot = await realSubject(plane).makeBot();
    const login = await laptop.logIn('prod', bot.token, ['--server', `${plane.url}/kubernetes`]);
    t.log(login.stderr.trim());
    checkFailure(t, login, { code: login.code === 5 ? 5 : 4, line: /--server/ });
  });
}

const OLD = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'the server could not find the requested resource',
  reason: 'NotFound',
  details: {},
  code: 404,
};

/** No such server builds any more; what one answers is known. */
function describeOldServer(onPlane: Declare<ControlPlane>): void {
  onPlane('an API server without TokenRequest', async (t, plane) => {
    t.timeout(PATIENCE);
    const laptop = await setUpLaptop(t, plane);
    const server = await startServer({ prefix: '' });
    t.teardown(() => server.close());
    const robot = await server.cluster.createRobot({ namespace: 'team-a', name: 'robot' });
    const headers = { 'Content-Type': 'application/json' };
    server.faults.next({ status: 404, body: JSON.stringify(OLD), headers }, 10);
    const ca = `${laptop.home}/old.crt`;
    await laptop.sh(`cat >'${ca}'`, { stdin: server.caPem });
    const args = ['login', 'old', '--server', server.apiUrl, '--certificate-authority', ca, '--token-stdin'];
    const login = await laptop.plugin(args, { stdin: robot.token });
    checkFailure(t, login, {
      code: 4,
      line: /does not serve TokenRequest \(404\); it is older than Kubernetes/,
    });
  });
}

const rbac = ({ namespace }: Bot) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;

/** Runs until the exit code is the one to be seen: a server learns of what changed a moment later. */
async function until<T extends { code: number | null }>(code: number, run: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 40_000; ;) {
    const result = await run();
    if (result.code === code || Date.now() > end) return result;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
