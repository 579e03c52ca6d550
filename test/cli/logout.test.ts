import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint, setScene, withKeychain, type Scene } from './keychain-scene.ts';

const account = ({ server }: Scene) => `team-a/robot@${server.url}`;
const removed = 'source token removed from the keychain';

withKeychain('a logout takes the source token and what was cached, and leaves the profile', async (t) => {
  const scene = await setScene(t);
  const { run, login } = scene;
  await login('prod');
  await run(['get-token', 'prod', '--audience', 'istio']);
  t.deepEqual(await scene.kept(), { [account(scene)]: fingerprint(scene.robot.token) });
  const result = await run(['logout', 'prod']);
  t.deepEqual(
    { code: result.code, stdout: result.stdout, stderr: result.stderr },
    { code: 0, stdout: `logged out of "prod": ${removed}; 2 cached tokens removed\n`, stderr: '' },
  );
  t.deepEqual(await scene.kept(), {});
  t.deepEqual(scene.files(), ['sa-token.yaml']);
  const after = await run(['get-token', 'prod']);
  t.like(after, { code: 3, stdout: '' });
  t.is(
    after.stderr,
    `kubectl-sa-token: prod: no source token in keychain for ${account(scene)}; log in: kubectl sa-token login prod --server ${scene.server.url}\n`,
  );
  const again = await run(['logout', 'prod']);
  t.is(again.stdout, 'logged out of "prod": there was no source token in the keychain; nothing was cached\n');
  // The profile needs no more than the token.
  const words = ['login', 'prod', '--token-stdin'];
  t.like(await run(words, { stdin: scene.robot.token }), { code: 0, stderr: '' });
});

withKeychain('--forget takes the profile too, and leaves the others with their comments', async (t) => {
  const scene = await setScene(t);
  await scene.login('prod');
  await scene.login('other', ['--no-verify']);
  const file = join(scene.home, '.kube/sa-token.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('  other:', '  # keep me\n  other:'), {
    mode: 0o600,
  });
  const result = await scene.run(['logout', 'prod', '--forget']);
  t.is(
    result.stdout,
    'logged out of "prod": source token kept for profile "other", which has the same account; 1 cached token removed; profile removed\n',
  );
  t.deepEqual(await scene.kept(), { [account(scene)]: fingerprint(scene.robot.token) });
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

withKeychain('--all leaves nothing that profiles share', async (t) => {
  const scene = await setScene(t);
  await scene.login('a');
  await scene.login('b', ['--audience', 'istio']);
  const result = await scene.run(['logout', '--all']);
  t.is(result.code, 0);
  t.regex(
    result.stdout,
    /^logged out of "a": source token removed from the keychain; 1 cached token removed\nlogged out of "b": there was no source token/,
  );
  t.deepEqual(await scene.kept(), {});
  t.deepEqual(scene.files(), ['sa-token.yaml']);
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
  t.deepEqual(scene.files(), ['sa-token.yaml']);
  t.deepEqual(await scene.kept(), { [account(scene)]: fingerprint(scene.robot.token) });
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
  t.deepEqual(scene.files(), ['sa-token.yaml']);
});

// The keychain is one for all tests here, and an entry in it goes by its profile's name.

withKeychain('tokens that are cached in the keychain are removed with the source token', async (t) => {
  const scene = await setScene(t);
  await scene.login('prod', ['--cache', 'keychain']);
  t.deepEqual(scene.files(), ['sa-token.yaml']);
  const first = await scene.run(['get-token', 'prod', '-o', 'token']);
  const second = await scene.run(['get-token', 'prod', '-o', 'token']);
  t.true(second.stdout === first.stdout);
  t.deepEqual(scene.files(), ['cache/sa-token/prod.keychain', 'sa-token.yaml']);
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
  // The first has ended long ago: the next call that keeps one there removes it.
  utimesSync(join(scene.home, '.kube', notes[0] ?? ''), 1_600_000_000, 1_600_000_000);
  await scene.run(['get-token', 'many', '--audience', 'other']);
  t.deepEqual(await items(), [false, true]);
  const { stdout } = await scene.run(['logout', 'many']);
  t.is(stdout, `logged out of "many": ${removed}; 2 cached tokens removed\n`);
  t.deepEqual(await items(), [false, false]);
  t.deepEqual(scene.files(), ['sa-token.yaml']);
});

withKeychain('--all takes what calls without a profile have cached too', async (t) => {
  const scene = await setScene(t);
  await scene.login('prod');
  const target = ['--namespace', 'team-a', '--service-account', 'robot', '--certificate-authority', 'ca.crt'];
  const call = ['get-token', '--server', scene.server.url, ...target];
  t.like(await scene.run(call), { code: 0, stderr: '' });
  const one = await scene.run(['logout', 'prod']);
  t.is(one.stdout, `logged out of "prod": ${removed}; 1 cached token removed\n`);
  t.is(scene.files().filter((file) => file.endsWith('.entry')).length, 1);
  const all = await scene.run(['logout', '--all']);
  t.regex(all.stdout, /\ncalls without a profile: 1 cached token removed\n$/);
  t.deepEqual(scene.files(), ['sa-token.yaml']);
});

withKeychain(
  'tokens in the keychain have a lock, a spare and the rule for 401 like those on the disk',
  async (t) => {
    const scene = await setScene(t);
    await scene.login('locked', ['--cache', 'keychain']);
    const { server } = scene;
    const get = (more: string[] = []) => scene.run(['get-token', 'locked', '-o', 'token', ...more]);
    const all = await Promise.all(Array.from({ length: 5 }, () => get()));
    t.is(new Set(all.map(({ stdout }) => stdout)).size, 1);
    t.is(server.exchanges, 2, 'the login and one for all');

    // The same client comes back while its token lives: it was refused.
    const info = {
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      spec: { interactive: false },
    };
    const hook = () => scene.run(['get-token', 'locked'], { execInfo: info });
    const first = await hook();
    t.not((await hook()).stdout, first.stdout);
    t.is(server.exchanges, 3);
  },
);

withKeychain(
  'a logout leaves nothing of a profile that was taken from the file by hand, nor of a cache of before',
  async (t) => {
    const scene = await setScene(t);
    await scene.login('gone', ['--cache', 'keychain']);
    await scene.run(['get-token', 'gone']);
    await scene.login('gone', ['--cache', 'disk']);
    t.deepEqual(
      scene.files().filter((file) => file.endsWith('.keychain')),
      [],
      'a login removes what is kept elsewhere',
    );
    writeFileSync(join(scene.home, '.kube/sa-token.yaml'), 'profiles: {}\n');
    t.regex((await scene.run(['logout', '--all'])).stdout, /1 cached token removed\n$/);
    t.deepEqual(scene.files(), ['sa-token.yaml']);
  },
);

withKeychain('two logouts at once do not leave the source token to each other', async (t) => {
  const scene = await setScene(t);
  for (let round = 0; round < 3; round += 1) {
    await scene.login('a');
    await scene.login('b');
    const both = ['a', 'b'].map((name) => scene.run(['logout', name, '--forget']));
    for (const { code } of await Promise.all(both)) t.is(code, 0);
    t.deepEqual(await scene.kept(), {});
  }
});

withKeychain('a logout beside a login of the same account takes no token from it', async (t) => {
  const scene = await setScene(t);
  for (let round = 0; round < 3; round += 1) {
    await scene.login('a');
    const [, login] = await Promise.all([scene.run(['logout', 'a', '--forget']), scene.login('b')]);
    t.is(login.code, 0);
    t.deepEqual(await scene.kept(), { [account(scene)]: fingerprint(scene.robot.token) });
    await scene.run(['logout', 'b', '--forget']);
  }
});
