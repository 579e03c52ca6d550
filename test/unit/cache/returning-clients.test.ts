import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { entryFile, prepareFolder } from '../../../src/cache/folder.ts';
import {
  beginInterval,
  callerOf,
  forgetClients,
  noteClient,
  noteReturn,
  type Caller,
} from '../../../src/cache/returning-clients.ts';
import { createHost, put, withParts, type TestHost } from '../../support/host.ts';

/** A client and the cache that it comes back to; times are seconds. */
class World {
  readonly host: TestHost;
  exchanges = 0;

  constructor(t: ExecutionContext) {
    this.host = createHost(t);
    prepareFolder(this.host);
  }

  from(second: number, client = '7'): TestHost {
    return withParts(this.host, { client, now: () => second * 1000 });
  }

  /** A token is issued, and served to the client. */
  issue(second: number, forced = false, client = '7'): void {
    const host = this.from(second, client);
    forgetClients(host, 'prod');
    beginInterval(host, 'prod', forced);
    noteClient(host, 'prod');
  }

  /** A call of the client; true where it forces an exchange, which is made at once. */
  call(second: number, client = '7', caller: Caller = 'client-go'): boolean {
    const host = this.from(second, client);
    const forces = noteReturn(host, 'prod', caller)?.forces === true;
    if (forces) {
      this.issue(second, true, client);
      this.exchanges += 1;
    } else noteClient(host, 'prod');
    return forces;
  }

  text(kind: 'clients' | 'retry'): string {
    return readFileSync(entryFile(this.host, 'prod', kind), 'utf8');
  }
}

test('client-go alone ends the variable with a newline, and a shell sets none', (t) => {
  t.is(callerOf('{"kind":"ExecCredential"}\n'), 'client-go');
  t.is(callerOf('{"kind":"ExecCredential"}'), 'hook');
  for (const info of [undefined, '', '\n']) t.is(callerOf(info), 'unnamed');
});

test('the same client coming back was refused, another was not', (t) => {
  const world = new World(t);
  world.issue(1000);
  t.is(noteReturn(world.from(1100, '8'), 'prod', 'client-go'), undefined);
  t.is(noteReturn(world.from(1100), 'other', 'client-go'), undefined);
  t.deepEqual(noteReturn(world.from(1100), 'prod', 'client-go'), { forces: true, tooFresh: undefined });
  t.true(noteReturn(world.from(1100), 'prod', 'hook')?.forces);
});

test('a client that comes back for every request forces an exchange after 5, 10, 20 and then each 60 s', (t) => {
  for (const caller of ['client-go', 'hook'] as const) {
    const world = new World(t);
    world.issue(1000);
    const forced: number[] = [];
    for (let second = 1000; second <= 1400; second += 0.5)
      if (world.call(second, '7', caller)) forced.push(second - 1000);
    t.deepEqual(forced, [5, 15, 35, 95, 155, 215, 275, 335, 395], caller);
  }
});

test('two returns within a minute are a sign of a client that sets no variable, and one is not', (t) => {
  const world = new World(t);
  world.issue(1000);
  t.false(world.call(2000, '7', 'unnamed'));
  t.false(world.call(2061, '7', 'unnamed'));
  t.true(world.call(2120, '7', 'unnamed'));
  const forced: number[] = [];
  for (let second = 2120; second <= 2520; second += 0.5)
    if (world.call(second, '7', 'unnamed')) forced.push(second - 2120);
  t.true(forced.length <= 9 && forced.length >= 7, forced.join());
});

test('at most one exchange a rung, however many clients come back', (t) => {
  const world = new World(t);
  world.issue(1000);
  for (let second = 1000; second < 1095; second += 1)
    for (const client of ['1', '2', '3', '4']) world.call(second, client);
  t.is(world.exchanges, 3);
});

test('a token that has served begins the ladder again', (t) => {
  const world = new World(t);
  world.issue(1000);
  for (const second of [1005, 1015, 1035]) t.true(world.call(second));
  t.true(world.call(2000), 'nobody came back for it in a minute and more');
  t.false(world.call(2009));
  t.true(world.call(2010), 'and so the second rung is next');
});

test('a return that the fast lane answered is one too: the ladder does not begin again', (t) => {
  const world = new World(t);
  world.issue(1000);
  for (const second of [1005, 1015, 1035]) t.true(world.call(second));
  writeFileSync(entryFile(world.host, 'prod', 'clients'), ' 7 +');
  t.true(world.call(1100));
  t.false(world.call(1110));
  t.true(world.call(1160));
});

test('the marker is dated with the end of the interval, for the fast lane', (t) => {
  const world = new World(t);
  const marker = () => statSync(entryFile(world.host, 'prod', 'retry')).mtimeMs / 1000;
  world.issue(1000);
  t.is(marker(), 1005);
  world.call(1006);
  t.is(marker(), 1016);
  beginInterval(world.from(1020), 'prod', false);
  t.is(marker(), 1030, 'a renewal stays on its rung');
});

test('an exchange that was forced and failed counts too', (t) => {
  const world = new World(t);
  world.issue(1000);
  t.true(noteReturn(world.from(1100), 'prod', 'client-go')?.forces);
  beginInterval(world.from(1100), 'prod', true);
  t.false(world.call(1109));
  t.true(world.call(1110));
});

test('a clock that was set back does not switch the rule off for ever', (t) => {
  const world = new World(t);
  world.issue(5000);
  t.true(world.call(1000));
});

test('client-go is warned once of a token that is refused within a minute and cannot be replaced', (t) => {
  const world = new World(t);
  const fresh = (second: number, client = '7', caller: Caller = 'client-go') =>
    noteReturn(world.from(second, client), 'prod', caller)?.tooFresh;
  world.issue(1000);
  noteClient(world.from(1000, '8'), 'prod');
  t.is(fresh(1003), 3);
  t.is(fresh(1004), undefined, 'once');
  t.is(fresh(1004, '8', 'hook'), undefined);
  t.is(fresh(1004, '8'), 4);
  world.issue(1005, true);
  t.is(fresh(1006), undefined, 'of the next token neither');
  world.issue(2000, true, '9');
  t.is(fresh(2030, '9'), 30, 'a forced one that is refused again');
  world.issue(3000, false, '10');
  t.is(fresh(3100, '10'), undefined);
});

test('a new token makes all others those of before', (t) => {
  const world = new World(t);
  for (const client of ['1', '2', '3']) noteClient(world.from(1000, client), 'prod');
  t.is(world.text('clients'), ' 1 2 3');
  world.issue(1000, true, '2');
  t.is(world.text('clients'), ' 2');
  t.is(noteReturn(world.from(2000, '1'), 'prod', 'client-go'), undefined);
});

test('some fifty clients are remembered, each once, and whether one came back', (t) => {
  const world = new World(t);
  for (const client of ['1', '2', '3', '2', '3']) noteClient(world.from(1, client), 'prod');
  t.is(world.text('clients'), ' 1 2 3');
  writeFileSync(entryFile(world.host, 'prod', 'clients'), ` +${' 12345678901234567'.repeat(50)}`);
  noteClient(world.from(1, '5'), 'prod');
  t.is(world.text('clients'), ' + 5');
});

test('what the fast lane appends counts, however many blanks are between', (t) => {
  const world = new World(t);
  for (const text of [' 7', '  2  7', '7 2', '+ 7', '7:123 7', '2 7 x']) {
    writeFileSync(entryFile(world.host, 'prod', 'clients'), text);
    t.true(noteReturn(world.from(2000), 'prod', 'client-go')?.forces, text);
  }
});

test('notes are private', (t) => {
  const world = new World(t);
  world.issue(1000);
  for (const kind of ['clients', 'retry'] as const)
    t.is(statSync(entryFile(world.host, 'prod', kind)).mode & 0o777, 0o600);
});

test('notes that are no notes, or cannot be written, cost the rule and fail nothing', (t) => {
  const world = new World(t);
  const { host } = world;
  const clients = entryFile(host, 'prod', 'clients');
  for (const text of ['', '\n', 'x y z', '\0\0\0', 'NaN 1e999', '{}', '7.0 7e0 07 -7', '7:']) {
    writeFileSync(clients, text);
    t.is(noteReturn(world.from(1), 'prod', 'client-go'), undefined, JSON.stringify(text));
  }
  writeFileSync(clients, ' 7');
  for (const text of [
    '',
    '{',
    '[]',
    '{"since":"x","rung":9}',
    '{"since":1,"rung":-1,"returned":[],"warned":7}',
  ]) {
    writeFileSync(entryFile(host, 'prod', 'retry'), text);
    t.true(noteReturn(world.from(100), 'prod', 'client-go')?.forces, text);
  }
  rmSync(clients);
  execFileSync('mkfifo', [clients]);
  t.is(noteReturn(world.from(1), 'prod', 'client-go'), undefined);
  const nowhere = withParts(world.from(1), { env: { KUBECACHEDIR: put(host, 'file', '') } });
  noteClient(nowhere, 'prod');
  beginInterval(nowhere, 'prod', true);
  t.is(noteReturn(nowhere, 'prod', 'client-go'), undefined);
});
