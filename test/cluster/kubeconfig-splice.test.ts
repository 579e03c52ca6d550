import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import type { UserChange } from '../../src/cluster/kubeconfig.ts';
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
for (const none of ['users: []', 'users: null', 'users:', 'users: ~', 'users: [ ] # none yet'])
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

// Any kubeconfig.

const word = fc
  .stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
  .filter((text) => !['prod', 'null', 'true', 'false', 'n', 'y', 'no', 'yes', 'on', 'off'].includes(text));
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
    fc.asyncProperty(config, style, async (given, how) => {
      const users =
        how.ours === undefined ? given.users : given.users.toSpliced(how.ours, 0, { name: 'prod', user: {} });
      const before = written({ ...given, users }, how);
      writeFileSync(file, before);
      const { outcome } = await set(host, { force: true });
      const after = readFileSync(file, 'utf8');
      const expected = users.some(({ name }) => name === 'prod')
        ? users.map((each) => (each.name === 'prod' ? { ...each, user: hook } : each))
        : [...users, { name: 'prod', user: hook }];
      t.deepEqual<unknown, unknown>(parse(after), { ...given, users: expected });
      t.is(outcome, how.ours === undefined ? 'added' : 'changed');
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
  how: { indentSeq: boolean; indent: number; flow: string; comments: boolean; blank: boolean },
): string {
  if (how.flow === 'json') return `${JSON.stringify(value, undefined, how.indent)}\n`;
  const collectionStyle = how.flow === 'all' ? ('flow' as const) : ('any' as const);
  const text = stringify(value, {
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
