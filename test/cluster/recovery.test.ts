/** What real kubectl and the hook make of a token that dies early: revoked with its Secret, or with what it is bound to. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { oldestAndNewest, type Kubectl } from '../support/kubectl.ts';
import type { ControlPlane } from './control-plane.ts';
import { onEachMinor, type Declare } from './each-subject.ts';
import { setUpLaptop } from './laptop.ts';
import { realSubject, type Bot } from './subject.ts';

onEachMinor((test) => {
  for (const build of oldestAndNewest()) {
    describeRevocation(test, build);
    describeRecovery(test, build);
  }
});

function describeRevocation(test: Declare<ControlPlane>, build: Kubectl): void {
  test(`kubectl 1.${build.minor}: the Secret deleted, our line, and a new login`, async (t, plane) => {
    t.timeout(240_000);
    const laptop = await setUpLaptop(t, plane, build);
    const subject = realSubject(plane);
    const bot = await subject.makeBot();
    t.like(await laptop.logIn('prod', bot.token), { code: 0 });
    const kubectl = () => laptop.sh('kubectl --context prod get --raw /api');
    t.like(await kubectl(), { code: 0, stderr: '' });
    const issued = await laptop.issued('prod');

    await subject.deleteSecret(bot);
    await untilRefused(t, plane, issued, 'the Secret was deleted');
    const refused = await kubectl();
    t.is(refused.code, 1);
    const line = `kubectl-sa-token: ${bot.namespace}/bot@${plane.url}: the source token was refused (401)`;
    t.is(refused.stderr.split(line).length, 2, `our line, once:\n${refused.stderr}`);
    t.regex(refused.stderr, /get a new one, then run: kubectl sa-token login/);

    const { token } = await plane.makeLegacyToken({
      namespace: bot.namespace,
      serviceAccount: 'bot',
      secretName: 'bot-token-2',
    });
    t.like(await laptop.logIn('prod', token), { code: 0 });
    t.like(await kubectl(), { code: 0, stderr: '' });
  });
}

/** The 401 rule: the same client comes back for a token that lives, so the server refused it. */
function describeRecovery(test: Declare<ControlPlane>, build: Kubectl): void {
  test(`kubectl 1.${build.minor}: the very command that meets a dead token recovers`, async (t, plane) => {
    t.timeout(240_000);
    const { laptop, bot, before } = await meetDeadToken(t, plane, build);
    // It asks five times what there is, which it does not know yet; what it is told then takes a login.
    const { stderr } = await laptop.sh('kubectl --context prod get pods');
    t.regex(stderr, /^Error from server \(Forbidden\): .* User "system:serviceaccount:\S+:bot" cannot list/m);
    t.is((await exchanges(plane, bot)) - before, 1);
    t.like(await laptop.sh('kubectl --context prod get --raw /api'), { code: 0, stderr: '' });
    t.is((await exchanges(plane, bot)) - before, 1);
  });

  test(`kubectl 1.${build.minor}: after a command of one request, the next recovers`, async (t, plane) => {
    t.timeout(240_000);
    const { laptop, bot, before } = await meetDeadToken(t, plane, build);
    const kubectl = () => laptop.sh('kubectl --context prod get --raw /api');
    t.like(await kubectl(), {
      code: 1,
      stderr: 'error: You must be logged in to the server (Unauthorized)\n',
    });
    t.like(await kubectl(), { code: 0, stderr: '' });
    t.is((await exchanges(plane, bot)) - before, 1);
  });
}

/** A laptop whose cached token is refused, though the source token is good. */
async function meetDeadToken(t: ExecutionContext, plane: ControlPlane, build: Kubectl) {
  const laptop = await setUpLaptop(t, plane, build);
  const bot = await realSubject(plane).makeBot();
  const secrets = `/api/v1/namespaces/${bot.namespace}/secrets`;
  const session = { body: { metadata: { name: 'session' } } };
  await plane.need('POST', secrets, session);
  const bound = ['--bound-object-kind', 'Secret', '--bound-object-name', 'session'];
  t.like(await laptop.logIn('prod', bot.token, bound), { code: 0 });
  t.like(await laptop.sh('kubectl --context prod get --raw /api'), { code: 0, stderr: '' });
  await plane.need('DELETE', `${secrets}/session`);
  await plane.need('POST', secrets, session);
  await untilRefused(t, plane, await laptop.issued('prod'), 'what it is bound to was made anew');
  return { laptop, bot, before: await exchanges(plane, bot) };
}

async function untilRefused(t: ExecutionContext, plane: ControlPlane, token: string, why: string) {
  const answer = async () => (await plane.call('GET', '/api', { as: { token } })).status;
  const since = Date.now();
  while ((await answer()) !== 401 && Date.now() - since < 60_000) await sleep(100);
  t.log(`the issued token was refused ${((Date.now() - since) / 1000).toFixed(1)} s after ${why}`);
}

/** TokenRequests that gave a token. */
async function exchanges(plane: ControlPlane, { namespace }: Bot): Promise<number> {
  return (await plane.auditEvents()).filter(
    ({ objectRef, responseStatus }) =>
      objectRef?.namespace === namespace && objectRef.subresource === 'token' && responseStatus?.code === 201,
  ).length;
}
