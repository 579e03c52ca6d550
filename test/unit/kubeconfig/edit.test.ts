import test from 'ava';
import fc from 'fast-check';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { execUser, type UserChange } from '../../../src/kubeconfig/edit.ts';
import { fails } from '../../support/failure.ts';
import { createHost, put, withParts } from '../../support/host.ts';
import { byKubectl, hook, hookText, other, set, shown } from '../../support/kubeconfig-edit.ts';

const named = (name: string) => `kind: Config\nusers:\n- name: ${name}\n  user: {}\n`;

test('a new kubeconfig is made where there is none, private', async (t) => {
  const host = createHost(t);
  const { file, outcome, backup } = await set(host, { file: undefined });
  t.deepEqual([file, outcome, backup], [join(host.home, '.kube/config'), 'added', undefined]);
  t.is(statSync(file).mode & 0o777, 0o600);
  t.deepEqual<unknown, unknown>(parse(readFileSync(file, 'utf8')), {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [],
    contexts: [],
    users: [{ name: 'prod', user: hook }],
  });
  t.deepEqual(readdirSync(join(host.home, '.kube')), ['config']);
});

test('the old file is kept beside, with its mode, and a second run changes nothing', async (t) => {
  const host = createHost(t);
  const file = put(host, 'config', byKubectl(other));
  chmodSync(file, 0o640);
  const first = await set(host);
  t.deepEqual([first.outcome, first.backup], ['added', `${file}.sa-token-backup`]);
  t.is(readFileSync(first.backup ?? '', 'utf8'), byKubectl(other));
  for (const path of [file, first.backup ?? '']) t.is(statSync(path).mode & 0o777, 0o640);
  const [inode, text] = [statSync(file).ino, readFileSync(file, 'utf8')];
  const second = await set(host);
  t.deepEqual([second.outcome, second.backup], ['unchanged', undefined]);
  t.is(statSync(file).ino, inode);
  t.is(
    (await set(host, { value: execUser('kubectl-sa_token', ['get-token', 'dev'], true) })).outcome,
    'changed',
  );
  t.is(readFileSync(first.backup ?? '', 'utf8'), text);
  t.deepEqual(readdirSync(host.home).sort(), ['config', 'config.sa-token-backup']);
});

test('a kubeconfig behind a symlink is edited there', async (t) => {
  const host = createHost(t);
  const real = put(host, 'dotfiles/config', byKubectl(other), 0o644);
  mkdirSync(join(host.home, '.kube'));
  symlinkSync('../dotfiles/config', join(host.home, '.kube/config'));
  await set(host, { file: undefined });
  t.regex(readFileSync(real, 'utf8'), /kubectl-sa_token/);
  t.is(statSync(real).mode & 0o777, 0o644);
});

test('a folder is refused, and no lock is put beside it', async (t) => {
  const host = createHost(t);
  put(host, 'home/x', '');
  // A lock would be waited for.
  put(host, 'home.lock', '');
  await fails(t, () => set(host, { file: 'home' }), {
    code: 'unsafe-file',
    exitCode: 7,
    line: `kubeconfig ${host.home}/home is a folder; name a file`,
  });
});

test('a kubeconfig that is not UTF-8 is refused, and left as it was', async (t) => {
  const host = createHost(t);
  const bytes = Buffer.from('kind: Config # f\xfcr Anna\n', 'latin1');
  const file = put(host, 'config', bytes);
  await fails(t, () => set(host), {
    code: 'unsafe-file',
    exitCode: 7,
    line: `kubeconfig ${file} is not UTF-8; save it as UTF-8`,
  });
  t.deepEqual(readFileSync(file), bytes);
});

test('of a KUBECONFIG list it is the file that has the user, the first that exists, the first', async (t) => {
  const host = createHost(t);
  const files = ['none', 'first', 'second', 'more/new'].map((name) => join(host.home, name));
  const [none = '', first = '', second = '', fresh = ''] = files;
  put(host, 'first', named('a'));
  put(host, 'second', named('prod'));
  const of = (user: string, list = files.join(delimiter)) =>
    shown(withParts(host, { env: { KUBECONFIG: list } }), { file: undefined, user })
      .replace(/^# ~?/, host.home)
      .replace(/\n.*/s, '');
  t.is(of('prod'), second);
  t.is(of('new'), first);
  t.is(of('new', `${delimiter}${fresh}${delimiter}${none}`), fresh);
  t.is(of('new', none), none);
  t.is(of('new', 'first'), first, 'from the working folder, as kubectl does');
  t.is(of('prod', ''), join(host.home, '.kube/config'));
});

test('a dry run changes nothing, and shows the one user that would be written', async (t) => {
  const host = createHost(t);
  const before = byKubectl(other);
  const file = put(host, 'config', before);
  const result = shown(host);
  t.is(readFileSync(file, 'utf8'), before);
  t.deepEqual(readdirSync(host.home), ['config']);
  t.is(result, `# ~/config\nusers:\n- name: prod\n  user:\n${hookText('    ', '  ')}\n`);
  t.regex(shown(host, { user: 'other', force: true }), /- name: other\n/);
});

test('a user that is replaced by force is told of, since the backup still has it', async (t) => {
  const host = createHost(t);
  put(host, 'config', byKubectl(other));
  t.is((await set(host, { user: 'other', force: true })).replaced, 'token');
  t.is((await set(host, { user: 'other' })).replaced, undefined);
});

const refused = test.macro<[string, string, string]>({
  async exec(t, text, code, problem) {
    const host = createHost(t);
    const file = put(host, 'config', text);
    await fails(t, () => set(host), { code, exitCode: 2, line: `${file}: ${problem}` });
    t.is(readFileSync(file, 'utf8'), text);
    t.deepEqual(readdirSync(host.home), ['config']);
  },
  title: (given) => `refused, and left as it was: ${given}`,
});

const otherUsers = 'give another name with --user, or --force to replace it (a backup is kept)';
const means = (text: string) => `users:\n- name: prod\n  user: ${text}\n`;
test(
  'a user with a token',
  refused,
  means('{token: x}'),
  'other-user',
  `user "prod" logs in by token; ${otherUsers}`,
);
test(
  'a user with a certificate',
  refused,
  means('{client-certificate: a, client-key: b}'),
  'other-user',
  `user "prod" logs in by client-certificate, client-key; ${otherUsers}`,
);
test(
  'our hook beside a token, which would go before it',
  refused,
  means('{exec: {command: kubectl-sa_token}, token: x}'),
  'other-user',
  `user "prod" logs in by token; ${otherUsers}`,
);
test(
  'a token that is merged in',
  refused,
  `d: &d {token: x}\n${means('{<<: *d, exec: {command: kubectl-sa_token}}')}`,
  'other-user',
  `user "prod" logs in by token; ${otherUsers}`,
);
test(
  'the user twice, once elsewhere',
  refused,
  'x: &x {name: prod}\nusers: [*x, {name: prod}]\n',
  'bad-kubeconfig',
  'user "prod" is there twice; correct the file; nothing was changed',
);
test(
  'an alias of nothing',
  refused,
  'users: [*x]\n',
  'bad-kubeconfig',
  'is not YAML (Unresolved alias (the anchor must be set before the alias): x); correct the file; nothing was changed',
);
test(
  'another hook',
  refused,
  means('{exec: {command: /usr/bin/aws}}'),
  'other-user',
  `user "prod" logs in by exec of /usr/bin/aws; ${otherUsers}`,
);
test(
  'the user twice',
  refused,
  'users:\n- name: prod\n- name: prod\n',
  'bad-kubeconfig',
  'user "prod" is there twice; correct the file; nothing was changed',
);
test(
  'users that are no list',
  refused,
  'users: {prod: {}}\n',
  'bad-kubeconfig',
  '"users" is not a list; correct the file; nothing was changed',
);
test(
  'a list',
  refused,
  '- a\n',
  'bad-kubeconfig',
  'is not a kubeconfig; correct the file; nothing was changed',
);
test(
  'a text',
  refused,
  'hello\n',
  'bad-kubeconfig',
  'is not a kubeconfig; correct the file; nothing was changed',
);
test(
  'what is not YAML',
  refused,
  'users: [\n',
  'bad-kubeconfig',
  'is not YAML (Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1:); correct the file; nothing was changed',
);

for (const command of [
  'kubectl-sa_token',
  'kubectl-sa-token',
  '/opt/bin/kubectl-sa_token',
  'C:\\\\krew\\\\kubectl-sa_token.exe',
])
  test(`a hook of ours under another name is ours: ${command}`, async (t) => {
    const host = createHost(t);
    put(host, 'config', means(`{exec: {command: "${command}"}}`));
    t.is(
      (await set(host, { user: 'prod', value: execUser('kubectl-sa_token', ['x'], false) })).outcome,
      'changed',
    );
  });

test('a place that cannot be written is told', async (t) => {
  const host = createHost(t);
  const file = join(put(host, 'file', ''), 'config');
  await fails(t, () => set(host, { file }), {
    code: 'unwritable-file',
    exitCode: 2,
    line: /^cannot write \S*\/file\/config \(E(?:EXIST|NOTDIR): .*; nothing was changed$/,
  });
});

test('writers at once lose nothing', async (t) => {
  const host = createHost(t);
  const file = put(host, 'config', byKubectl(other));
  const names = Array.from({ length: 8 }, (_, index) => `u${index}`);
  await Promise.all(names.map((user) => set(host, { user })));
  const { users }: { users: { name: string }[] } = parse(readFileSync(file, 'utf8'));
  t.deepEqual(users.map(({ name }) => name).sort(), ['other', ...names].sort());
  t.false(existsSync(`${file}.lock`));
});

const edited = test.macro<[string, string, Partial<UserChange>?]>({
  async exec(t, before, after, change) {
    const host = createHost(t);
    const file = put(host, 'config', before);
    t.is((await set(host, change)).file, file);
    t.is(readFileSync(file, 'utf8'), after);
  },
  title: (given) => `comments and order stay: ${given}`,
});

const lines = `  user:\n${hookText('    ', '  ')}\n`;
// As `kubectl config` 1.33 writes it: go-yaml's order and style.
const byKubectlOfKubeconfigEdit = (users: string) => `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${'LS0tLS1CRUdJTi'.repeat(40)}
    server: https://h.example:6443
  name: a
contexts:
- context:
    cluster: a
    user: prod
  name: a
current-context: "1"
kind: Config
preferences: {}
users:
${users}`;
const theirs =
  '- name: other\n  user:\n    exec:\n      apiVersion: v1\n      args:\n      - "true"\n      command: x\n      env: null\n';

test(
  'what kubectl wrote comes back byte for byte, with one more user',
  edited,
  byKubectlOfKubeconfigEdit(theirs),
  byKubectlOfKubeconfigEdit(`${theirs}- name: prod\n${lines}`),
);
test(
  'what kubectl wrote comes back byte for byte, with a user replaced',
  edited,
  byKubectlOfKubeconfigEdit(`- name: prod\n  user:\n    token: abc\n${theirs}`),
  byKubectlOfKubeconfigEdit(`- name: prod\n${lines}${theirs}`),
  { force: true },
);
test(
  'comments and the way that values are written',
  edited,
  `# mine\nkind: Config # it is\nusers:\n${other}- name: 'prod' # ours\n  user: {} # to be filled\n# the end\n`,
  `# mine\nkind: Config # it is\nusers:\n- name: "other" # not ours\n  user:\n    token: abc\n    # keep\n- name: 'prod' # ours\n${lines}\n# the end\n`,
);
const deep = (users: string) => `kind: Config\nusers:\n${users}apiVersion: v1\n`;
test(
  'lists that are indented: the dashes move, as kubectl writes them',
  edited,
  deep('  - name: a\n    user: {}\n'),
  deep(`- name: a\n  user: {}\n- name: prod\n${lines}`),
);
for (const none of ['users: []', 'users: null', 'users:', 'users: ~'])
  test(
    none,
    edited,
    `kind: Config\n${none}\napiVersion: v1\n`,
    `kind: Config\nusers:\n- name: prod\n${lines}apiVersion: v1\n`,
  );
test(
  'no users at all',
  edited,
  'apiVersion: v1\nkind: Config # x\n',
  `apiVersion: v1\nkind: Config # x\nusers:\n- name: prod\n${lines}`,
);
test(
  'DOS line ends and a byte order mark, which kubectl does not write either',
  edited,
  '\ufeffkind: Config\r\nusers:\r\n- name: a\r\n  user: {}\r\n',
  `kind: Config\nusers:\n- name: a\n  user: {}\n- name: prod\n${lines}`,
);
test(
  'JSON in one line',
  edited,
  '{"kind":"Config","users":[{"name":"a","user":{}}]}',
  `{"kind":"Config","users":[{"name":"a","user":{}},${JSON.stringify({ name: 'prod', user: hook })}]}`,
);
test(
  'JSON in many lines',
  edited,
  `${JSON.stringify({ kind: 'Config', users: [] }, undefined, 4)}\n`,
  `${JSON.stringify({ kind: 'Config', users: [{ name: 'prod', user: hook }] }, undefined, 4)}\n`,
);
test(
  'an item that has a name alone, and a number that JavaScript does not have',
  edited,
  'users:\n- name: prod # ours\n- name: a\nx: 12345678901234567890\n',
  `users:\n- name: prod # ours\n${lines}- name: a\nx: 12345678901234567890\n`,
);
test(
  'another user as an alias',
  edited,
  'x: &a { name: a }\nusers:\n- *a\n',
  `x: &a { name: a }\nusers:\n- *a\n- name: prod\n${lines}`,
);
const skeleton = `apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers:\n- name: prod\n${lines}`;
for (const nothing of ['\n', '']) test(`nothing but ${JSON.stringify(nothing)}`, edited, nothing, skeleton);

const unknown = test.macro<[string]>({
  async exec(t, text) {
    const host = createHost(t);
    const file = put(host, 'config', text);
    await fails(t, () => set(host), {
      code: 'bad-kubeconfig',
      exitCode: 2,
      line: /; nothing was changed; set the user by hand, as the same command with --dry-run prints it$/,
    });
    t.regex(shown(host), /- name: prod\n/);
    t.is(readFileSync(file, 'utf8'), text);
    t.deepEqual(readdirSync(host.home), ['config']);
  },
  title: (given) => `refused, and left as it was: ${given}`,
});
test('the user elsewhere', unknown, 'x: &x {name: prod}\nusers: [*x]\n');
test(
  'an anchor that another user refers to',
  unknown,
  'users:\n- name: prod\n  user: &u {exec: {command: kubectl-sa_token}}\n- name: a\n  user: *u\n',
);

const elsewhere = ['on', 'off', 'yes', 'no', 'y', 'n', 'null', 'true', '~', '<<', '2001-12-14'];
const numbers = [
  '1',
  '1_000',
  '0b11',
  '0b-11',
  '0o17',
  '0x_1',
  '1_0.5',
  '685.230_15',
  '1:30',
  '1e3',
  '.5',
  '017',
];
test('what kubectl’s YAML takes for no text has quotes, as a name and as a profile', async (t) => {
  const host = createHost(t);
  for (const before of ['', 'users: [{name: a}]\n', 'users:\n- name: a\n'])
    for (const name of [...elsewhere, ...numbers]) {
      const file = put(host, 'config', before);
      await set(host, { user: name, value: execUser('kubectl-sa_token', ['get-token', name], false) });
      const text = readFileSync(file, 'utf8');
      t.is(text.split(`"${name}"`).length, 3, text);
      t.like(parse(text, { version: '1.1' }).users.at(-1), {
        name,
        user: { exec: { args: ['get-token', name] } },
      });
    }
});

test('a profile without quotes gets them', async (t) => {
  const host = createHost(t);
  const file = put(host, 'config', `users:\n- name: prod\n${lines.replace('- prod', '- on')}`);
  const value = execUser('kubectl-sa_token', ['get-token', 'on'], false);
  t.is((await set(host, { value })).outcome, 'changed');
  t.regex(readFileSync(file, 'utf8'), /^ +- "on"$/m);
  t.is((await set(host, { value })).outcome, 'unchanged');
});

// Any kubeconfig.

const word = fc
  .oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/) },
    fc.constantFrom(...elsewhere, ...numbers),
  )
  .filter((text) => text !== '<<');
const leaf = fc.oneof(
  word,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.stringMatching(/^[ -~]{0,20}$/),
  fc.constant('a\nb\n'),
);
const user = fc.dictionary(
  fc.constantFrom('token', 'username', 'exec', 'x'),
  fc.oneof(leaf, fc.dictionary(word, leaf, { noNullPrototype: true })),
  { noNullPrototype: true },
);
const config = fc.record(
  {
    users: fc.uniqueArray(fc.record({ name: word, user }, { noNullPrototype: true }), {
      selector: ({ name }) => name,
      maxLength: 4,
    }),
    contexts: fc.array(fc.record({ name: word, context: user }, { noNullPrototype: true }), { maxLength: 2 }),
    'current-context': word,
  },
  { noNullPrototype: true },
);
const style = fc.record({
  indentSeq: fc.boolean(),
  indent: fc.constantFrom(2, 4),
  flow: fc.constantFrom('none', 'all', 'json'),
  comments: fc.boolean(),
  blank: fc.boolean(),
  ours: fc.option(fc.nat(4), { nil: undefined }),
});

test('in any kubeconfig a user is read back as asked, and all else reads as before', async (t) => {
  const host = createHost(t);
  const file = join(host.home, 'config');
  await fc.assert(
    fc.asyncProperty(config, word, style, async (given, name, how) => {
      const others = given.users.filter((each) => each.name !== name);
      const users = how.ours === undefined ? others : others.toSpliced(how.ours, 0, { name, user: {} });
      const before = written({ ...given, users }, how);
      writeFileSync(file, before);
      const { outcome } = await set(host, { user: name, force: true });
      const after = readFileSync(file, 'utf8');
      const expected = users.some((each) => each.name === name)
        ? users.map((each) => (each.name === name ? { ...each, user: hook } : each))
        : [...users, { name, user: hook }];
      t.deepEqual<unknown, unknown>(parse(after), { ...given, users: expected });
      t.is(outcome, how.ours === undefined ? 'added' : 'changed');
      const { users: read }: { users: object[] } = parse(after, {
        version: '1.1',
        logLevel: 'error',
        uniqueKeys: false,
      });
      t.true(
        read.some((each) => JSON.stringify(each) === JSON.stringify({ name, user: hook })),
        after,
      );
      t.is(after.split('# who').length, before.split('# who').length);
    }),
    { numRuns: 300 },
  );
});

function written(
  value: object,
  how: {
    indentSeq: boolean;
    indent: number;
    flow: string;
    comments: boolean;
    blank: boolean;
    ours: number | undefined;
  },
): string {
  if (how.flow === 'json') return `${JSON.stringify(value, undefined, how.indent)}\n`;
  const collectionStyle = how.flow === 'all' ? ('flow' as const) : ('any' as const);
  // A name of ours without quotes is refused.
  const text = stringify(value, {
    compat: how.ours === undefined ? null : 'yaml-1.1',
    indentSeq: how.indentSeq,
    indent: how.indent,
    lineWidth: 0,
    collectionStyle,
  });
  if (how.flow === 'all') return text;
  const commented = how.comments ? text.replaceAll(/^(- |  - )?(name: [a-z0-9-]+)$/gm, '$1$2   # who') : text;
  return how.blank ? commented.replaceAll(/^(contexts|current-context):/gm, '\n\n# next\n$1:') : commented;
}
