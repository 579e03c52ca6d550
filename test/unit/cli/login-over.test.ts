/** A login over another one: what it may replace, whom it asks, and the stored tokens that it can take over. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { testWith } from '../../support/require.ts';
import { withRobot, type Scene as Robot } from '../../support/robot.ts';
import { failed, fingerprint, setScene, withKeychain, type Scene } from '../../support/keychain-scene.ts';

const withTerminal = testWith('secret-service', 'pty').serial;

interface TwoServers extends Scene {
  other: Robot;
  /** Flags that name the other server. */
  there: string[];
  profiles: () => string;
  editProfiles: (change: (text: string) => string) => void;
}

/** `prod` is logged in to the first of two servers. */
async function twoServers(t: ExecutionContext): Promise<TwoServers> {
  const [scene, other] = [await setScene(t), await withRobot(t)];
  t.like(await scene.login('prod'), { code: 0, stderr: '' });
  writeFileSync(join(scene.home, 'other.crt'), other.server.caPem);
  const file = join(scene.home, '.kube/sa-token.yaml');
  const profiles = () => readFileSync(file, 'utf8');
  return {
    ...scene,
    other,
    there: ['--server', other.server.url, '--certificate-authority', 'other.crt'],
    profiles,
    editProfiles: (change) => writeFileSync(file, change(profiles()), { mode: 0o600 }),
  };
}

/** Runs what must be refused, and looks whether the profile, its item and its cached token are as before. */
async function unchanged(t: ExecutionContext, scene: TwoServers, work: () => Promise<void>): Promise<void> {
  const state = async () => ({
    kept: await scene.kept(),
    profiles: scene.profiles(),
    entry: scene.kube('cache/sa-token/prod.entry'),
    asked: [scene.server.requests.length, scene.other.server.requests.length],
  });
  const before = await state();
  await work();
  t.deepEqual(await state(), before);
}

withKeychain('a login over a profile of another server: refused in a pipe, done with --force', async (t) => {
  const scene = await twoServers(t);
  const { run, other, server, there } = scene;
  const go = (...more: string[]) =>
    run(['login', 'prod', ...there, '--token-stdin', ...more], { stdin: other.robot.token });
  await unchanged(t, scene, async () => {
    failed(
      t,
      await go(),
      2,
      `profile "prod" has a login already: it is for ${server.url}, not ${other.server.url}. Nothing was sent or changed; add --force to replace it, or take another profile name`,
    );
  });
  t.like(await go('--force'), { code: 0, stderr: '' });
  t.deepEqual(await scene.kept(), { prod: fingerprint(other.robot.token) });
  t.regex(scene.profiles(), new RegExp(`server: ${other.server.url}\n`));
  t.like(await run(['get-token', 'prod', '--force-refresh']), { code: 0, stderr: '' });
});

withKeychain('a login over a profile of another account is refused likewise', async (t) => {
  const scene = await twoServers(t);
  const { server } = scene;
  const ci = await server.cluster.createRobot({ namespace: 'team-b', name: 'ci' });
  const account = ['-n', 'team-b', '--service-account', 'ci'];
  await unchanged(t, scene, async () => {
    failed(
      t,
      await scene.login('prod', [], ci.token),
      2,
      /: the token is of team-b\/ci, but profile "prod" is for team-a\/robot; /,
    );
    failed(
      t,
      await scene.login('prod', account, ci.token),
      2,
      /^kubectl-sa-token: profile "prod" has a login already: it is for team-a\/robot, not team-b\/ci\. Nothing/,
    );
  });
  t.like(await scene.login('prod', [...account, '--force'], ci.token), { code: 0, stderr: '' });
  t.deepEqual(await scene.kept(), { prod: fingerprint(ci.token) });
});

withKeychain('a new token of the same server and account is no question', async (t) => {
  const scene = await twoServers(t);
  const of = { namespace: 'team-a', serviceAccount: 'robot', secretName: 'second' };
  const second = await scene.server.cluster.createSecretToken(of);
  t.like(await scene.login('prod', [], second.token), { code: 0, stderr: '' });
  t.deepEqual(await scene.kept(), { prod: fingerprint(second.token) });
});

withKeychain('--no-verify replaces no token without --force, and the same token always', async (t) => {
  const scene = await twoServers(t);
  const account = ['-n', 'team-a', '--service-account', 'robot', '--no-verify'];
  await unchanged(t, scene, async () => {
    failed(
      t,
      await scene.login('prod', account, 'junk'),
      2,
      'profile "prod" has a login already: a token is stored, and --no-verify would replace it with one that nothing has proved. Nothing was sent or changed; add --force to replace it, or take another profile name',
    );
  });
  t.like(await scene.login('prod', account), { code: 0, stderr: '' });
  t.like(await scene.login('prod', [...account, '--force'], 'junk'), { code: 0, stderr: '' });
  t.deepEqual(await scene.kept(), { prod: fingerprint('junk') });
});

withKeychain('a trial with a token that is none leaves the token of another profile alone', async (t) => {
  const scene = await twoServers(t);
  const account = ['-n', 'team-a', '--service-account', 'robot', '--no-verify'];
  t.like(await scene.login('trial', account, 'junk'), { code: 0, stderr: '' });
  t.deepEqual(await scene.kept(), { prod: fingerprint(scene.robot.token), trial: fingerprint('junk') });
  t.like(await scene.run(['get-token', 'prod', '--force-refresh']), { code: 0, stderr: '' });
  t.like(await scene.run(['logout', 'trial', '--forget']), { code: 0, stderr: '' });
  t.deepEqual(await scene.kept(), { prod: fingerprint(scene.robot.token) });
});

withKeychain(
  'a profile that was led elsewhere by hand: nothing is sent, and a login takes the token along',
  async (t) => {
    const scene = await twoServers(t);
    const { run, server, other } = scene;
    const account = { namespace: 'team-a', name: 'robot' };
    const token = server.cluster.registerOpaqueToken({ namespace: 'team-a', serviceAccount: 'robot' });
    other.server.cluster.opaqueTokens.set(token, account);
    t.like(await scene.login('prod', [], token), { code: 0, stderr: '' });
    scene.editProfiles((text) =>
      text
        .replace(server.url, other.server.url)
        .replace(join(scene.home, 'ca.crt'), join(scene.home, 'other.crt')),
    );
    await unchanged(t, scene, async () => {
      failed(
        t,
        await run(['get-token', 'prod']),
        2,
        `profile "prod": the stored token was not sent, since the profile now has another server (${server.url}, now ${other.server.url}) and another CA (file ${scene.home}/ca.crt, now file ${scene.home}/other.crt); to use it so, if you trust that: kubectl sa-token login prod --from-profile prod`,
      );
      failed(
        t,
        await run(['login', 'prod', '--from-profile', 'prod']),
        2,
        new RegExp(
          `: the stored token is for ${server.url}, not ${other.server.url}\\. Nothing was sent or changed; add --force`,
        ),
      );
    });
    t.like(await run(['login', 'prod', '--from-profile', 'prod', '--force']), { code: 0, stderr: '' });
    t.like(await run(['get-token', 'prod']), { code: 0, stderr: '' });
  },
);

withKeychain('a CA that moved: the line says so, and a login takes the token along', async (t) => {
  const scene = await twoServers(t);
  writeFileSync(join(scene.home, 'moved.crt'), scene.server.caPem);
  scene.editProfiles((text) => text.replace('/ca.crt', '/moved.crt'));
  failed(
    t,
    await scene.run(['get-token', 'prod']),
    2,
    /: the stored token was not sent, since the profile now has another CA \(file \S+\/ca\.crt, now file \S+\/moved\.crt\); /,
  );
  t.like(await scene.run(['login', 'prod', '--from-profile', 'prod']), { code: 0, stderr: '' });
  t.like(await scene.run(['get-token', 'prod']), { code: 0, stderr: '' });
  // The same file with another content is no other CA.
  writeFileSync(join(scene.home, 'moved.crt'), `# renewed\n${scene.server.caPem}`);
  t.like(await scene.run(['get-token', 'prod', '--force-refresh']), { code: 0, stderr: '' });
});

withKeychain('--from-profile: another profile with the token that is stored', async (t) => {
  const scene = await twoServers(t);
  t.like(await scene.run(['login', 'istio', '--from-profile', 'prod', '--audience', 'istio']), {
    code: 0,
    stderr: '',
  });
  const token = fingerprint(scene.robot.token);
  t.deepEqual(await scene.kept(), { istio: token, prod: token });
  t.like(await scene.run(['get-token', 'istio']), { code: 0, stderr: '' });
  t.like(await scene.run(['logout', 'prod', '--forget']), { code: 0, stderr: '' });
  t.like(await scene.run(['get-token', 'istio', '--force-refresh']), { code: 0, stderr: '' });

  failed(
    t,
    await scene.run(['login', 'new', '--from-profile', 'none']),
    2,
    /: there is no profile "none" in /,
  );
  t.like(await scene.run(['logout', 'istio']), { code: 0 });
  failed(
    t,
    await scene.run(['login', 'new', '--from-profile', 'istio']),
    3,
    'istio: no source token in keychain; kubectl sa-token login istio',
  );
  failed(
    t,
    await scene.run(['login', 'new', '--from-profile', 'istio', '--token-stdin']),
    2,
    '--token-stdin and --from-profile exclude each other; see "kubectl sa-token login --help"',
  );
});

withKeychain('--from-profile sends the token to no other server without --force', async (t) => {
  const scene = await twoServers(t);
  const { other, there } = scene;
  await unchanged(t, scene, async () => {
    failed(
      t,
      await scene.run(['login', 'new', '--from-profile', 'prod', ...there]),
      2,
      new RegExp(`: the stored token is for ${scene.server.url}, not ${other.server.url}\\. `),
    );
  });
});

withKeychain('a token that is given leads back to the keychain from any other source', async (t) => {
  const scene = await twoServers(t);
  const { run, home, robot } = scene;
  writeFileSync(join(home, 'token'), robot.token, { mode: 0o600 });
  t.like(await run(['login', 'prod', '--source-command', 'cat ~/token']), {
    code: 0,
    stderr: 'warning: the source token of "prod" was removed from the keychain\n',
  });
  t.deepEqual(await scene.kept(), {});
  t.regex(scene.profiles(), /source-command: cat ~\/token/);
  t.like(await run(['login', 'prod', '--token-file', 'token']), { code: 0, stderr: '' });
  t.deepEqual(await scene.kept(), { prod: fingerprint(robot.token) });
  t.notRegex(scene.profiles(), /source-/);
  t.like(await run(['get-token', 'prod', '--force-refresh']), { code: 0, stderr: '' });
});

withKeychain('a keychain item that somebody garbled, or a newer version stored', async (t) => {
  const scene = await twoServers(t);
  const put = (stdin: string) =>
    scene.sandbox.exec(
      'secret-tool',
      ['store', '--label', 'x', 'service', 'kubectl-sa-token', 'username', 'prod'],
      { stdin },
    );
  const get = () => scene.run(['get-token', 'prod', '--force-refresh']);
  const way = { server: scene.server.url, trust: 'system' };
  const item = { version: 1, way, token: 'x' };
  for (const garbled of ['two words', scene.robot.token, '{}', JSON.stringify({ ...item, token: 'a b' })]) {
    await put(garbled);
    failed(
      t,
      await get(),
      3,
      'the keychain item of profile "prod" is not what this plugin stored; replace it: kubectl sa-token login prod --force',
    );
  }
  failed(
    t,
    await scene.login('prod'),
    2,
    /: its keychain item cannot be read\. Nothing was sent or changed; add --force/,
  );
  t.like(await scene.login('prod', ['--force']), { code: 0, stderr: '' });
  t.like(await get(), { code: 0, stderr: '' });

  await put(JSON.stringify({ ...item, version: 2 }));
  failed(
    t,
    await get(),
    3,
    'the keychain item of profile "prod" was stored by a newer version of this plugin; upgrade it',
  );
});

withKeychain(
  'an item of the old naming is taken over once, by each profile that it belongs to',
  async (t) => {
    const scene = await twoServers(t);
    t.like(await scene.run(['login', 'twin', '--from-profile', 'prod']), { code: 0 });
    const token = scene.robot.token;
    const { exec } = scene.sandbox;
    const old = `team-a/robot@${scene.server.url}`;
    const ours = ['service', 'kubectl-sa-token', 'username'];
    for (const name of ['prod', 'twin']) await exec('secret-tool', ['clear', ...ours, name]);
    await exec('secret-tool', ['store', '--label', 'x', ...ours, old], { stdin: token });
    t.like(await scene.run(['get-token', 'prod', '--force-refresh']), { code: 0, stderr: '' });
    t.deepEqual(await scene.kept(), { prod: fingerprint(token), twin: fingerprint(token) });
  },
);

withKeychain('two profile files with one profile name have an item each', async (t) => {
  const scene = await twoServers(t);
  const second = { env: { KUBECTL_SA_TOKEN_CONFIG: join(scene.home, 'second.yaml') } };
  const { other, there } = scene;
  const words = ['login', 'prod', ...there, '--token-stdin'];
  t.like(await scene.run(words, { ...second, stdin: other.robot.token }), { code: 0, stderr: '' });
  t.deepEqual(await scene.kept(), {
    prod: fingerprint(scene.robot.token),
    [`prod in ${scene.home}/second.yaml`]: fingerprint(other.robot.token),
  });
  t.like(await scene.run(['logout', '--all'], second), { code: 0, stderr: '' });
  t.deepEqual(await scene.kept(), { prod: fingerprint(scene.robot.token) });
});

withKeychain('a variable that was left over leads no token elsewhere, and is named', async (t) => {
  const scene = await twoServers(t);
  const { server, other } = scene;
  const has = `profile "prod" has server ${server.url}, and this call has server ${other.server.url}. A profile's source token goes where its profile says`;
  await unchanged(t, scene, async () => {
    const env = { KUBECTL_SA_TOKEN_SERVER: other.server.url };
    failed(
      t,
      await scene.run(['get-token', 'prod', '--force-refresh'], { env }),
      2,
      `${has}; unset KUBECTL_SA_TOKEN_SERVER`,
    );
    failed(
      t,
      await scene.run(['get-token', 'prod', '--force-refresh', '--server', other.server.url]),
      2,
      `${has}; leave out --server, or log in to another profile with it`,
    );
    failed(
      t,
      await scene.run(['get-token', 'prod', '--source-command', 'echo secret-words', '-o', 'token']),
      2,
      /: profile "prod" has no source-command, and this call has a source-command of its own\. /,
    );
  });
  const env = { KUBECTL_SA_TOKEN_SERVER: server.url };
  t.like(await scene.run(['get-token', 'prod', '--force-refresh'], { env }), { code: 0, stderr: '' });
});

withTerminal('a person is asked before a login is replaced', async (t) => {
  const scene = await twoServers(t);
  const { other, there, sandbox } = scene;
  writeFileSync(join(scene.home, 'token'), other.robot.token, { mode: 0o600 });
  const words = ['login', 'prod', ...there, '--token-file', 'token'];
  const expect = `This replaces the login of "prod": it is for ${scene.server.url}, not ${other.server.url}. Replace it? [y/N] `;
  await unchanged(t, scene, async () => {
    for (const send of ['\r', 'n\r', '\u0003']) {
      const no = await sandbox.runInTerminal(words, { script: [{ expect, send }] });
      t.like(no, { code: 1, missed: null });
      t.regex(no.transcript, /\nkubectl-sa-token: interrupted; nothing was written\r\n$/);
    }
  });
  const yes = await sandbox.runInTerminal(words, { script: [{ expect, send: 'y\r' }] });
  t.like(yes, { code: 0, missed: null });
  t.deepEqual(await scene.kept(), { prod: fingerprint(other.robot.token) });
});

withTerminal('a person is offered the stored token for the way that the profile has now', async (t) => {
  const scene = await twoServers(t);
  writeFileSync(join(scene.home, 'moved.crt'), scene.server.caPem);
  scene.editProfiles((text) => text.replace('/ca.crt', '/moved.crt'));
  const expect = 'Use that token for it? [y/N] ';
  const yes = await scene.sandbox.runInTerminal(['login', 'prod'], { script: [{ expect, send: 'yes\r' }] });
  t.like(yes, { code: 0, missed: null });
  t.regex(
    yes.transcript,
    /^The token that is stored for "prod" goes to \S+; this login has another CA \(file \S+, now file \S+\)\. Use/,
  );
  t.like(await scene.run(['get-token', 'prod']), { code: 0, stderr: '' });

  // Who says no is asked for a token.
  scene.editProfiles((text) => text.replace('/moved.crt', '/ca.crt'));
  const prompt = 'Token of the ServiceAccount for "prod" (not shown): ';
  const no = await scene.sandbox.runInTerminal(['login', 'prod'], {
    script: [
      { expect, send: 'n\r' },
      { expect: prompt, send: `${scene.robot.token}\r` },
    ],
  });
  t.like(no, { code: 0, missed: null, echoAtStep: [false, false] });
});
