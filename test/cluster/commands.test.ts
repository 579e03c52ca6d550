/** `whoami`, `review`, `inspect --verify` and `doctor` against real API servers. */
import type { ExecutionContext } from 'ava';
import type { ControlPlane } from './control-plane.ts';
import { onEachMinor, type Declare } from './each-subject.ts';
import { setUpLaptop, untilOk, type Laptop } from './laptop.ts';
import { realSubject, type Bot } from './subject.ts';

onEachMinor((test) => {
  describeIdentity(test);
  describeDoctor(test);
});

async function setUp(t: ExecutionContext, plane: ControlPlane): Promise<{ laptop: Laptop; bot: Bot }> {
  t.timeout(240_000);
  const laptop = await setUpLaptop(t, plane);
  const bot = await realSubject(plane).makeBot();
  t.like(await laptop.logIn('prod', bot.token), { code: 0, stderr: '' });
  return { laptop, bot };
}

async function json(t: ExecutionContext, laptop: Laptop, ...args: string[]) {
  const { code, stdout, stderr } = await laptop.plugin([...args, '-o', 'json']);
  t.deepEqual([code, stderr], [0, ''], args.join(' '));
  return JSON.parse(stdout);
}

function describeIdentity(test: Declare<ControlPlane>): void {
  test('whoami and review know the account, and inspect its signature', async (t, plane) => {
    const { laptop, bot } = await setUp(t, plane);
    const username = `system:serviceaccount:${bot.namespace}:bot`;
    t.like(await json(t, laptop, 'whoami', 'prod'), { username, uid: bot.uid });
    t.like(await json(t, laptop, 'review', 'prod', '--context', 'admin'), {
      authenticated: true,
      username,
      audiences: [plane.issuer],
    });
    t.like(await json(t, laptop, 'review', 'prod', '--source', '--context', 'admin'), { username });

    const verified = await laptop.plugin(['inspect', 'prod', '--verify', '--context', 'admin']);
    t.deepEqual([verified.code, verified.stderr], [0, ''], verified.stdout);
    t.regex(verified.stdout, /signature/i);
  });

  test('review says why a token is refused, which a 401 hides', async (t, plane) => {
    const { laptop, bot } = await setUp(t, plane);
    await realSubject(plane).markInvalid(bot);
    let said = await laptop.plugin(['review', 'prod', '--source', '--context', 'admin']);
    // The server remembers its yes for ten seconds.
    for (const end = Date.now() + 30_000; said.code === 0 && Date.now() < end;)
      said = await laptop.plugin(['review', 'prod', '--source', '--context', 'admin']);
    t.is(said.code, 4);
    t.regex(said.stderr, /^kubectl-sa-token: .*has been marked invalid.*\n$/);
  });

  test('an account may not review tokens: the line says what it needs', async (t, plane) => {
    const { laptop } = await setUp(t, plane);
    const { code, stderr } = await laptop.plugin(['review', 'prod', '--context', 'prod']);
    t.is(code, 4);
    t.regex(stderr, /^kubectl-sa-token: .*tokenreviews.*\n$/);
    t.regex(stderr, /system:auth-delegator/);
  });
}

function describeDoctor(test: Declare<ControlPlane>): void {
  test('doctor finds a sound laptop sound, and prints the Role that is missing', async (t, plane) => {
    const { laptop, bot } = await setUp(t, plane);
    const sound = await laptop.plugin(['doctor', 'prod']);
    t.is(sound.code, 0, sound.stdout);
    t.notRegex(sound.stdout, /^FAIL/m);

    const role = `/apis/rbac.authorization.k8s.io/v1/namespaces/${bot.namespace}/roles/token-of-bot`;
    await plane.need('DELETE', role);
    let denied = await laptop.plugin(['doctor', 'prod']);
    for (const end = Date.now() + 20_000; denied.code === 0 && Date.now() < end;)
      denied = await laptop.plugin(['doctor', 'prod']);
    t.is(denied.code, 4, denied.stdout);
    t.regex(denied.stdout, /^FAIL +rbac /m);
    // What it prints below its findings is what makes them good.
    const manifest = denied.stdout.slice(denied.stdout.indexOf('apiVersion:'));
    t.like(await laptop.sh('kubectl apply -f -', { stdin: manifest }), { code: 0, stderr: '' });
    t.like(await untilOk(() => laptop.plugin(['doctor', 'prod'])), { code: 0 });
  });
}
