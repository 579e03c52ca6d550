import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { execUser } from '../../src/cluster/kubeconfig.ts';
import { fails } from '../failure.ts';
import { createHost, put, withParts } from '../support/host.ts';
import { byKubectl, hook, hookText, other, set } from './edit.ts';

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

test('a kubeconfig behind a symlink that leads to nothing yet is made there', async (t) => {
  const host = createHost(t);
  mkdirSync(join(host.home, '.kube'));
  symlinkSync('../dotfiles/config', join(host.home, '.kube/config'));
  t.is((await set(host, { file: undefined })).outcome, 'added');
  t.regex(readFileSync(join(host.home, 'dotfiles/config'), 'utf8'), /kubectl-sa_token/);
  t.true(lstatSync(join(host.home, '.kube/config')).isSymbolicLink());
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
  const of = async (user: string, list = files.join(delimiter)) =>
    (await set(withParts(host, { env: { KUBECONFIG: list } }), { file: undefined, user, dryRun: true })).file;
  t.is(await of('prod'), second);
  t.is(await of('new'), first);
  t.is(await of('new', `${delimiter}${fresh}${delimiter}${none}`), fresh);
  t.is(await of('new', none), none);
  t.is(await of('new', 'first'), first, 'from the working folder, as kubectl does');
  t.is(await of('prod', ''), join(host.home, '.kube/config'));
});

test('a dry run changes nothing, and shows the one user that would be written', async (t) => {
  const host = createHost(t);
  const before = byKubectl(other);
  const file = put(host, 'config', before);
  const { result = '', outcome, backup } = await set(host, { dryRun: true });
  t.deepEqual([outcome, backup], ['added', undefined]);
  t.is(readFileSync(file, 'utf8'), before);
  t.deepEqual(readdirSync(host.home), ['config']);
  t.is(result, `# ~/config\nusers:\n- name: prod\n  user:\n${hookText('    ', '  ')}\n`);
  t.is((await set(host, { dryRun: true, user: 'other', force: true })).outcome, 'changed');
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

const others = 'give another name with --user, or --force to replace it (a backup is kept)';
const means = (text: string) => `users:\n- name: prod\n  user: ${text}\n`;
test(
  'a user with a token',
  refused,
  means('{token: x}'),
  'other-user',
  `user "prod" logs in by token; ${others}`,
);
test(
  'a user with a certificate',
  refused,
  means('{client-certificate: a, client-key: b}'),
  'other-user',
  `user "prod" logs in by client-certificate, client-key; ${others}`,
);
test(
  'our hook beside a token, which would go before it',
  refused,
  means('{exec: {command: kubectl-sa_token}, token: x}'),
  'other-user',
  `user "prod" logs in by token; ${others}`,
);
test(
  'a token that is merged in',
  refused,
  `d: &d {token: x}\n${means('{<<: *d, exec: {command: kubectl-sa_token}}')}`,
  'other-user',
  `user "prod" logs in by token; ${others}`,
);
test(
  'the user twice, once elsewhere',
  refused,
  'x: &x {name: prod}\nusers: [*x, {name: prod}]\n',
  'bad-kubeconfig',
  'user "prod" is there twice; mend the file; nothing was changed',
);
test(
  'an alias of nothing',
  refused,
  'users: [*x]\n',
  'bad-kubeconfig',
  'is not YAML (Unresolved alias (the anchor must be set before the alias): x); mend the file; nothing was changed',
);
test(
  'another hook',
  refused,
  means('{exec: {command: /usr/bin/aws}}'),
  'other-user',
  `user "prod" logs in by exec of /usr/bin/aws; ${others}`,
);
test(
  'the user twice',
  refused,
  'users:\n- name: prod\n- name: prod\n',
  'bad-kubeconfig',
  'user "prod" is there twice; mend the file; nothing was changed',
);
test(
  'users that are no list',
  refused,
  'users: {prod: {}}\n',
  'bad-kubeconfig',
  '"users" is not a list; mend the file; nothing was changed',
);
test('a list', refused, '- a\n', 'bad-kubeconfig', 'is not a kubeconfig; mend the file; nothing was changed');
test(
  'a text',
  refused,
  'hello\n',
  'bad-kubeconfig',
  'is not a kubeconfig; mend the file; nothing was changed',
);
test(
  'what is not YAML',
  refused,
  'users: [\n',
  'bad-kubeconfig',
  'is not YAML (Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1:); mend the file; nothing was changed',
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
