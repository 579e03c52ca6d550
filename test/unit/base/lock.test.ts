import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { acquire, isHolderDead, processSpace, withLock } from '../../../src/base/lock.ts';
import { fails } from '../../support/failure.ts';
import { sourceUrl } from '../../support/source-url.ts';
import { createHost, put, type TestHost } from '../../support/host.ts';

function setUp(t: ExecutionContext): { host: TestHost; path: string } {
  const host = createHost(t);
  mkdirSync(join(host.home, 'd'));
  return { host, path: join(host.home, 'd', 'a.lock') };
}

/** Another process: the script sees `host`, `acquire`, `path` and `fs`. */
function start(path: string, script: string) {
  const whole = `
    import * as fs from 'node:fs';
    import { acquire } from ${sourceUrl('src/base/lock.ts')};
    import { systemHost } from ${sourceUrl('src/base/host.ts')};
    const [host, path] = [systemHost(), ${JSON.stringify(path)}];
    ${script}`;
  return spawn(process.execPath, ['--input-type=module', '--eval', whole], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('one at a time, in one process', async (t) => {
  const { host, path } = setUp(t);
  let [inside, most, done] = [0, 0, 0];
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await sleep(2);
    inside -= 1;
    done += 1;
  };
  await Promise.all(Array.from({ length: 12 }, () => withLock(host, path, work)));
  t.deepEqual([most, done], [1, 12]);
  t.deepEqual(readdirSync(join(host.home, 'd')), []);
});

test('one at a time, among processes', async (t) => {
  const { host, path } = setUp(t);
  const counter = put(host, 'counter', '0');
  const script = `
    for (let i = 0; i < 5; i += 1) {
      const lock = await acquire(host, path);
      const count = Number(fs.readFileSync(${JSON.stringify(counter)}, 'utf8'));
      await new Promise((resolve) => setTimeout(resolve, 2));
      fs.writeFileSync(${JSON.stringify(counter)}, String(count + 1));
      lock.release();
    }`;
  const children = Array.from({ length: 3 }, () => start(path, script));
  const ends = await Promise.all(children.map((child) => once(child, 'exit')));
  t.deepEqual(
    ends.map(([code]: unknown[]) => code),
    [0, 0, 0],
  );
  t.is(readFileSync(counter, 'utf8'), '15');
  t.deepEqual(readdirSync(join(host.home, 'd')), []);
});

test('a lock says who holds it, is private, and beats', async (t) => {
  const { host, path } = setUp(t);
  const { release } = await acquire(host, path);
  t.regex(
    readFileSync(path, 'utf8'),
    new RegExp(`^${host.pid} ${RegExp.escape(processSpace())} [0-9a-f]{16}\n$`),
  );
  t.is(statSync(path).mode & 0o777, 0o600);
  const first = statSync(path, { bigint: true }).mtimeNs;
  await sleep(600);
  t.not(statSync(path, { bigint: true }).mtimeNs, first);
  release();
  t.false(existsSync(path));
  release();
});

test('work that fails gives the lock back', async (t) => {
  const { host, path } = setUp(t);
  await t.throwsAsync(
    withLock(host, path, () => {
      throw new Error('x');
    }),
    { message: 'x' },
  );
  t.false(existsSync(path));
});

test('a holder that was killed is noticed', async (t) => {
  const { host, path } = setUp(t);
  const holder = start(path, `await acquire(host, path); console.log('held'); setInterval(() => {}, 1000);`);
  await once(holder.stdout, 'data');
  t.true(readFileSync(path, 'utf8').startsWith(`${holder.pid} `));
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const { release } = await acquire(host, path, { limitMs: 20_000 });
  t.true(readFileSync(path, 'utf8').startsWith(`${host.pid} `));
  release();
  t.deepEqual(readdirSync(join(host.home, 'd')), []);
});

const [boot = ''] = processSpace().split('/');

/** What a lock says, and after how long without a beat its holder is given up, in ms. */
const holders: [string, string, number][] = [
  ['a process that is there, and stopped', `${process.pid} ${processSpace()} 0123`, 5000],
  ['a process that is gone', `4194304 ${processSpace()} 0123`, -1],
  ['one in another container of this machine', `4194304 ${boot}/pid:[1] 0123`, 10_000],
  ['one on another host, whose beats NFS shows late', `${process.pid} another-host 0123`, 10_000],
  ['nobody: kubectl, or one of ours, was killed when it had just made the file', '', 1000],
];

for (const [who, text, limitMs] of holders)
  test(`the holder is dead after ${limitMs} ms without a beat, and not before: ${who}`, (t) => {
    const { host, path } = setUp(t);
    writeFileSync(path, text);
    t.false(limitMs >= 0 && isHolderDead(host, path, limitMs));
    t.true(isHolderDead(host, path, limitMs + 1));
  });

test('a holder elsewhere that beats is waited for, and left in peace when the wait grows too long', async (t) => {
  const { host, path } = setUp(t);
  const theirs = `${host.pid} another-host 0123\n`;
  writeFileSync(path, theirs);
  const heart = setInterval(() => utimesSync(path, new Date(), new Date()), 100);
  t.teardown(() => clearInterval(heart));
  const { release } = await acquire(host, path, { limitMs: 1500 });
  release();
  t.is(readFileSync(path, 'utf8'), theirs);
});

test('the wait ends when there is nothing left to do', async (t) => {
  const { host, path } = setUp(t);
  const { release } = await acquire(host, path);
  let done = false;
  setTimeout(() => (done = true), 50);
  const other = await acquire(host, path, { limitMs: 20_000, done: () => done });
  t.true(done);
  other.release();
  t.true(existsSync(path));
  release();
  (await acquire(host, path, { done: () => true })).release();
  t.false(existsSync(path));
});

test('a holder knows when its lock was taken away', async (t) => {
  const { host, path } = setUp(t);
  const lock = await acquire(host, path);
  t.true(lock.isHeld());
  renameSync(put(host, 'theirs', '1 another-host 0123\n'), path);
  t.false(lock.isHeld());
  const late = await acquire(host, path, { limitMs: 100 });
  t.false(late.isHeld(), 'a wait that grew too long');
  const nowhere = await acquire(host, join(host.home, 'none', 'a.lock'));
  t.true(nowhere.isHeld(), 'where nothing can be locked nobody takes it away');
});

test('what must not go on without the lock does not', async (t) => {
  const { host, path } = setUp(t);
  const strictly = (limitMs: number, at = path) => acquire(host, at, { limitMs, strictly: true });
  const { release } = await strictly(200);
  await fails(t, () => strictly(200), {
    code: 'locked',
    exitCode: 1,
    line: 'another login or logout is running; try again when it has ended',
  });
  release();
  (await strictly(200)).release();
  await t.throwsAsync(strictly(200, join(host.home, 'none', 'a.lock')), { code: 'ENOENT' });
});

test('a lock that was broken and taken over is not removed by its old holder', async (t) => {
  const { host, path } = setUp(t);
  const { release } = await acquire(host, path);
  const theirs = put(host, 'theirs', '1 another-host 0123\n');
  renameSync(theirs, path);
  release();
  t.is(readFileSync(path, 'utf8'), '1 another-host 0123\n');
});

test('where nothing can be locked, the work is done all the same', async (t) => {
  const { host } = setUp(t);
  for (const path of [join(host.home, 'none', 'a.lock'), join(put(host, 'file', ''), 'a.lock')])
    t.is(await withLock(host, path, () => 'done'), 'done');
});

test('a folder in the place of a lock is left alone, and the work is done', async (t) => {
  const { host, path } = setUp(t);
  put(host, 'd/a.lock/theirs', 'x');
  t.is(await withLock(host, path, () => 'done', { limitMs: 5000 }), 'done');
  t.is(readFileSync(join(path, 'theirs'), 'utf8'), 'x');
  t.deepEqual(readdirSync(join(host.home, 'd')), ['a.lock']);
});
