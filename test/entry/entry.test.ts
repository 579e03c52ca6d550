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
  confirmEntry,
  formatEntry,
  isNewerThanProfiles,
  parseEntry,
  profileStamp,
  pruneEntries,
  readEntry,
  writeEntry,
} from '../../src/entry/entry.ts';
import { entryFile, listEntries, prepareFolder, removeEntries } from '../../src/entry/folder.ts';
import { formatCredential } from '../../src/entry/exec-credential.ts';
import { cacheFolder } from '../../src/settings/paths.ts';
import { fails } from '../failure.ts';
import { createHost, put, withParts, type TestHost } from '../support/host.ts';

const digest = '0123456789abcdef'.repeat(4);
const credential = formatCredential('the-token', 1_900_000_000, 'client.authentication.k8s.io/v1');
const whole = { serveUntil: 1_800_000_000, expires: 1_900_000_030, digest, credential };

function setUp(t: ExecutionContext): { host: TestHost; file: string; folder: string } {
  const host = createHost(t);
  t.true(writeEntry(host, 'prod', whole, true));
  return { host, file: entryFile(host, 'prod'), folder: cacheFolder(host) };
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('an entry is read as it was written', (t) => {
  const { host, file } = setUp(t);
  const { written = 0, changed, ...rest } = readEntry(host, 'prod') ?? {};
  t.deepEqual(rest, { ...whole, profiles: join(host.home, '.kube/sa-token.yaml') });
  t.is(changed, statSync(file).ctimeMs);
  t.is(written, statSync(file).mtimeMs / 1000);
  t.is(readEntry(host, 'other'), undefined);
  t.is(readEntry(createHost(t), 'prod'), undefined);
});

test('an entry is two lines in a private file of a private folder, with the time to renew it beside', (t) => {
  const { host, file, folder } = setUp(t);
  t.is(file, join(host.home, '.kube/cache/sa-token/prod.entry'));
  t.is(
    readFileSync(file, 'utf8'),
    `v1 1800000000 1900000030 ${digest} ${host.home}/.kube/sa-token.yaml\n${credential}\n`,
  );
  t.deepEqual([mode(file), mode(folder)], ['600', '700']);
  t.deepEqual(readdirSync(folder).sort(), ['prod.entry', 'prod.until']);
  const marker = statSync(entryFile(host, 'prod', 'until'));
  t.deepEqual([marker.size, marker.mtimeMs, marker.mode & 0o777], [0, 1_800_000_000_000, 0o600]);
});

test('the folder is kubectl’s cache folder, wherever that is', (t) => {
  const host = createHost(t);
  const elsewhere = withParts(host, { env: { KUBECACHEDIR: join(host.home, 'c') } });
  t.true(writeEntry(elsewhere, 'prod', whole, true));
  t.is(mode(join(host.home, 'c/sa-token/prod.entry')), '600');
  t.false(existsSync(join(host.home, '.kube')));
});

const miss = test.macro<[(state: ReturnType<typeof setUp>) => unknown]>({
  exec(t, change) {
    const state = setUp(t);
    change(state);
    t.is(readEntry(state.host, 'prod'), undefined);
    // It is replaced by the next, and that is whole again.
    t.true(writeEntry(state.host, 'prod', whole, true));
    t.like(readEntry(state.host, 'prod'), whole);
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
  'a third line',
  miss,
  rewrite((text) => `${text}x\n`),
);
test(
  'an empty third line',
  miss,
  rewrite((text) => `${text}\n`),
);
test(
  'a later version',
  miss,
  rewrite((text) => text.replace(/^v1/, 'v2')),
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
  t.like(readEntry(host, 'prod'), whole);
  chownSync(dirname(file), 4711, 4711);
  t.is(readEntry(host, 'prod'), undefined);
  t.false(writeEntry(host, 'prod', whole, true));
});

test('where files have no owner, modes say nothing', (t) => {
  const { host, file } = setUp(t);
  chmodSync(file, 0o666);
  t.like(readEntry(withParts(host, { uid: undefined }), 'prod'), whole);
});

test('a folder in the place of an entry stays, and fails nothing', async (t) => {
  const { host, file, folder } = setUp(t);
  rmSync(file);
  put(host, '.kube/cache/sa-token/prod.entry/theirs', 'x');
  t.is(readEntry(host, 'prod'), undefined);
  t.false(writeEntry(host, 'prod', whole, true));
  t.is(readFileSync(join(file, 'theirs'), 'utf8'), 'x');
  t.deepEqual(readdirSync(folder), ['prod.entry']);
  // At a logout that is told: something of that name stays.
  await fails(t, () => removeEntries(host, 'prod'), {
    code: 'unwritable-file',
    exitCode: 2,
    line: /^cannot remove ~\/\.kube\/cache\/sa-token\/prod\.entry \(.*\); the logout is not complete: /,
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
    t.false(writeEntry(there, 'prod', whole, true), title);
    t.is(readEntry(there, 'prod'), undefined, title);
    t.deepEqual(listEntries(there), [], title);
    t.is(removeEntries(there, 'prod'), 0, title);
    t.notThrows(() => confirmEntry(there, 'prod'));
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
  const { host, file, folder } = setUp(t);
  const before = statSync(file).ino;
  t.true(writeEntry(host, 'prod', { ...whole, expires: 1_900_000_031 }, true));
  t.not(statSync(file).ino, before);
  t.is(readEntry(host, 'prod')?.expires, 1_900_000_031);
  t.deepEqual(readdirSync(folder).sort(), ['prod.entry', 'prod.until']);
});

test('an entry that cannot be replaced leaves no word that it may be served', (t) => {
  const { host, file } = setUp(t);
  rmSync(file);
  mkdirSync(file);
  t.false(writeEntry(host, 'prod', whole, true));
  t.false(existsSync(entryFile(host, 'prod', 'until')));
});

test('an entry older than the profile file is not vouched for, until it is confirmed', (t) => {
  const { host, file } = setUp(t);
  const entry = () => readEntry(host, 'prod') ?? t.fail();
  const newer = () => {
    const found = readEntry(host, 'prod');
    return found !== undefined && isNewerThanProfiles(host, found);
  };
  t.false(newer(), 'without a profile file there is no profile');
  const profiles = put(host, '.kube/sa-token.yaml', 'profiles: {}');
  utimesSync(profiles, 1000, 1000);
  // Changed after the profile file was.
  utimesSync(file, 2000, 2000);
  t.true(newer());
  utimesSync(file, 1000, 1000);
  t.false(newer(), 'the same time is not newer');
  confirmEntry(withParts(host, { now: () => 1_000_500 }), 'prod');
  t.true(newer());
  t.is(statSync(file).mtimeMs, 1_000_500);
  confirmEntry(host, 'gone');
  t.truthy(entry());
});

test('an entry is of one profile file: not of another, nor of one that was put in its place with an old time', (t) => {
  const { host } = setUp(t);
  const newer = (from: TestHost = host) => isNewerThanProfiles(from, readEntry(host, 'prod') ?? t.fail());
  const profiles = put(host, '.kube/sa-token.yaml', 'profiles: {}');
  writeEntry(host, 'prod', whole, true);
  utimesSync(entryFile(host, 'prod'), Date.now() / 1000 + 1, Date.now() / 1000 + 1);
  t.true(newer());
  const other = put(host, 'other.yaml', 'profiles: {}');
  t.false(newer(withParts(host, { env: { KUBECTL_SA_TOKEN_CONFIG: other } })));
  utimesSync(other, 1000, 1000);
  renameSync(other, profiles);
  t.false(newer(), 'its content is old, its being there is not');
  confirmEntry(host, 'prod');
  t.true(newer());
  renameSync(profiles, join(host.home, 'real.yaml'));
  symlinkSync(join(host.home, 'real.yaml'), profiles);
  t.false(newer(), 'a link that was made since');
});

test('every change of the profile file changes its stamp', (t) => {
  const host = createHost(t);
  const stamps = [profileStamp(host)];
  const profiles = put(host, '.kube/sa-token.yaml', 'a');
  stamps.push(profileStamp(host));
  utimesSync(profiles, 1000, 1000);
  stamps.push(profileStamp(host));
  const other = put(host, 'other', 'a');
  utimesSync(other, 1000, 1000);
  renameSync(other, profiles);
  stamps.push(profileStamp(host));
  t.is(stamps[0], undefined);
  t.is(new Set(stamps).size, 4);
  t.is(profileStamp(host), stamps[3]);
});

test('all that is kept for a profile is removed, and nothing of others', (t) => {
  const { host, folder } = setUp(t);
  for (const name of ['prod@0123', 'prod2', 'prod.entry', '@0123']) writeEntry(host, name, whole, true);
  for (const file of ['prod.parents', 'prod.refused', 'prod@0123.renewing', 'prod2.refused', 'prod.lock'])
    writeFileSync(join(folder, file), '');
  // Left by processes that were killed: the first holds a token.
  writeFileSync(join(folder, 'prod.entry.0123456789ab.tmp'), credential);
  writeFileSync(join(folder, 'prod.lock.0123456789ab.tmp'), '1 host 0\n');
  t.deepEqual(listEntries(host), ['@0123', 'prod', 'prod.entry', 'prod2', 'prod@0123']);
  t.is(removeEntries(host, 'prod'), 2);
  t.deepEqual(readdirSync(folder).sort(), [
    '@0123.entry',
    '@0123.until',
    'prod.entry.entry',
    'prod.entry.until',
    'prod.lock',
    'prod2.entry',
    'prod2.refused',
    'prod2.until',
  ]);
  t.is(removeEntries(host, 'prod'), 0);
  t.is(lstatSync(folder).mode & 0o777, 0o700);
});

test('any text is a whole entry or none', (t) => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'v1',
      '',
      credential,
      `v1 1 2 ${digest}`,
      `v1 1 2 ${digest} /a b`,
      '{"kind":"ExecCredential",}}',
    ),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
      const text = lines.join('\n');
      const entry = parseEntry(text, 5, 6);
      if (entry === undefined) return;
      t.is(formatEntry(entry, entry.profiles), text);
      t.like(entry, { written: 5, changed: 6 });
    }),
    { numRuns: 2000 },
  );
  const seconds = fc.nat(999_999_999_999);
  const token = fc.stringMatching(/^[!-~]{1,100}$/);
  fc.assert(
    fc.property(seconds, seconds, token, (serveUntil, expires, text) => {
      const made = formatCredential(text, 1_900_000_000, 'client.authentication.k8s.io/v1');
      const entry = { serveUntil, expires, digest, credential: made };
      for (const profiles of [undefined, '/home/ann lee/.kube/sa-token.yaml'])
        t.deepEqual(parseEntry(formatEntry(entry, profiles), 0, 0), {
          ...entry,
          written: 0,
          changed: 0,
          profiles,
        });
    }),
    { numRuns: 500 },
  );
});

test('what ended an hour ago is removed, but for what profiles have and what lives', (t) => {
  const { host, folder } = setUp(t);
  const ended = { ...whole, serveUntil: 1_600_000_000, expires: 1_600_000_300 };
  for (const name of ['prod', '@old', 'prod@old', '@young']) writeEntry(host, name, ended, true);
  writeEntry(host, '@lives', whole, true);
  for (const file of ['@old.parents', '@failed.refused', '@noted.keychain', 'prod@old.lock'])
    writeFileSync(join(folder, file), '');
  for (const file of readdirSync(folder).filter((each) => !each.startsWith('@young')))
    utimesSync(join(folder, file), 1_600_000_000, 1_600_000_000);
  pruneEntries(host);
  t.deepEqual(readdirSync(folder).sort(), [
    '@lives.entry',
    '@lives.until',
    '@noted.keychain',
    '@young.entry',
    '@young.until',
    'prod.entry',
    'prod.until',
    'prod@old.lock',
  ]);
});
