/** One keychain item a profile, with the way of its token. A real Secret Service; a process of its own for each step. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { flagOf, settingNames, type Settings } from '../../../src/settings/table.ts';
import { writeStored } from '../../../src/source/stored-token.ts';
import { fails } from '../../support/failure.ts';
import { sourceUrl } from '../../support/source-url.ts';
import type { Environment } from '../../support/child.ts';
import { cleanToken } from '../../../src/source/source.ts';
import { createHost } from '../../support/host.ts';
import { useKeychain, withKeychain } from '../../support/keychain-scene.ts';
import { createSandbox, repository } from '../../support/runner.ts';

const server = 'https://h.example/kubernetes';
const oldName = `team-a/robot@${server}`;
const account: Settings = { server, namespace: 'team-a', serviceAccount: 'robot' };

/** Steps come as words (`read:PROFILE`), results go as JSON. */
const script = `
  import { describe } from ${sourceUrl('src/errors/error.ts')};
  import { systemHost } from ${sourceUrl('src/base/host.ts')};
  import { readProfiles, withProfilesLocked } from ${sourceUrl('src/settings/profiles.ts')};
  import { wayOf } from ${sourceUrl('src/settings/way.ts')};
  import * as stored from ${sourceUrl('src/source/stored-token.ts')};
  const host = systemHost();
  const settingsOf = (profile) => readProfiles(host).get(profile)?.();
  const steps = {
    read: (profile) => stored.storedSource(host, profile, settingsOf(profile)).read(),
    write: (profile, token) =>
      withProfilesLocked(host, () =>
        stored.writeStored(host, profile, { way: wayOf(settingsOf(profile)), token }),
      ),
    remove: (profile) => withProfilesLocked(host, () => stored.removeStored(host, profile)),
    noted: () => stored.notedProfiles(host),
    stored: async () => (await stored.storedProfiles(host)).sort(),
  };
  const results = [];
  for (const word of process.argv.slice(2)) {
    const [step, profile, token] = word.split(':');
    try {
      results.push((await steps[step](profile, token)) ?? null);
    } catch (error) {
      results.push({ code: error.code, exitCode: error.exitCode, line: describe(error) });
    }
  }
  process.stdout.write(JSON.stringify(results));`;

async function setScene(t: ExecutionContext) {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  await useKeychain(t, sandbox);
  const file = join(sandbox.home, '.kube/sa-token.yaml');
  const tool = (verb: string, name: string, stdin?: string) => {
    const label = verb === 'store' ? ['--label=x'] : [];
    const words = [verb, ...label, 'service', 'kubectl-sa-token', 'username', name];
    return sandbox.exec('secret-tool', words, stdin === undefined ? {} : { stdin });
  };
  return {
    home: sandbox.home,
    file,
    /** Writes the profile file. */
    profiles: (profiles: Record<string, Settings>, path = file) => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const written = Object.entries(profiles).map(([name, settings]) => [name, asWritten(settings)]);
      const text = stringify({ profiles: Object.fromEntries(written) }, { aliasDuplicateObjects: false });
      writeFileSync(path, text, { mode: 0o600 });
    },
    /** Runs steps in one process. */
    run: async (steps: string[], env: Environment = {}, cwd = repository): Promise<unknown[]> => {
      const words = ['--input-type=module', '--eval', script, '--', 'script', ...steps];
      const { stdout, stderr } = await sandbox.exec(process.execPath, words, { env, cwd });
      t.is(stderr, '');
      const results: unknown[] = JSON.parse(stdout);
      return results;
    },
    put: (name: string, text: string) => tool('store', name, text),
    /** The text of an item; undefined where there is none. */
    item: async (name: string) => {
      const { code, stdout } = await tool('lookup', name);
      return code === 0 ? stdout : undefined;
    },
  };
}

const asWritten = (settings: Settings): object =>
  Object.fromEntries(settingNames.map((name) => [flagOf(name), settings[name]]));

const itemText = (token: string, way: object = { server, trust: 'system' }) =>
  JSON.stringify({ version: 1, way, token });

withKeychain('a token is kept with its way in an item of its profile, and noted', async (t) => {
  const { run, profiles, item, file } = await setScene(t);
  profiles({ prod: { ...account, certificateAuthority: '/ca.crt' }, dev: account });
  t.deepEqual(await run(['read:prod', 'noted', 'write:prod:one', 'write:dev:two', 'read:prod', 'read:dev']), [
    null,
    [],
    null,
    null,
    'one',
    'two',
  ]);
  t.is(await item('prod'), itemText('one', { server, trust: 'file /ca.crt' }));
  t.is(
    readFileSync(`${file}.stored`, 'utf8'),
    '# Profiles whose source token kubectl-sa-token has stored in the keychain. Written by it.\ndev\nprod\n',
  );
  t.is(statSync(`${file}.stored`).mode & 0o777, 0o600);
  t.deepEqual(await run(['stored', 'write:prod:three', 'remove:dev', 'remove:dev', 'noted', 'stored']), [
    ['dev', 'prod'],
    null,
    true,
    false,
    ['prod'],
    ['prod'],
  ]);
  t.deepEqual(await run(['read:prod', 'read:dev']), ['three', null]);
});

/** What the profile says at the login, what it says later, and what the line names. */
const otherWays: [string, Settings, Settings, string][] = [
  [
    'another server',
    {},
    { server: 'https://evil.example' },
    `another server (${server}, now https://evil.example)`,
  ],
  [
    'another path of the server',
    {},
    { server: 'https://h.example' },
    `another server (${server}, now https://h.example)`,
  ],
  [
    'a CA file that was moved',
    { certificateAuthority: '/old/ca.crt' },
    { certificateAuthority: '/new/ca.crt' },
    'another CA (file /old/ca.crt, now file /new/ca.crt)',
  ],
  [
    'the system’s CAs in the place of a file',
    { certificateAuthority: '/ca.crt' },
    {},
    "another CA (file /ca.crt, now the system's)",
  ],
  [
    'other CA data',
    {},
    { certificateAuthorityData: 'LS0t' },
    "another CA (the system's, now data with SHA-256 f94d6acfc796…)",
  ],
  [
    'another name in the certificate',
    { tlsServerName: 'h.example' },
    { tlsServerName: 'evil.example' },
    'another tls-server-name (h.example, now evil.example)',
  ],
  ['no check', {}, { insecureSkipTlsVerify: true }, 'no check of the certificate'],
  ['a check', { insecureSkipTlsVerify: true }, {}, 'a check of the certificate'],
  [
    'two at once',
    {},
    { server: 'https://evil.example', tlsServerName: 'n' },
    `another server (${server}, now https://evil.example) and another tls-server-name (not set, now n)`,
  ],
];

withKeychain('a token is not given out another way, whatever part of it differs', async (t) => {
  const { run, profiles, item } = await setScene(t);
  const names = otherWays.map((_, index) => `p${index}`);
  const write = (settings: Settings[]) =>
    profiles(Object.fromEntries(settings.map((each, index) => [`p${index}`, { ...account, ...each }])));
  const items = () => Promise.all(names.map(item));
  write(otherWays.map(([, before]) => before));
  await run(names.map((name) => `write:${name}:the-token`));
  const kept = await items();
  write(otherWays.map(([, , now]) => now));
  const refused = otherWays.map(([title, , , differs], index) => ({
    title,
    code: 'other-way',
    exitCode: 2,
    line: `profile "p${index}": the stored token was not sent, since the profile now has ${differs}; to use it so, if you trust that: kubectl sa-token login p${index} --from-profile p${index}`,
  }));
  const found = await run(names.map((name) => `read:${name}`));
  t.deepEqual(
    found.map((each, index) => ({ title: otherWays[index]?.[0], ...Object(each) })),
    refused,
  );
  t.deepEqual(await items(), kept, 'they stay as they were');
  write(otherWays.map(([, before]) => before));
  t.deepEqual(
    await run(names.map((name) => `read:${name}`)),
    names.map(() => 'the-token'),
  );
});

withKeychain('what is not of the way may change: account, audience, proxy, a CA in its place', async (t) => {
  const { run, profiles, home } = await setScene(t);
  const file = join(home, 'ca.crt');
  writeFileSync(file, 'old');
  profiles({ prod: { server, certificateAuthority: file } });
  await run(['write:prod:the-token']);
  writeFileSync(file, 'new');
  const more = { namespace: 'n', audience: ['a'], proxyUrl: 'http://p', timeout: 5, duration: 600 };
  profiles({ prod: { server, certificateAuthority: file, ...more } });
  t.deepEqual(await run(['read:prod']), ['the-token']);
});

const replace = 'replace it: kubectl sa-token login prod --force';

/** Texts of an item, and what is told of it. */
const strange: [string, string, string][] = [
  ['is not ours', 'hunter2-secret', `is not what this plugin stored; ${replace}`],
  ['is a bare token of before', 'aaa.bbb.secret', `is not what this plugin stored; ${replace}`],
  ['is cut off', itemText('secret').slice(0, -5), `is not what this plugin stored; ${replace}`],
  ['is a list', '["secret"]', `is not what this plugin stored; ${replace}`],
  [
    'has no way',
    JSON.stringify({ version: 1, token: 'secret' }),
    `is not what this plugin stored; ${replace}`,
  ],
  ['has half a way', itemText('secret', { server }), `is not what this plugin stored; ${replace}`],
  [
    'has no token',
    JSON.stringify({ version: 1, way: { server, trust: 'system' } }),
    `is not what this plugin stored; ${replace}`,
  ],
  [
    'has no version',
    JSON.stringify({ way: { server, trust: 'system' }, token: 'secret' }),
    `is not what this plugin stored; ${replace}`,
  ],
  ['is empty', ' ', `is not what this plugin stored; ${replace}`],
  ['has a blank token', itemText(' \n'), `is not what this plugin stored; ${replace}`],
  ['has no usable token', itemText('secret words'), `is not what this plugin stored; ${replace}`],
  [
    'is of a newer version',
    JSON.stringify({ version: 2, sealed: 'secret' }),
    'was stored by a newer version of this plugin; upgrade it',
  ],
];

withKeychain(
  'an item that is not ours, garbled or newer is refused, not shown, and left as it is',
  async (t) => {
    const { run, profiles, put, item } = await setScene(t);
    const names = strange.map((_, index) => `p${index}`);
    profiles(Object.fromEntries(names.map((name) => [name, account])));
    await Promise.all(strange.map(([, text], index) => put(`p${index}`, text)));
    const refused = strange.map(([title, , told], index) => ({
      title,
      code: 'bad-keychain-item',
      exitCode: 3,
      line: `the keychain item of profile "p${index}" ${told.replace('prod', `p${index}`)}`,
    }));
    const found = await run(names.map((name) => `read:${name}`));
    t.deepEqual(
      found.map((each, index) => ({ title: strange[index]?.[0], ...Object(each) })),
      refused,
    );
    t.deepEqual(
      await Promise.all(names.map(item)),
      strange.map(([, text]) => text),
    );
    t.deepEqual(await run(['remove:p0', 'read:p0']), [true, null]);
  },
);

test('on Windows token and way have to fit together, and a longer item is refused before it is written', async (t) => {
  const host = createHost(t, { platform: 'win32' });
  const way = { server, trust: `file C:\\Users\\ann\\${'x'.repeat(80)}\\ca.crt` };
  const token = cleanToken('x'.repeat(2450), 'the token');
  if (token === undefined) throw new Error('no token');
  const bytes = itemText(token, way).length;
  t.true(token.length < 2560 && bytes > 2560);
  await fails(t, () => writeStored(host, 'prod', { way, token }), {
    code: 'keychain-too-small',
    exitCode: 6,
    line: `the token and its connection settings have ${bytes} bytes, and this keychain takes at most 2560; keep the source token elsewhere with source-file, source-command (pass, op, vault, …) or source-env in the profile`,
  });
});

withKeychain('an old item is used once, and renamed for all profiles that shared it', async (t) => {
  const { run, profiles, put, item } = await setScene(t);
  profiles({
    prod: account,
    rok: { ...account, audience: ['rok'], certificateAuthority: '/ca.crt' },
    elsewhere: { ...account, server: 'https://other.example' },
    stranger: { ...account, serviceAccount: 'other' },
    mounted: { ...account, sourceEnv: 'CI_TOKEN' },
    unnamed: { server },
  });
  await put(oldName, 'the-token\n');
  t.deepEqual(await run(['read:prod']), ['the-token']);
  t.is(await item(oldName), undefined);
  t.is(await item('prod'), itemText('the-token'));
  t.is(await item('rok'), itemText('the-token', { server, trust: 'file /ca.crt' }));
  t.deepEqual(await run(['stored', 'noted', 'read:rok', 'read:elsewhere', 'read:stranger', 'read:unnamed']), [
    ['prod', 'rok'],
    ['prod', 'rok'],
    'the-token',
    null,
    null,
    null,
  ]);
  // From here on it has its way.
  profiles({ prod: { ...account, tlsServerName: 'n' } });
  t.like((await run(['read:prod']))[0], { code: 'other-way' });
});

withKeychain('an old item of another server is neither used nor renamed', async (t) => {
  const { run, profiles, put, item } = await setScene(t);
  profiles({ prod: { ...account, server: 'https://evil.example' } });
  await put(oldName, 'the-token');
  t.deepEqual(await run(['read:prod', 'stored']), [null, []]);
  t.is(await item(oldName), 'the-token');
});

withKeychain(
  'a profile with an item of its own does not look at an old one, and keeps its own',
  async (t) => {
    const { run, profiles, put, item } = await setScene(t);
    profiles({ prod: account, dev: account });
    await run(['write:prod:own']);
    await put(oldName, 'old');
    t.deepEqual(await run(['read:prod']), ['own']);
    t.is(await item(oldName), 'old');
    t.deepEqual(await run(['read:dev', 'read:prod']), ['old', 'own']);
    t.is(await item(oldName), undefined);
  },
);

withKeychain('of calls at once that find an old item each has its token', async (t) => {
  const { run, profiles, put, item } = await setScene(t);
  profiles({ prod: account, dev: account });
  await put(oldName, 'the-token');
  const calls = ['prod', 'dev', 'prod', 'dev'].map((profile) => run([`read:${profile}`]));
  t.deepEqual((await Promise.all(calls)).flat(), Array(4).fill('the-token'));
  t.is(await item(oldName), undefined);
  t.deepEqual(await run(['stored']), [['dev', 'prod']]);
});

withKeychain('an old item that cannot be renamed is used all the same', async (t) => {
  const { run, profiles, put, item, file } = await setScene(t);
  profiles({ prod: account });
  // The note of what is stored cannot be written.
  mkdirSync(`${file}.stored`);
  await put(oldName, 'the-token');
  t.deepEqual(await run(['read:prod', 'read:prod']), ['the-token', 'the-token']);
  t.is(await item(oldName), 'the-token');
});

withKeychain('one profile name in two profile files is two items', async (t) => {
  const { run, profiles, item, home, file } = await setScene(t);
  const other = join(home, 'work/sa-token.yaml');
  profiles({ prod: account });
  profiles({ prod: { ...account, server: 'https://other.example' }, dev: account }, other);
  const there = { KUBECTL_SA_TOKEN_CONFIG: other };
  await run(['write:prod:one']);
  t.deepEqual(await run(['read:prod', 'write:prod:two', 'write:dev:three', 'read:prod'], there), [
    null,
    null,
    null,
    'two',
  ]);
  t.is(await item(`prod in ${other}`), itemText('two', { server: 'https://other.example', trust: 'system' }));
  t.deepEqual(await run(['read:prod', 'stored', 'noted']), ['one', ['prod'], ['prod']]);
  t.deepEqual(await run(['stored', 'noted'], there), [
    ['dev', 'prod'],
    ['dev', 'prod'],
  ]);
  // The same file by a relative path, and the usual one by its name.
  t.deepEqual(await run(['read:prod'], { KUBECTL_SA_TOKEN_CONFIG: 'work/sa-token.yaml' }, home), ['two']);
  t.deepEqual(await run(['read:prod'], { KUBECTL_SA_TOKEN_CONFIG: file }), ['one']);
  t.deepEqual(await run(['remove:prod', 'read:prod'], there), [true, null]);
  t.deepEqual(await run(['read:prod']), ['one']);
});

withKeychain('a profile that was renamed by hand has no token, and its old item is found', async (t) => {
  const { run, profiles } = await setScene(t);
  profiles({ prod: account });
  await run(['write:prod:the-token']);
  profiles({ production: account });
  t.deepEqual(await run(['read:production', 'stored', 'noted']), [null, ['prod'], ['prod']]);
  t.deepEqual(await run(['remove:prod', 'stored', 'noted']), [true, [], []]);
});

withKeychain('items that are not of profiles are not listed as such', async (t) => {
  const { run, put } = await setScene(t);
  for (const name of [oldName, 'entry prod', "doctor's probe 0123", 'Prod', 'prod in', '', '.x'])
    // oxlint-disable-next-line no-await-in-loop
    await put(name, 'x');
  t.deepEqual(await run(['stored']), [[]]);
  await put('a.b_c-1', 'x');
  t.deepEqual(await run(['stored']), [['a.b_c-1']]);
});
