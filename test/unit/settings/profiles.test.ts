import { chmodSync, chownSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { SaTokenError } from '../../../src/errors/error.ts';
import type { Host } from '../../../src/base/host.ts';
import {
  eachProfile,
  readProfile,
  readProfiles,
  touchProfiles,
  withProfilesLocked,
  writeProfile,
} from '../../../src/settings/profiles.ts';
import { flagOf, settingNames, type Settings } from '../../../src/settings/table.ts';
import { fails, type Expected } from '../../support/failure.ts';
import { createHost, put, withParts, type TestHost } from '../../support/host.ts';

const path = '.kube/sa-token.yaml';

function withFile(t: ExecutionContext, text: string, mode?: number): TestHost {
  const host = createHost(t);
  put(host, path, text, mode);
  return host;
}

const textOf = (host: Host) => readFileSync(join(host.home, path), 'utf8');

test('profiles are read by name, in the order of the file, paths from its folder', (t) => {
  const host = withFile(
    t,
    `# mine
profiles:
  prod: # the real one
    server: https://h.example/kubernetes/
    namespace: team-a
    service-account: robot
    audience: [one, two]
    duration: 1h30m
    certificate-authority: ca.crt
    insecure-skip-tls-verify: false
  dev:
    server: https://dev.example
    source-command: [pass, show, robot]
`,
  );
  t.deepEqual(
    [...eachProfile(host)],
    [
      [
        'prod',
        {
          server: 'https://h.example/kubernetes',
          namespace: 'team-a',
          serviceAccount: 'robot',
          audience: ['one', 'two'],
          duration: 5400,
          certificateAuthority: join(host.home, '.kube/ca.crt'),
          insecureSkipTlsVerify: false,
        },
      ],
      ['dev', { server: 'https://dev.example', sourceCommand: ['pass', 'show', 'robot'] }],
    ],
  );
});

test('no file, an empty one, and one of comments hold no profiles', (t) => {
  t.is(readProfiles(createHost(t)).size, 0);
  for (const text of ['', '\n', '# nothing yet\n', 'profiles:\n', 'profiles: {}\n', '---\n', 'null\n'])
    t.is(readProfiles(withFile(t, text)).size, 0, JSON.stringify(text));
});

test('KUBECTL_SA_TOKEN_CONFIG names another file', (t) => {
  const host = withFile(t, 'profiles: {a: {server: https://h}}');
  put(host, 'other.yaml', 'profiles: {b: {server: https://h}}');
  const env = { KUBECTL_SA_TOKEN_CONFIG: join(host.home, 'other.yaml') };
  t.deepEqual([...readProfiles(withParts(host, { env })).keys()], ['b']);
});

const at = '~/.kube/sa-token.yaml';
const mend = 'correct the file by hand; it was left as it is';
const keys = `use one of: ${settingNames.map(flagOf).join(', ')}`;

/** Throws the first mistake, in the file or in one of its profiles. */
function readAll(host: Host): void {
  for (const [, found] of eachProfile(host)) if (found instanceof SaTokenError) throw found;
}

/** The profile that has a mistake; undefined where the file itself has one. */
function faulty(host: Host): string | undefined {
  try {
    return [...eachProfile(host)].find(([, found]) => found instanceof SaTokenError)?.[0];
  } catch {
    return undefined;
  }
}

const wrong = test.macro<[string, string, string?]>({
  async exec(t, text, line, code = 'bad-profile-file') {
    const host = withFile(t, text);
    const expected: Expected = { code, exitCode: 2, line: `${at}${line}` };
    await fails(t, () => readAll(host), expected);
    // Nothing is written over what was not understood.
    await fails(t, () => writeProfile(host, faulty(host) ?? 'new', { server: 'https://h' }), expected);
    t.is(textOf(host), text);
  },
  title: (given) => `the profile file names the line: ${given}`,
});

test(
  'an unknown key',
  wrong,
  'profiles:\n  a:\n    servr: x\n',
  `:3: unknown key "servr" in profile "a"; ${keys}`,
);
test(
  'the name that the code has for a key',
  wrong,
  'profiles:\n  a:\n    serviceAccount: x\n',
  `:3: unknown key "serviceAccount" in profile "a"; ${keys}`,
);
test(
  'two sources',
  wrong,
  'profiles:\n  a:\n    source-file: x\n    source-env: X\n',
  ':2: source-file and source-env of profile "a" exclude each other; keep one of them',
);
test(
  'an unknown key at the top',
  wrong,
  '# x\nprofile:\n  a: {}\n',
  ':2: unknown key "profile"; put it below "profiles", the only key at the top',
);
test(
  'a wrong value',
  wrong,
  'profiles:\n  a:\n    server: https://h\n    duration: 60\n',
  ':4: duration: must be at least 600s (10m); ask for more: the API server refuses less',
  'bad-value',
);
test('no value', wrong, 'profiles:\n  a:\n    server:\n', ':3: server: needs text, not nothing', 'bad-value');
test(
  'a number where text is due',
  wrong,
  'profiles:\n  a:\n    namespace: 7\n',
  ':3: namespace: needs text, not a number',
  'bad-value',
);
test(
  'a profile that is no map',
  wrong,
  'profiles:\n\n  a: x\n',
  `:3: profile "a" must be a map of keys and values; ${mend}`,
);
test(
  'profiles as a list',
  wrong,
  '\nprofiles:\n  - a\n',
  `:2: profiles must be a map of keys and values; ${mend}`,
);
test('a list for a file', wrong, '- a\n', `:1: the file must be a map of keys and values; ${mend}`);
test(
  'a key twice',
  wrong,
  'profiles:\n  a: {}\n  a: {}\n',
  `:3: Map keys must be unique at line 3, column 3:; ${mend}`,
);
test(
  'an alias of nothing',
  wrong,
  'profiles:\n  a:\n    server: *x\n',
  `:3: Unresolved alias (the anchor must be set before the alias): x; ${mend}`,
);
test(
  'a key twice, once in quotes',
  wrong,
  'profiles:\n  7: {}\n  "7": {}\n',
  `:3: key "7" is there twice; ${mend}`,
);
test(
  'what is not YAML',
  wrong,
  'profiles:\n  a: {server: x\n',
  `:3: Flow map in block collection must be sufficiently indented and end with a } at line 3, column 1:; ${mend}`,
);
test(
  'a profile name that no entry could have',
  wrong,
  'profiles:\n  Prod: {}\n',
  ':2: profile name "Prod" is not usable; use lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 100',
);
test(
  'a merge key',
  wrong,
  'profiles:\n  a: &a {server: https://h}\n  b:\n    <<: *a\n',
  `:4: unknown key "<<" in profile "b"; ${keys}`,
);

test('a mistake in one profile stops no other, and stays as it was written', async (t) => {
  const text = 'profiles:\n  old:\n    server: https://h\n  new:\n    future-key: 1 # of a newer version\n';
  const host = withFile(t, text);
  t.deepEqual(readProfile(host, 'old').settings, { server: 'https://h' });
  t.deepEqual([...readProfiles(host).keys()], ['old', 'new']);
  writeProfile(host, 'old', { server: 'https://other' });
  writeProfile(host, 'third', { server: 'https://third' });
  t.is(textOf(host), `${text.replace('//h', '//other')}  third:\n    server: https://third\n`);
  await fails(t, () => readProfile(host, 'new'), {
    code: 'bad-profile-file',
    exitCode: 2,
    line: `${at}:5: unknown key "future-key" in profile "new"; ${keys}`,
  });
});

test('an edit keeps comments, order, quotes and all that it does not change', async (t) => {
  const host = withFile(
    t,
    `# my profiles

profiles:
  # the real one
  prod: # in use
    server: 'https://h.example/kubernetes' # behind the proxy
    # who
    namespace: "team-a"
    service-account: robot
    duration: 1h # a working hour
    source-file: ~/token # mounted
  # do not use
  old:
    server: https://old.example
# the end
`,
  );
  const before = readProfiles(host).get('prod')?.();
  writeProfile(host, 'prod', { ...before, audience: ['istio'] });
  t.is(
    textOf(host),
    `# my profiles

profiles:
  # the real one
  prod:
    # in use
    server: 'https://h.example/kubernetes' # behind the proxy
    # who
    namespace: "team-a"
    service-account: robot
    duration: 1h # a working hour
    source-file: ~/token # mounted
    audience:
      - istio
  # do not use
  old:
    server: https://old.example

# the end
`,
  );
  writeProfile(host, 'prod', { ...before, duration: 7200, namespace: 'team-b' });
  t.regex(textOf(host), /^ {4}duration: 7200 # a working hour$/m);
  t.regex(textOf(host), /^ {4}namespace: "?team-b"?$/m);
  t.notRegex(textOf(host), /istio/);
  writeProfile(host, 'prod', undefined);
  t.deepEqual([...readProfiles(host).keys()], ['old']);
  t.regex(textOf(host), /# do not use\n {2}old:/);
  t.regex(textOf(host), /# the end\n$/);
});

test('keys that YAML takes for a number or a truth are names as they are written', async (t) => {
  const names = ['123', '010', '1.0', 'true', '0x1f', '7'];
  const text = `profiles:\n${names.map((key) => `  ${key}: {server: https://h}\n`).join('')}`;
  const host = withFile(t, text);
  t.deepEqual([...readProfiles(host).keys()], names);
  for (const key of names) {
    writeProfile(host, key, { server: 'https://new' });
    t.deepEqual(readProfiles(host).get(key)?.(), { server: 'https://new' });
  }
  t.deepEqual([...readProfiles(host).keys()], names);
  t.regex(textOf(host), /^profiles:\n {2}123: .*\n {2}"010": .*\n {2}"1\.0": /);
  for (const key of names) writeProfile(host, key, undefined);
  t.is(readProfiles(host).size, 0);
  writeProfile(host, '010', { server: 'https://h' });
  t.deepEqual([...readProfiles(host).keys()], ['010']);
});

test('a profile without anything below it is filled, and its comment stays', async (t) => {
  const host = withFile(t, 'profiles: # mine\n  prod: # in use\n  dev: ~\n  old:\n    server: https://old\n');
  t.deepEqual(Object.fromEntries(eachProfile(host)), {
    prod: {},
    dev: {},
    old: { server: 'https://old' },
  });
  writeProfile(host, 'prod', { server: 'https://h' });
  t.is(
    textOf(host),
    'profiles:\n  # mine\n  prod:\n    # in use\n    server: https://h\n  dev: ~\n  old:\n    server: https://old\n',
  );
});

test('nothing but a document’s start, or no profiles, is filled', async (t) => {
  for (const text of ['---\n', '--- # mine\n', 'profiles: # mine\n', '# mine\nprofiles: {}\n']) {
    const host = withFile(t, text);
    writeProfile(host, 'a', undefined);
    writeProfile(host, 'a', { server: 'https://h' });
    t.deepEqual(readProfiles(host).get('a')?.(), { server: 'https://h' });
    t.is(textOf(host).includes('# mine'), text.includes('# mine'), textOf(host));
  }
});

test('an edit that would leave an alias without its anchor is refused', async (t) => {
  const text = 'profiles:\n  a:\n    server: &s https://h\n  b:\n    server: *s\n';
  const host = withFile(t, text);
  t.deepEqual(readProfiles(host).get('b')?.(), { server: 'https://h' });
  await fails(t, () => writeProfile(host, 'a', undefined), {
    code: 'bad-profile-file',
    exitCode: 2,
    line: `${at}: Unresolved alias (the anchor must be set before the alias): s; ${mend}`,
  });
  t.is(textOf(host), text);
  writeProfile(host, 'a', { server: 'https://h', namespace: 'n' });
  t.deepEqual(readProfiles(host).get('b')?.(), { server: 'https://h' });
});

test('a new file says what it is, is private, and leaves nothing beside it', async (t) => {
  const host = createHost(t);
  writeProfile(host, 'prod', { server: 'https://h.example', audience: ['a'] });
  t.is(
    textOf(host),
    `# Profiles of kubectl-sa-token. No secrets here: source tokens are in the keychain.
# Keys are the long flags of "kubectl sa-token get-token --help".

profiles:
  prod:
    server: https://h.example
    audience:
      - a
`,
  );
  t.is(statSync(join(host.home, path)).mode & 0o777, 0o600);
  t.is(statSync(join(host.home, '.kube')).mode & 0o777, 0o700);
  t.deepEqual(readdirSync(join(host.home, '.kube')), ['sa-token.yaml']);
});

test('comments of a file without profiles stay', async (t) => {
  const host = withFile(t, '# to be filled\n');
  writeProfile(host, 'a', { server: 'https://h' });
  t.is(textOf(host), '# to be filled\n\nprofiles:\n  a:\n    server: https://h\n');
});

test('a file behind a symlink is edited there, and keeps its mode', async (t) => {
  const host = createHost(t);
  const real = put(host, 'dotfiles/sa-token.yaml', 'profiles: {}\n', 0o640);
  mkdirSync(join(host.home, '.kube'));
  symlinkSync(real, join(host.home, path));
  writeProfile(host, 'a', { server: 'https://h' });
  t.regex(readFileSync(real, 'utf8'), /https:\/\/h/);
  t.is(statSync(real).mode & 0o777, 0o640);
});

test('writers at once lose nothing, and the lock leaves nothing behind', async (t) => {
  const host = createHost(t);
  const names = Array.from({ length: 12 }, (_, index) => `p${index}`);
  let atWork = 0;
  await Promise.all(
    names.map((name) =>
      withProfilesLocked(host, async () => {
        t.is((atWork += 1), 1, 'one at a time');
        await setImmediate();
        writeProfile(host, name, { server: `https://${name}.example` });
        atWork -= 1;
      }),
    ),
  );
  t.deepEqual([...readProfiles(host).keys()].sort(), names.toSorted());
  t.deepEqual(readdirSync(join(host.home, '.kube')), ['sa-token.yaml']);
});

const ownFile = 'set HOME or KUBECTL_SA_TOKEN_CONFIG to a file of your own';

test('a file that others can write is unsafe', async (t) => {
  for (const mode of [0o602, 0o622, 0o666]) {
    const host = withFile(t, 'profiles: {}');
    chmodSync(join(host.home, path), mode);
    await fails(t, () => readProfiles(host), {
      code: 'unsafe-file',
      exitCode: 7,
      line: `${host.home}/${path} can be written by other users; run: chmod go-w ${host.home}/${path}; or ${ownFile}`,
    });
  }
  // Reading is no harm: it holds no secrets.
  t.is(readProfiles(withFile(t, 'profiles: {}', 0o644)).size, 0);
});

test('a file of another user is unsafe, one of root is not', async (t) => {
  const host = withFile(t, 'profiles: {}');
  const { uid = 0 } = host;
  const stranger = withParts(host, { uid: uid + 1 });
  if (uid === 0) {
    t.is(readProfiles(stranger).size, 0);
    chownSync(join(host.home, path), 4711, 4711);
  }
  await fails(t, () => readProfiles(stranger), {
    code: 'unsafe-file',
    exitCode: 7,
    // As root the file alone is the stranger's; else the folder above it is too, and is found first.
    line: `${uid === 0 ? `${host.home}/${path}` : host.home} belongs to another user; ${ownFile}`,
  });
});

test('a folder in the file’s place is unsafe', async (t) => {
  const host = createHost(t);
  mkdirSync(join(host.home, path), { recursive: true });
  await fails(t, () => readProfiles(host), {
    code: 'unsafe-file',
    exitCode: 7,
    line: `profile file ~/${path} is a folder; name a file`,
  });
});

test('a file that is not UTF-8 is not changed', async (t) => {
  const host = createHost(t);
  const bytes = Buffer.from('profiles: {} # f\xfcr Anna\n', 'latin1');
  const file = put(host, path, bytes);
  await fails(t, () => writeProfile(host, 'a', { server: 'https://h' }), {
    code: 'unsafe-file',
    exitCode: 7,
    line: `profile file ~/${path} is not UTF-8; save it as UTF-8`,
  });
  t.deepEqual(readFileSync(file), bytes);
});

test('a place that cannot be written is told, with the folder to look at', async (t) => {
  const host = createHost(t);
  put(host, 'file', '');
  const env = { KUBECTL_SA_TOKEN_CONFIG: join(host.home, 'file', 'sa-token.yaml') };
  const there = withParts(host, { env });
  const write = async () => writeProfile(there, 'a', { server: 'https://h' });
  await fails(t, () => withProfilesLocked(there, write), {
    code: 'unwritable-file',
    exitCode: 2,
    line: /^cannot write ~\/file\/sa-token\.yaml\.lock \(E(?:NOTDIR|EXIST): .*; nothing was changed$/,
  });
});

test('touching makes the file newer and changes nothing in it', async (t) => {
  const host = withFile(t, 'profiles: {} # x\n');
  touchProfiles(withParts(host, { now: () => 4_000_000_000_000 }));
  t.is(statSync(join(host.home, path)).mtimeMs, 4_000_000_000_000);
  t.is(textOf(host), 'profiles: {} # x\n');
  await fails(t, () => touchProfiles(createHost(t)), {
    code: 'unwritable-file',
    exitCode: 2,
    line: /^cannot write ~\/\.kube\/sa-token\.yaml \(ENOENT/,
  });
});

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/).filter((text) => !/^(?:con|prn|aux|nul)/.test(text));
const settings: fc.Arbitrary<Settings> = fc.record(
  {
    server: name.map((host) => `https://${host}.example/kubernetes`),
    namespace: name.filter((text) => !text.endsWith('-')),
    audience: fc.uniqueArray(fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/), { minLength: 1, maxLength: 3 }),
    duration: fc.integer({ min: 600, max: 2 ** 32 }),
    insecureSkipTlsVerify: fc.boolean(),
    tlsServerName: fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/),
    sourceCommand: fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/),
  },
  { requiredKeys: ['server'], noNullPrototype: true },
);

test('what is written is what is read, whatever the values and the order of the edits', async (t) => {
  const edits = fc.array(fc.tuple(name, fc.option(settings, { nil: undefined, freq: 4 })), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(edits, async (list) => {
      const host = createHost(t);
      const expected = new Map<string, Settings>();
      for (const [profile, value] of list) {
        if (value === undefined && !expected.has(profile)) continue;
        writeProfile(host, profile, value);
        if (value === undefined) expected.delete(profile);
        else expected.set(profile, value);
      }
      t.deepEqual(Object.fromEntries(eachProfile(host)), Object.fromEntries(expected));
    }),
    { numRuns: 100 },
  );
});

test('any text for a profile file is read, or refused by file and line', (t) => {
  const key = fc.constantFrom(
    'profiles',
    'server',
    'duration',
    'audience',
    'a',
    '<<',
    '"',
    '#',
    ':',
    '- ',
    '&x',
    '*x',
  );
  const line = fc.tuple(fc.nat(6), fc.array(fc.oneof(key, fc.string({ maxLength: 6 })), { maxLength: 4 }));
  const text = fc
    .array(line, { maxLength: 8 })
    .map((lines) => lines.map(([indent, words]) => ' '.repeat(indent) + words.join(': ')).join('\n'));
  const host = createHost(t);
  let refused = 0;
  fc.assert(
    fc.property(text, (content) => {
      put(host, path, content);
      try {
        readAll(host);
      } catch (error) {
        if (!(error instanceof SaTokenError)) throw error;
        refused += 1;
        t.true(error.code === 'bad-profile-file' || error.code === 'bad-value');
        t.regex(error.message, /^~\/\.kube\/sa-token\.yaml:\d+: /);
      }
    }),
    { numRuns: 1000 },
  );
  t.true(refused > 100);
});
