import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { execUser, type UserChange } from '../../src/cluster/kubeconfig.ts';
import { fails } from '../failure.ts';
import { createHost, put } from '../support/host.ts';
import { byKubectl, hook, hookText, other, set } from './edit.ts';

const edited = test.macro<[string, string, Partial<UserChange>?]>({
  async exec(t, before, after, change) {
    const host = createHost(t);
    const file = put(host, 'config', before);
    t.is((await set(host, change)).file, file);
    t.is(readFileSync(file, 'utf8'), after);
  },
  title: (given) => `every other byte stays: ${given}`,
});

test(
  'one more user, behind the others',
  edited,
  byKubectl(other),
  byKubectl(`${other}- name: prod\n  user:\n${hookText('    ', '  ')}\n`),
);
test(
  'a user of ours that is changed, between others',
  edited,
  byKubectl(
    `${other}- name: prod # ours\n  user:\n    exec: {command: kubectl-sa_token, args: [x]}\n\n# and\n- name: z\n  user: {}\n`,
  ),
  byKubectl(
    `${other}- name: prod # ours\n  user:\n${hookText('    ', '  ')}\n\n# and\n- name: z\n  user: {}\n`,
  ),
);
test(
  'a user without anything yet',
  edited,
  byKubectl(`- name: prod\n  user: {} # to be filled\n${other}`),
  byKubectl(`- name: prod\n  user:\n${hookText('    ', '  ')} # to be filled\n${other}`),
);
test(
  'a token that is replaced by force',
  edited,
  byKubectl(`- user:\n    token: abc\n  name: prod\n${other}`),
  byKubectl(`- user:\n${hookText('    ', '  ')}\n  name: prod\n${other}`),
  { force: true },
);
const deep = (users: string) => `kind: Config\nusers:\n${users}apiVersion: v1\n`;
test(
  'lists that are indented',
  edited,
  deep('    - name: a\n      user: {}\n'),
  deep(`    - name: a\n      user: {}\n    - name: prod\n      user:\n${hookText('        ', '    ')}\n`),
);
for (const none of [
  'users: []',
  'users: null',
  'users:',
  'users: ~',
  'users: [ ] # none yet',
  'users: # none yet',
])
  test(
    none,
    edited,
    `kind: Config\n${none}\napiVersion: v1\n`,
    `kind: Config\nusers:${none.includes('#') ? ' # none yet' : ''}\n- name: prod\n  user:\n${hookText('    ', '  ')}\napiVersion: v1\n`,
  );
test(
  'no users at all',
  edited,
  'apiVersion: v1\nkind: Config # x\n',
  `apiVersion: v1\nkind: Config # x\nusers:\n- name: prod\n  user:\n${hookText('    ', '  ')}\n`,
);
test(
  'no line end at the end',
  edited,
  'kind: Config\nusers:\n- name: a\n  user: {}',
  `kind: Config\nusers:\n- name: a\n  user: {}\n- name: prod\n  user:\n${hookText('    ', '  ')}`,
);
test(
  'DOS line ends',
  edited,
  'kind: Config\r\nusers:\r\n- name: a\r\n  user: {}\r\n',
  `kind: Config\nusers:\n- name: a\n  user: {}\n- name: prod\n  user:\n${hookText('    ', '  ')}\n`.replaceAll(
    '\n',
    '\r\n',
  ),
);
const inline = JSON.stringify({ name: 'prod', user: hook });
test(
  'JSON',
  edited,
  '{"kind":"Config",  "users":[{"name":"a","user":{}}]}',
  `{"kind":"Config",  "users":[{"name":"a","user":{}}, ${inline}]}`,
);
test(
  'JSON without users',
  edited,
  '{\n\t"kind": "Config", "users": []\n}\n',
  `{\n\t"kind": "Config", "users": [${inline}]\n}\n`,
);
test(
  'JSON with the user',
  edited,
  '{"users":[{"name":"prod","user":{"exec":{"command":"kubectl-sa_token"}}}]}',
  `{"users":[{"name":"prod","user":${JSON.stringify(hook)}}]}`,
);
test(
  'users in one line of YAML',
  edited,
  'kind: Config\nusers: [{name: a, user: {token: x}}] # mine\n',
  `kind: Config\nusers: [{name: a, user: {token: x}}, ${inline}] # mine\n`,
);

const lines = `  user:\n${hookText('    ', '  ')}\n`;
test(
  'a dash on a line of its own',
  edited,
  'users:\n-\n  name:   a\n  user: {}\n# end\n',
  `users:\n-\n  name:   a\n  user: {}\n- name: prod\n${lines}# end\n`,
);
test(
  'a comment behind the dash, and a number that JavaScript does not have',
  edited,
  "users:\n- # who\n  name: 'a'\nx: 12345678901234567890\n",
  `users:\n- # who\n  name: 'a'\n- name: prod\n${lines}x: 12345678901234567890\n`,
);
test(
  'an item that has a name alone',
  edited,
  'users:\n- name: prod # ours\n- name: a\n',
  `users:\n- name: prod # ours\n${lines}- name: a\n`,
);
test(
  'an item that has a name alone, in one line',
  edited,
  'users: [{name: prod}, {name: a}]\n',
  `users: [{name: prod, "user": ${JSON.stringify(hook)}}, {name: a}]\n`,
);
test(
  'a byte order mark',
  edited,
  '\ufeffkind: Config\n',
  `\ufeffkind: Config\nusers:\n- name: prod\n${lines}`,
);
test(
  'the mark of a document’s end',
  edited,
  'kind: Config # x\n...\n# end\n',
  `kind: Config # x\nusers:\n- name: prod\n${lines}...\n# end\n`,
);
test(
  'JSON without a list of users',
  edited,
  '{\n  "kind": "Config"\n}\n',
  `{\n  "kind": "Config", "users": [${inline}]\n}\n`,
);
test('JSON without anything', edited, '{ }\n', `{"users": [${inline}] }\n`);
test(
  'the user as an alias',
  edited,
  'x: &u {}\nusers:\n- name: prod\n  user: *u # theirs\n',
  `x: &u {}\nusers:\n- name: prod\n${lines.trimEnd()} # theirs\n`,
);
test(
  'another user as an alias',
  edited,
  'x: &a {name: a}\nusers:\n- *a\n',
  `x: &a {name: a}\nusers:\n- *a\n- name: prod\n${lines}`,
);
test(
  'an anchor that nobody refers to',
  edited,
  'users:\n- name: prod\n  user: &u {}\n',
  `users:\n- name: prod\n${lines}`,
);
const skeleton = `apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers:\n- name: prod\n${lines}`;
for (const comments of ['# to be\n# filled\n', '# no line end', '---\n# x\n', '\n', ''])
  test(
    `nothing but ${JSON.stringify(comments)}`,
    edited,
    comments,
    `${comments}${comments.endsWith('d') ? '\n' : ''}${skeleton}`,
  );

const unknown = test.macro<[string]>({
  async exec(t, text) {
    const host = createHost(t);
    const file = put(host, 'config', text);
    const command = `kubectl config set-credentials prod --kubeconfig=${file} --exec-api-version=client.authentication.k8s.io/v1 --exec-command=kubectl-sa_token --exec-arg=get-token --exec-arg=prod --exec-interactive-mode=Never`;
    for (const dryRun of [false, true])
      await fails(t, () => set(host, { dryRun }), {
        code: 'bad-kubeconfig',
        exitCode: 2,
        line: `${file}: is written in a way that user "prod" cannot be set without touching the rest; nothing was changed; set the user by hand, or let kubectl write the whole file anew: ${command}`,
      });
    t.is(readFileSync(file, 'utf8'), text);
    t.deepEqual(readdirSync(host.home), ['config']);
  },
  title: (given) => `refused rather than written anew: ${given}`,
});
test('no users, in lines', unknown, 'users: [ # none\n]\n');
test('a tag', unknown, 'users: !!seq []\n');
test('a key with a question mark', unknown, '? users\n: []\n');
test('users elsewhere', unknown, 'x: &x []\nusers: *x\n');
test('the user elsewhere', unknown, 'x: &x {name: prod}\nusers: [*x]\n');
test(
  'an anchor that another user refers to',
  unknown,
  'users:\n- name: prod\n  user: &u {exec: {command: kubectl-sa_token}}\n- name: a\n  user: *u\n',
);
test(
  'the same in one line, where the other user would become ours',
  unknown,
  'users: [{name: prod, user: &u {}}, {name: a, user: *u}]\n',
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

test('a profile without quotes gets them, a name of others does not', async (t) => {
  const host = createHost(t);
  const file = put(host, 'config', `users:\n- name: prod\n${lines.replace('- prod', '- on')}`);
  const value = execUser('kubectl-sa_token', ['get-token', 'on'], false);
  t.is((await set(host, { value })).outcome, 'changed');
  t.regex(readFileSync(file, 'utf8'), /^ +- "on"$/m);
  t.is((await set(host, { value })).outcome, 'unchanged');
  put(host, 'config', 'users:\n- name: on\n');
  await set(host);
  t.is(readFileSync(file, 'utf8'), `users:\n- name: on\n- name: prod\n${lines}`);
  await fails(t, () => set(host, { user: 'on' }), {
    code: 'bad-kubeconfig',
    exitCode: 2,
    line: `${file}: the name of user "on" needs quotes: kubectl does not take it for text; mend the file; nothing was changed`,
  });
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

test('in any kubeconfig a user is read back as asked, and all else stays byte for byte', async (t) => {
  const host = createHost(t);
  const file = join(host.home, 'config');
  let spliced = 0;
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
      // What is not the same at both ends is the user alone.
      const [start, end] = [commonStart(before, after), commonStart(reversed(before), reversed(after))];
      const removed = before.slice(start, Math.max(start, before.length - end));
      if (!/\S/.test(removed) || /^[\s{}[\]:null~]*$/.test(removed)) spliced += 1;
      else t.log(before, after);
    }),
    { numRuns: 300 },
  );
  t.is(spliced, 300);
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

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length += 1;
  return length;
}

const reversed = (text: string) => text.split('').toReversed().join('');
