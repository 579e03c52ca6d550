import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failed, fingerprint, setScene, withKeychain } from '../../../support/keychain-scene.ts';

const removed = 'source token removed from the keychain';
/** What is left of a profile that is logged out. */
const FILES = ['sa-token.yaml'];

withKeychain('a logout takes the source token and what was cached, and leaves the profile', async (t) => {
  const scene = await setScene(t);
  const { run, login } = scene;
  await login('prod');
  await run(['get-token', 'prod', '--audience', 'istio']);
  t.deepEqual(await scene.kept(), { prod: fingerprint(scene.robot.token) });
  const result = await run(['logout', 'prod']);
  t.deepEqual(
    { code: result.code, stdout: result.stdout, stderr: result.stderr },
    { code: 0, stdout: `logged out of "prod": ${removed}; 2 cached tokens removed\n`, stderr: '' },
  );
  t.deepEqual(await scene.kept(), {});
  t.deepEqual(scene.files(), FILES);
  const after = await run(['get-token', 'prod']);
  t.like(after, { code: 3, stdout: '' });
  t.is(after.stderr, 'kubectl-sa-token: prod: no source token in keychain; kubectl sa-token login prod\n');
  const again = await run(['logout', 'prod']);
  t.is(again.stdout, 'logged out of "prod": there was no source token in the keychain; nothing was cached\n');
  // The profile needs no more than the token.
  const words = ['login', 'prod', '--token-stdin'];
  t.like(await run(words, { stdin: scene.robot.token }), { code: 0, stderr: '' });
});

withKeychain('--forget takes the profile too, and leaves the others with their comments', async (t) => {
  const scene = await setScene(t);
  await scene.login('prod');
  await scene.login('other');
  const file = join(scene.home, '.kube/sa-token.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('  other:', '  # keep me\n  other:'), {
    mode: 0o600,
  });
  const result = await scene.run(['logout', 'prod', '--forget']);
  t.is(result.stdout, `logged out of "prod": ${removed}; 1 cached token removed; profile removed\n`);
  t.deepEqual(await scene.kept(), { other: fingerprint(scene.robot.token) });
  t.regex(scene.kube('sa-token.yaml') ?? '', /^ {2}# keep me\n {2}other:$/m);
  t.notRegex(scene.kube('sa-token.yaml') ?? '', /prod/);
});

withKeychain('--forget names the user of the kubeconfig that is left with nothing', async (t) => {
  const scene = await setScene(t);
  for (const name of ['a', 'b']) await scene.login(name);
  t.is((await scene.run(['kubeconfig', 'a', '--user', 'the robot'])).code, 0);
  t.is((await scene.run(['logout', 'b', '--forget'])).stderr, '');
  t.is(
    (await scene.run(['logout', 'a', '--forget'])).stderr,
    `user "the robot" of the kubeconfig still names "a"; remove it: kubectl config delete-user 'the robot'\n`,
  );
});

withKeychain('--all leaves nothing of any profile', async (t) => {
  const scene = await setScene(t);
  await scene.login('a');
  await scene.login('b', ['--audience', 'istio']);
  const result = await scene.run(['logout', '--all']);
  t.is(result.code, 0);
  t.is(
    result.stdout,
    `logged out of "a": ${removed}; 1 cached token removed\nlogged out of "b": ${removed}; 1 cached token removed\n`,
  );
  t.deepEqual(await scene.kept(), {});
  t.deepEqual(scene.files(), FILES);
  t.like(await scene.run(['logout', '--all', '--forget']), { code: 0, stderr: '' });
  t.like(await scene.run(['list', '-o', 'name']), { code: 0, stdout: '' });
});

withKeychain('a token that lies elsewhere stays there', async (t) => {
  const scene = await setScene(t);
  const flags = ['--server', scene.server.url, '--certificate-authority', 'ca.crt', '--source-file', 'token'];
  writeFileSync(join(scene.home, 'token'), scene.robot.token);
  t.like(await scene.run(['login', 'prod', ...flags]), { code: 0, stderr: '' });
  const result = await scene.run(['logout', 'prod']);
  t.is(
    result.stdout,
    'logged out of "prod": the source token stays where it is (source-file); 1 cached token removed\n',
  );
  t.is(readFileSync(join(scene.home, 'token'), 'utf8'), scene.robot.token);
});

withKeychain('without a keychain a logout fails, but what was cached is gone', async (t) => {
  const scene = await setScene(t);
  await scene.login('prod');
  const result = await scene.run(['logout', 'prod'], {
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none' },
  });
  t.like(result, { code: 6, stdout: '' });
  t.regex(
    result.stderr,
    /^kubectl-sa-token: the keychain is not available: the D-Bus session does not answer; /,
  );
  t.deepEqual(scene.files(), ['sa-token.yaml', 'sa-token.yaml.stored']);
  t.deepEqual(await scene.kept(), { prod: fingerprint(scene.robot.token) });
});

withKeychain('a failure for one profile does not keep --all from the others', async (t) => {
  const scene = await setScene(t);
  writeFileSync(join(scene.home, 'token'), scene.robot.token);
  await scene.login('a');
  const flags = ['--server', scene.server.url, '--certificate-authority', 'ca.crt', '--source-file', 'token'];
  await scene.run(['login', 'b', ...flags]);
  const result = await scene.run(['logout', '--all'], {
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none' },
  });
  t.is(result.code, 6);
  t.regex(
    result.stdout,
    /^logged out of "b": the source token stays where it is \(source-file\); 1 cached token removed\n$/,
  );
  t.regex(result.stderr, /^kubectl-sa-token: the keychain is not available: [^\n]*\n$/);
  t.deepEqual(scene.files(), ['sa-token.yaml', 'sa-token.yaml.stored']);
});

withKeychain('tokens that are cached in the keychain are removed with the source token', async (t) => {
  const scene = await setScene(t);
  await scene.login('prod', ['--cache', 'keychain']);
  t.deepEqual(scene.files(), ['sa-token.yaml', 'sa-token.yaml.stored']);
  const first = await scene.run(['get-token', 'prod', '-o', 'token']);
  const second = await scene.run(['get-token', 'prod', '-o', 'token']);
  t.true(second.stdout === first.stdout);
  t.deepEqual(scene.files(), [
    'cache/sa-token/prod.keychain',
    'cache/sa-token/prod.retry',
    'sa-token.yaml',
    'sa-token.yaml.stored',
  ]);
  t.is(scene.kube('cache/sa-token/prod.keychain'), '', 'a note that it is there, and nothing of it');
  t.is(scene.server.exchanges, 2, 'one at login, one for the cache');
  const search = () => scene.sandbox.exec('secret-tool', ['search', '--all', 'username', 'entry prod']);
  t.regex((await search()).stdout, /^secret = /m);
  const { stdout } = await scene.run(['logout', 'prod']);
  t.is(stdout, `logged out of "prod": ${removed}; 1 cached token removed\n`);
  t.is((await search()).stdout, '');
  t.deepEqual(await scene.kept(), {});
});

withKeychain('so are those of calls with settings of their own, which only a note tells of', async (t) => {
  const scene = await setScene(t);
  await scene.login('many', ['--cache', 'keychain']);
  for (const audience of ['istio', 'vault']) await scene.run(['get-token', 'many', '--audience', audience]);
  const notes = scene.files().filter((file) => file.endsWith('.keychain'));
  t.is(notes.length, 2);
  for (const note of notes) t.is(scene.kube(note), '', 'a note holds nothing');
  const items = () =>
    Promise.all(
      notes.map(async (note) => {
        const item = `entry ${note.replace(/^.*\/|\.keychain$/g, '')}`;
        return (await scene.sandbox.exec('secret-tool', ['search', 'username', item])).stdout !== '';
      }),
    );
  t.deepEqual(await items(), [true, true]);
  const { stdout } = await scene.run(['logout', 'many']);
  t.is(stdout, `logged out of "many": ${removed}; 2 cached tokens removed\n`);
  t.deepEqual(await items(), [false, false]);
  t.deepEqual(scene.files(), FILES);
});

for (const cache of ['disk', 'keychain'] as const)
  withKeychain(
    `a logout takes what calls without a profile have cached for its account (${cache})`,
    async (t) => {
      const scene = await setScene(t);
      const ci = await scene.server.cluster.createRobot({ namespace: 'team-b', name: 'ci' });
      await scene.login('prod');
      const get = (CI_TOKEN: string) => {
        const flags = [
          '--server',
          scene.server.url,
          '--certificate-authority',
          'ca.crt',
          '--source-env',
          'CI_TOKEN',
        ];
        return scene.run(['get-token', ...flags, '--cache', cache], { env: { CI_TOKEN } });
      };
      for (const { token } of [scene.robot, ci]) t.like(await get(token), { code: 0, stderr: '' });
      const kept = () =>
        scene.files().filter((file) => file.endsWith(cache === 'disk' ? '.entry' : '.keychain'));
      t.is(kept().length, cache === 'disk' ? 3 : 2);
      const one = await scene.run(['logout', 'prod']);
      t.is(one.stdout, `logged out of "prod": ${removed}; 2 cached tokens removed\n`);
      t.is(kept().length, 1, 'that of another account stays');
      const all = await scene.run(['logout', '--all']);
      t.regex(all.stdout, /\ncalls without a profile: 1 cached token removed\n$/);
      t.deepEqual(scene.files(), FILES);
      t.deepEqual(await scene.kept(), {});
    },
  );

withKeychain('a logout removes the token of a profile that was edited by hand', async (t) => {
  const scene = await setScene(t);
  const file = join(scene.home, '.kube/sa-token.yaml');
  await scene.login('prod');
  const edits: [(text: string) => string, string][] = [
    [(text) => text.replace(scene.server.url, 'https://elsewhere.example'), removed],
    [(text) => text.replace('service-account: robot', 'service-account: other'), removed],
    [(text) => text.replace(/^( *)server/m, '$1source-file: ~/token\n$1server'), removed],
  ];
  const text = readFileSync(file, 'utf8');
  for (const [edit, told] of edits) {
    t.not(edit(text), text);
    writeFileSync(file, edit(text), { mode: 0o600 });
    const { code, stdout, stderr } = await scene.run(['logout', 'prod']);
    t.deepEqual([code, stderr], [0, '']);
    t.true(stdout.startsWith(`logged out of "prod": ${told}; `), stdout);
    t.deepEqual(await scene.kept(), {});
    writeFileSync(file, text, { mode: 0o600 });
    await scene.login('prod');
  }
});

const warning = (name: string) =>
  `warning: a token is stored for "${name}", and there is no such profile; remove it: kubectl sa-token logout ${name}\n`;

withKeychain(
  'a token of a profile that is gone: list names it, and a logout by its name removes it',
  async (t) => {
    const scene = await setScene(t);
    const file = join(scene.home, '.kube/sa-token.yaml');
    for (const name of ['gone', 'lost', 'prod']) await scene.login(name);
    const text = readFileSync(file, 'utf8');
    const prod = text.slice(text.indexOf('  prod:'));
    writeFileSync(file, `profiles:\n${prod}`, { mode: 0o600 });
    const list = await scene.run(['list']);
    t.deepEqual([list.code, list.stderr], [0, `${warning('gone')}${warning('lost')}`]);
    t.deepEqual(JSON.parse((await scene.run(['list', '-o', 'json'])).stdout).orphans, ['gone', 'lost']);

    t.is(
      (await scene.run(['logout', 'gone'])).stdout,
      `logged out of "gone": ${removed}; 1 cached token removed\n`,
    );
    t.deepEqual(Object.keys(await scene.kept()).sort(), ['lost', 'prod']);
    failed(t, await scene.run(['logout', 'gone']), 2, /: there is no profile "gone" in /);
    t.is((await scene.run(['list'])).stderr, warning('lost'));

    writeFileSync(file, 'profiles: {}\n', { mode: 0o600 });
    const { stderr } = await scene.run(['list']);
    t.regex(
      stderr,
      /^warning: a token is stored for "lost"[^\n]*\nwarning: a token is stored for "prod"[^\n]*\nno profiles; /,
    );
  },
);

withKeychain('--all removes the tokens of profiles that are gone, noted or not', async (t) => {
  const scene = await setScene(t);
  for (const name of ['gone', 'prod']) await scene.login(name, ['--cache', 'keychain']);
  await scene.run(['get-token', 'gone']);
  await scene.login('gone', ['--cache', 'disk']);
  t.deepEqual(
    scene.files().filter((file) => file.endsWith('.keychain')),
    [],
    'a login removes what is kept elsewhere',
  );
  // As after the folder was deleted, or with another home: no note tells of them.
  for (const file of ['sa-token.yaml', 'sa-token.yaml.stored']) rmSync(join(scene.home, '.kube', file));
  t.is((await scene.run(['list'])).stderr.split('\n').length, 2, 'list asks no keychain');
  const { code, stdout, stderr } = await scene.run(['logout', '--all', '--forget']);
  t.deepEqual([code, stderr], [0, '']);
  t.regex(stdout, /^logged out of "gone": source token removed from the keychain; 1 cached token removed/m);
  t.regex(stdout, /^logged out of "prod": source token removed from the keychain; nothing was cached/m);
  t.deepEqual(await scene.kept(), {});
  t.deepEqual(scene.files(), []);
});

withKeychain(
  'a profile that was renamed by hand is not logged in, and its old name can be left',
  async (t) => {
    const scene = await setScene(t);
    const file = join(scene.home, '.kube/sa-token.yaml');
    await scene.login('prod');
    writeFileSync(file, readFileSync(file, 'utf8').replace('  prod:', '  live:'), { mode: 0o600 });
    failed(
      t,
      await scene.run(['get-token', 'live']),
      3,
      'live: no source token in keychain; kubectl sa-token login live',
    );
    t.like(await scene.run(['logout', 'prod']), { code: 0, stderr: '' });
    t.deepEqual(await scene.kept(), {});
  },
);

withKeychain('a logout of all removes an item of the old naming that no profile leads to', async (t) => {
  const scene = await setScene(t);
  await scene.login('prod');
  const words = [
    'store',
    '--label=old',
    'service',
    'kubectl-sa-token',
    'username',
    'gone/robot@https://old.example/k',
  ];
  t.is((await scene.sandbox.exec('secret-tool', words, { stdin: 'an-old-token' })).code, 0);
  const { code, stdout } = await scene.run(['logout', '--all']);
  t.is(code, 0);
  t.regex(stdout, /^items of an older version removed from the keychain: 1$/m);
  t.deepEqual(await scene.kept(), {});
});
