import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import {
  formatEntry,
  isVouchedFor,
  parseEntry,
  readEntry,
  writeEntry,
  type Entry,
} from '../../../src/cache/entry.ts';
import {
  entryFile,
  isFolderOurs,
  listEntries,
  prepareFolder,
  removeEntries,
  pruneEntries,
} from '../../../src/cache/folder.ts';
import { recordOf } from '../../../src/base/file-identity.ts';
import { formatCredential } from '../../../src/exec/credential.ts';
import { cacheFolder } from '../../../src/settings/paths.ts';
import { fails } from '../../support/failure.ts';
import { createHost, put, withParts, type TestHost } from '../../support/host.ts';

const digest = '0123456789abcdef'.repeat(4);
const credential = formatCredential('the-token', 1_900_000_000, 'client.authentication.k8s.io/v1');
const whole: Entry = {
  serveUntil: 1_800_000_000,
  expires: 1_900_000_030,
  digest,
  credential,
  written: 1_700_000_000.5,
  profile: undefined,
  source: undefined,
};

/** An entry of a profile file and a source file. */
function setUp(t: ExecutionContext): {
  host: TestHost;
  file: string;
  folder: string;
  profiles: string;
  source: string;
  made: Entry;
} {
  const host = createHost(t);
  const profiles = put(host, '.kube/sa-token.yaml', 'profiles: {}');
  const source = put(host, 'a source file', 'x');
  const made = { ...whole, profile: recordOf(profiles), source: recordOf(source) };
  t.true(writeEntry(host, 'prod', made));
  return { host, file: entryFile(host, 'prod'), folder: cacheFolder(host), profiles, source, made };
}

const call = { profile: 'prod', settings: {}, cluster: {} };
const isVouched = (host: TestHost) => isVouchedFor(host, call, readEntry(host, 'prod') ?? whole);

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('an entry is read as it was written', (t) => {
  const { host, made } = setUp(t);
  t.deepEqual(readEntry(host, 'prod'), made);
  t.is(readEntry(host, 'other'), undefined);
  t.is(readEntry(createHost(t), 'prod'), undefined);
});

test('an entry is four lines in a private file of a private folder, with the time to renew it beside', (t) => {
  const { host, file, folder, profiles, source, made } = setUp(t);
  t.is(file, join(host.home, '.kube/cache/sa-token/prod.entry'));
  const { ino, dev, size, mtimeNs, ctimeNs } = statSync(profiles, { bigint: true });
  t.is(made.profile?.identity, `${ino} ${dev}.${size}.${mtimeNs}.${ctimeNs}`);
  t.is(
    readFileSync(file, 'utf8'),
    `v2 1800000000 1900000030 ${digest}\n${made.profile?.identity} ${profiles}\n${made.source?.identity} ${source}\n${credential}\n`,
  );
  t.is(statSync(file).mtimeMs, 1_700_000_000_500);
  t.deepEqual([mode(file), mode(folder)], ['600', '700']);
  t.deepEqual(readdirSync(folder).sort(), ['prod.entry', 'prod.until']);
  const marker = statSync(entryFile(host, 'prod', 'until'));
  t.deepEqual([marker.size, marker.mtimeMs, marker.mode & 0o777], [0, 1_800_000_000_000, 0o600]);
});

test('an entry that no file vouches for has empty lines in their place, and no marker for the fast lane', (t) => {
  const { host, file, folder, made } = setUp(t);
  for (const each of [whole, { ...made, source: { path: '/a\nb', identity: '1 2.3.4.5' } }]) {
    t.true(writeEntry(host, 'prod', each));
    t.is(readFileSync(file, 'utf8'), `v2 1800000000 1900000030 ${digest}\n\n\n${credential}\n`);
    t.deepEqual(readdirSync(folder), ['prod.entry']);
  }
});

test('a clock that was set back since the settings were read does not date an entry in the future', (t) => {
  const { host, file } = setUp(t);
  writeEntry(withParts(host, { now: () => 1_600_000_000_000 }), 'prod', whole);
  t.is(statSync(file).mtimeMs, 1_600_000_000_000);
});

test('an entry of a newer version is a miss that an older plugin leaves where it is', (t) => {
  const { host, file, made } = setUp(t);
  const text = readFileSync(file, 'utf8').replace(/^v2/, 'v3');
  writeFileSync(file, text);
  t.is(readEntry(host, 'prod'), undefined);
  t.false(writeEntry(host, 'prod', made));
  t.is(readFileSync(file, 'utf8'), text);
  t.is(removeEntries(host, 'prod'), 1, 'but a logout removes it');
});

test('the folder is kubectl’s cache folder, wherever that is', (t) => {
  const host = createHost(t);
  const elsewhere = withParts(host, { env: { KUBECACHEDIR: join(host.home, 'c') } });
  t.true(writeEntry(elsewhere, 'prod', whole));
  t.is(mode(join(host.home, 'c/sa-token/prod.entry')), '600');
  t.false(existsSync(join(host.home, '.kube')));
});

const miss = test.macro<[(state: ReturnType<typeof setUp>) => unknown]>({
  exec(t, change) {
    const state = setUp(t);
    change(state);
    t.is(readEntry(state.host, 'prod'), undefined);
    // It is replaced by the next, and that is whole again.
    t.true(writeEntry(state.host, 'prod', whole));
    t.deepEqual(readEntry(state.host, 'prod'), whole);
    t.deepEqual([mode(state.file), mode(state.folder)], ['600', '700']);
  },
  title: (given) => `a miss that is replaced: ${given}`,
});

const rewrite = (change: (text: string) => string) => (state: { file: string }) =>
  writeFileSync(state.file, change(readFileSync(state.file, 'utf8')));

test('an entry that others can read', miss, ({ file }) => chmodSync(file, 0o640));
test('an entry that others can write', miss, ({ file }) => chmodSync(file, 0o602));
test('a folder that others can enter', miss, ({ folder }) => chmodSync(folder, 0o711));
test('a symlink to a whole entry', miss, ({ host, file }) => {
  renameSync(file, join(host.home, 'real'));
  symlinkSync(join(host.home, 'real'), file);
});
test('a dangling symlink', miss, ({ host, file }) => {
  rmSync(file);
  symlinkSync(join(host.home, 'nowhere'), file);
});
test('a hard link', miss, ({ host, file }) => linkSync(file, join(host.home, 'second')));
test('a FIFO', miss, ({ file }) => {
  rmSync(file);
  execFileSync('mkfifo', ['-m', '600', file]);
});
test('an empty file', miss, ({ file }) => truncateSync(file, 0));
test(
  'one line',
  miss,
  rewrite((text) => text.split('\n')[0] ?? ''),
);
test(
  'no newline at the end',
  miss,
  rewrite((text) => text.slice(0, -1)),
);
test(
  'a credential cut short',
  miss,
  rewrite((text) => text.slice(0, -10)),
);
test(
  'a fifth line',
  miss,
  rewrite((text) => `${text}x\n`),
);
test(
  'an empty fifth line',
  miss,
  rewrite((text) => `${text}\n`),
);
test(
  'an earlier version',
  miss,
  rewrite((text) => text.replace(/^v2/, 'v1')),
);
test(
  'a digest too short',
  miss,
  rewrite((text) => text.replace(digest, digest.slice(1))),
);
test(
  'a number that is none',
  miss,
  rewrite((text) => text.replace('1800000000', '18e8')),
);
test(
  'a number below zero',
  miss,
  rewrite((text) => text.replace('1800000000', '-1')),
);
test(
  'DOS line ends',
  miss,
  rewrite((text) => text.replaceAll('\n', '\r\n')),
);
test(
  'a byte order mark',
  miss,
  rewrite((text) => `\ufeff${text}`),
);
test(
  'another kind of object',
  miss,
  rewrite((text) => text.replace('"ExecCredential"', '"Secret"')),
);
test(
  'zeroes, as a crash can leave',
  miss,
  rewrite((text) => '\0'.repeat(text.length)),
);
test(
  'more than an entry can be',
  miss,
  rewrite((text) => text + 'x'.repeat(65_536)),
);

test('an entry of another user is a miss', (t) => {
  const { host, file } = setUp(t);
  const { uid = 0 } = host;
  // To another user it is foreign; to root too, once it is given away.
  t.is(readEntry(withParts(host, { uid: uid + 1 }), 'prod'), undefined);
  if (uid !== 0) return;
  chownSync(file, 4711, 4711);
  t.is(readEntry(host, 'prod'), undefined);
  chownSync(file, 0, 0);
  t.truthy(readEntry(host, 'prod'));
  chownSync(dirname(file), 4711, 4711);
  t.is(readEntry(host, 'prod'), undefined);
  t.false(writeEntry(host, 'prod', whole));
});

test('where files have no owner, modes say nothing', (t) => {
  const { host, file } = setUp(t);
  chmodSync(file, 0o666);
  t.truthy(readEntry(withParts(host, { uid: undefined }), 'prod'));
});

test('a folder in the place of an entry stays, and fails nothing', async (t) => {
  const { host, file, folder } = setUp(t);
  rmSync(file);
  put(host, '.kube/cache/sa-token/prod.entry/theirs', 'x');
  t.is(readEntry(host, 'prod'), undefined);
  t.false(writeEntry(host, 'prod', whole));
  t.is(readFileSync(join(file, 'theirs'), 'utf8'), 'x');
  t.deepEqual(readdirSync(folder), ['prod.entry']);
  // At a logout that is told: something of that name stays.
  await fails(t, () => removeEntries(host, 'prod'), {
    code: 'unwritable-file',
    exitCode: 2,
    line: /^cannot remove ~\/\.kube\/cache\/sa-token\/prod\.entry \(.*\); the logout is not complete\. /,
  });
});

test('a cache that cannot be is none, and nothing fails', (t) => {
  const host = createHost(t);
  put(host, 'file', '');
  put(host, 'link/sa-token-target/x', '');
  symlinkSync(join(host.home, 'link/sa-token-target'), join(host.home, 'link/sa-token'));
  const folders = {
    'below a file': join(host.home, 'file/cache'),
    'a file itself': join(host.home, 'file'),
    'a symlink for a folder': join(host.home, 'link'),
    'a path too long': `/${'x'.repeat(4000)}`,
    'a name too long': join(host.home, 'x'.repeat(300)),
    'a device': '/dev/full',
  };
  for (const [title, KUBECACHEDIR] of Object.entries(folders)) {
    const there = withParts(host, { env: { KUBECACHEDIR } });
    t.false(prepareFolder(there), title);
    t.false(writeEntry(there, 'prod', whole), title);
    t.is(readEntry(there, 'prod'), undefined, title);
    t.deepEqual(listEntries(there), [], title);
    t.is(removeEntries(there, 'prod'), 0, title);
    t.false(isFolderOurs(there), title);
  }
  t.deepEqual(readdirSync(join(host.home, 'link/sa-token-target')), ['x']);
});

test('a folder that others could enter is closed before anything is put there', (t) => {
  const host = createHost(t);
  mkdirSync(cacheFolder(host), { recursive: true, mode: 0o755 });
  chmodSync(cacheFolder(host), 0o777);
  t.true(prepareFolder(host));
  t.is(mode(cacheFolder(host)), '700');
});

test('an entry is replaced whole: who has the old one open still reads it, and no draft stays', (t) => {
  const { host, file, folder, made } = setUp(t);
  const before = statSync(file).ino;
  t.true(writeEntry(host, 'prod', { ...made, expires: 1_900_000_031 }));
  t.not(statSync(file).ino, before);
  t.is(readEntry(host, 'prod')?.expires, 1_900_000_031);
  t.deepEqual(readdirSync(folder).sort(), ['prod.entry', 'prod.until']);
});

test('an entry that cannot be replaced leaves no word that it may be served', (t) => {
  const { host, file } = setUp(t);
  rmSync(file);
  mkdirSync(file);
  t.false(writeEntry(host, 'prod', whole));
  t.false(existsSync(entryFile(host, 'prod', 'until')));
});

test('an entry is vouched for while its files are the very ones that were read, and unchanged', (t) => {
  const { host, profiles, source, made } = setUp(t);
  t.true(isVouched(host));
  t.false(
    isVouchedFor(
      withParts(host, { env: { KUBECTL_SA_TOKEN_CONFIG: put(host, 'other.yaml', 'profiles: {}') } }),
      call,
      made,
    ),
  );
  for (const file of [profiles, source]) {
    const other = put(host, 'other', readFileSync(file, 'utf8'));
    utimesSync(other, 1000, 1000);
    renameSync(other, file);
    t.false(isVouched(host), 'another one, of long ago');
    writeEntry(host, 'prod', { ...made, profile: recordOf(profiles), source: recordOf(source) });
    t.true(isVouched(host));
    utimesSync(file, 2000, 2000);
    t.false(isVouched(host), 'its content is of long ago, its change is not');
    const now = { ...made, profile: recordOf(profiles), source: recordOf(source) };
    writeEntry(host, 'prod', now);
    t.true(isVouched(host));
    rmSync(file);
    t.false(isVouched(host));
    put(host, file.slice(host.home.length + 1), 'x');
    Object.assign(made, { profile: recordOf(profiles), source: recordOf(source) });
    writeEntry(host, 'prod', made);
  }
});

test('a call without a profile trusts the entry’s name, but for the source file that its flags name', (t) => {
  const { host, source, made } = setUp(t);
  const flags = { ...call, profile: undefined };
  t.true(isVouchedFor(host, flags, whole));
  const withFile = { ...flags, settings: { sourceFile: source } };
  t.false(isVouchedFor(host, withFile, whole), 'written when the file had changed meanwhile');
  t.true(isVouchedFor(host, withFile, { ...whole, source: made.source }));
  utimesSync(source, 1000, 1000);
  t.false(isVouchedFor(host, withFile, { ...whole, source: made.source }));
});

test('what was edited while the token was on its way vouches for nothing', (t) => {
  const { host, profiles, folder, made } = setUp(t);
  utimesSync(profiles, 1000, 1000);
  t.true(writeEntry(host, 'prod', made));
  t.deepEqual(readEntry(host, 'prod'), whole);
  t.deepEqual(readdirSync(folder), ['prod.entry']);
});

test('a folder that others could write is emptied, one that they could read is closed', (t) => {
  const { host, folder, file } = setUp(t);
  chmodSync(folder, 0o755);
  t.false(isFolderOurs(host));
  t.true(prepareFolder(host));
  t.truthy(readEntry(host, 'prod'));
  chmodSync(folder, 0o770);
  t.true(prepareFolder(host));
  t.false(existsSync(file));
  t.true(isFolderOurs(host));
});

test('all that is kept for a profile is removed, and nothing of others', (t) => {
  const { host, folder } = setUp(t);
  for (const name of ['prod@0123', 'prod2', 'prod.entry', '@0123']) writeEntry(host, name, whole);
  for (const file of ['prod.clients', 'prod.parents', 'prod@0123.renewing', 'prod2.failed', 'prod.lock'])
    writeFileSync(join(folder, file), '');
  // Left by processes that were killed: the first holds a token.
  writeFileSync(join(folder, 'prod.entry.0123456789ab.tmp'), credential);
  writeFileSync(join(folder, 'prod.lock.0123456789ab.tmp'), '1 host 0\n');
  t.deepEqual(listEntries(host), ['@0123', 'prod', 'prod.entry', 'prod2', 'prod@0123']);
  t.is(removeEntries(host, 'prod'), 2);
  t.deepEqual(readdirSync(folder).sort(), ['@0123.entry', 'prod.entry.entry', 'prod2.entry', 'prod2.failed']);
  t.is(removeEntries(host, 'prod'), 0);
  t.is(lstatSync(folder).mode & 0o777, 0o700);
});

test('any text is a whole entry or none', (t) => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'v2',
      '',
      credential,
      `v2 1 2 ${digest}`,
      `1 2.3.4.5 /a b`,
      '{"kind":"ExecCredential",}}',
    ),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const text = lines.join('\n');
      const entry = parseEntry(text, 5);
      if (entry === undefined) return;
      t.is(formatEntry(entry), text);
      t.is(entry.written, 5);
    }),
    { numRuns: 2000 },
  );
  const seconds = fc.nat(999_999_999_999);
  const token = fc.stringMatching(/^[!-~]{1,100}$/);
  fc.assert(
    fc.property(seconds, seconds, token, (serveUntil, expires, text) => {
      const made = formatCredential(text, 1_900_000_000, 'client.authentication.k8s.io/v1');
      for (const profile of [
        undefined,
        { identity: '1 2.3.4.5', path: '/home/ann lee/.kube/sa-token.yaml' },
      ]) {
        const entry = { ...whole, serveUntil, expires, credential: made, profile };
        t.deepEqual(parseEntry(formatEntry(entry), whole.written), entry);
      }
    }),
    { numRuns: 500 },
  );
});

test('what has not changed for a day is removed, but for what profiles have', (t) => {
  const { host, folder } = setUp(t);
  for (const name of ['prod', '@old', 'prod@old']) writeEntry(host, name, whole);
  for (const file of ['@old.clients', '@failed.failed', '@noted.keychain', 'prod@old.lock'])
    writeFileSync(join(folder, file), '');
  for (const file of readdirSync(folder)) utimesSync(join(folder, file), 1_600_000_000, 1_600_000_000);
  writeEntry(host, '@young', { ...whole, written: Date.now() / 1000 - 80_000 });
  pruneEntries(host);
  t.deepEqual(readdirSync(folder).sort(), ['@noted.keychain', '@young.entry', 'prod.entry', 'prod@old.lock']);
});
