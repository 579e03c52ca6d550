import test from 'ava';
import { exit } from '../../../src/errors/codes.ts';
import {
  describe,
  exitCodeOf,
  messageOf,
  oneLine,
  SaTokenError,
  systemCode,
} from '../../../src/errors/error.ts';

const jwt = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl-_x';

const masked = test.macro<[string, string]>({
  exec(t, text, expected) {
    t.is(oneLine(text), expected);
  },
  title: (given) => `a line shows no token: ${given}`,
});

test('in a sentence', masked, `got "${jwt}" back`, 'got "[token]" back');
test('without its signature', masked, jwt.split('.').slice(0, 2).join('.'), '[token]');
test('as a bearer', masked, 'Authorization: Bearer opaque-token-0123', 'Authorization: Bearer [token]');
test('twice', masked, `${jwt} ${jwt}`, '[token] [token]');
test('behind other letters', masked, `0m${jwt}`, '0m[token]');
test('cut off', masked, `x ${jwt.slice(0, 45)}`, 'x [token]');

test('a line is one line, and has nothing in it that steers a terminal', (t) => {
  t.is(oneLine('one\r\n two\t\u001b[31mred\u0000\u007f\u0085'), 'one  two [31mred');
  t.is(oneLine('a\u202eb\u2028c\u2066d\u200fe\u061cf'), 'a b c d e f');
  t.is(oneLine('a\u001b]0;title\u0007b\u009b31mc'), 'a ]0;title b 31mc');
  t.is(oneLine('  schön – ok  '), 'schön – ok');
});

test('a long line is cut, and says so', (t) => {
  t.is(oneLine('x'.repeat(700)), `${'x'.repeat(599)}…`);
  t.is(oneLine('x'.repeat(10), 4), 'xxx…');
  t.is(oneLine('xxxx', 4), 'xxxx');
});

test('a token is masked before a line is cut, so that no half of it shows', (t) => {
  t.is(oneLine(`${'x'.repeat(580)} ${jwt}`), `${'x'.repeat(580)} [token]`);
});

test('a failure is described by what failed, then what to do', (t) => {
  const failure = { code: 'forbidden', what: 'it failed' } as const;
  t.is(describe(new SaTokenError(failure)), 'it failed');
  t.is(describe(new SaTokenError({ ...failure, hint: 'do this' })), 'it failed; do this');
});

test('a failure keeps its cause, its code and its exit code', (t) => {
  const cause = new Error('deep down');
  const error = new SaTokenError({ code: 'keychain-unavailable', what: 'x', cause });
  t.is(error.cause, cause);
  t.is(error.name, 'SaTokenError');
  t.is(error.code, 'keychain-unavailable');
  t.is(exitCodeOf(error), 6);
  t.false('cause' in new SaTokenError({ code: 'bad-value', what: 'x' }));
});

test('anything else is a bug: exit code 1, and a line that asks for a report', (t) => {
  const ask = 'please report it with the output of the same command and -v';
  t.is(
    describe(new TypeError('x is not a function')),
    `unexpected failure: TypeError: x is not a function; ${ask}`,
  );
  t.is(describe('a string'), `unexpected failure: a string; ${ask}`);
  t.is(describe(new Error(`leaked ${jwt}`)), `unexpected failure: Error: leaked [token]; ${ask}`);
  t.is(exitCodeOf(new Error('x')), 1);
  t.is(exitCodeOf(undefined), 1);
});

test('each kind of failure has its exit code', (t) => {
  t.deepEqual(exit, {
    unexpected: 1,
    usage: 2,
    notLoggedIn: 3,
    refused: 4,
    unreachable: 5,
    keychain: 6,
    unsafeFile: 7,
  });
});

test('text and system code of whatever was thrown', (t) => {
  t.is(messageOf(new Error('x')), 'x');
  t.is(messageOf('x'), 'x');
  t.is(systemCode(Object.assign(new Error('x'), { code: 'ENOENT' })), 'ENOENT');
  for (const thrown of [undefined, null, 'ENOENT', new Error('x'), { code: 2 }])
    t.is(systemCode(thrown), undefined);
});
