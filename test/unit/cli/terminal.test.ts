import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { textOfCall, textOfToken, withDates } from '../../../src/cli/commands/inspect.ts';
import { print, tableOf, tell, fieldLines } from '../../../src/cli/terminal.ts';
import { reportToken } from '../../../src/token/report.ts';
import { commandScene } from '../../support/command-scene.ts';
import { createHost } from '../../support/host.ts';

test('columns are as wide as their widest cell, and lines have no blanks at their end', (t) => {
  t.is(
    tableOf(
      ['NAME', 'B'],
      [
        ['a', 'long cell'],
        ['longer', ''],
      ],
    ),
    'NAME     B\na        long cell\nlonger\n',
  );
  t.is(tableOf(['A'], []), 'A\n');
});

const oneRow = () => 'a 1\n';

test('results go to standard output, talk to standard error', async (t) => {
  const host = createHost(t);
  await print(host, {}, { a: [1] }, oneRow);
  await print(host, { output: 'json' }, { a: [1] }, oneRow);
  await print(host, { output: 'yaml' }, { a: [1], b: undefined }, oneRow);
  tell(host, 'a word');
  t.is(host.written.out, 'a 1\n{\n  "a": [\n    1\n  ]\n}\na:\n  - 1\n');
  t.is(host.written.err, 'a word\n');
});

/** ESC with a colour, OSC with BEL, C1, line ends, and what turns the direction of the text. */
const hostile = 'a\u001b[31m\u001b]0;x\u0007\u009b2J\r\n\u0085\u2028 user  root\u202e\u2066\u061cb';
// eslint-disable-next-line no-control-regex
const steering = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

test('names and values line up, a list one below the other, and what is empty is left out', (t) => {
  const lines = fieldLines(
    [
      ['a', 'x'],
      ['long', ['y', 'z']],
      ['none', []],
      ['not', undefined],
    ],
    '  ',
  );
  t.is(lines, '  a      x\n  long   y\n         z\n');
});

test('a value forges no line and steers no terminal, nor does a name', (t) => {
  const lines = fieldLines([
    ['user', hostile],
    ['groups', [hostile, 'b']],
    [hostile, 'c'],
  ]);
  t.notRegex(lines, steering);
  t.is(lines.split('\n').length - 1, 4);
});

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('an inspected token neither', (t) => {
  const claims = { iss: hostile, sub: hostile, aud: [hostile, 'b'], jti: hostile };
  const nested = { 'kubernetes.io': { pod: { name: hostile } } };
  const token = `${part({ kid: hostile })}.${part({ ...claims, ...nested })}.x`;
  const source = reportToken(token, 'standard input', 0);
  const target = { server: 'https://h.example', namespace: 'team-a', serviceAccount: hostile };
  const warnings = [{ code: 'old', token: 'source', text: hostile } as const];
  const text = textOfCall({ profile: undefined, target, source, issued: undefined, warnings });
  t.notRegex(text, steering);
  t.is(text.split('\n').length - 1, 16);
});

test('nor does a login that nobody proved', async (t) => {
  const { run, sandbox, server } = await commandScene(t);
  const claims = { sub: `system:serviceaccount:team-a:robot\u001b[2J\nsecond` };
  await writeFile(join(sandbox.home, 'forged'), `${part({})}.${part(claims)}.x`, { mode: 0o600 });
  const flags = ['--server', server.url, '--source-file', join(sandbox.home, 'forged'), '--no-verify'];
  const { stdout, stderr } = await run(['login', 'forged', ...flags]);
  t.notRegex(stdout + stderr, steering);
  t.notRegex(stdout + stderr, /^second/m);
});

test('times that no date has are taken as not said', (t) => {
  const of = (claims: object) => {
    const issued = reportToken(`${part({})}.${part(claims)}.x`, 'standard input', 0);
    t.notThrows(() => JSON.stringify(withDates(issued)));
    return textOfToken('token', issued);
  };
  for (const time of [8.65e12, -8.65e12, 1e300])
    t.regex(of({ exp: time, iat: time }), /issued {6}not said\n {2}expires {5}never\n/);
  t.regex(of({ exp: 8.64e12, iat: 8.64e12 }), /expires {5}\+275760-09-13T00:00:00Z \(\d+d left\)\n/);
});
