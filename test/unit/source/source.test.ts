import test from 'ava';
import fc from 'fast-check';
import { SaTokenError } from '../../../src/errors/error.ts';
import type { Settings } from '../../../src/settings/table.ts';
import { openSource } from '../../../src/source/open.ts';
import { cleanToken, sourceKind } from '../../../src/source/source.ts';
import { fails } from '../../support/failure.ts';
import { createHost } from '../../support/host.ts';

test('blanks and a byte order mark around a token are not part of it', (t) => {
  for (const text of ['abc', ' abc\n', 'abc\r\n', '\ufeffabc', '\t\n abc \n\n'])
    t.is<string | undefined, string>(cleanToken(text, 'x'), 'abc');
});

test('nothing is an answer, not a failure', (t) => {
  for (const text of ['', ' ', '\n', '\ufeff', '\r\n\r\n']) t.is(cleanToken(text, 'x'), undefined);
});

const refused = test.macro<[string, string]>({
  async exec(t, text, problem) {
    const error = await fails(t, () => cleanToken(text, 'the file'), {
      code: 'bad-token',
      exitCode: 2,
      line: `the file: ${problem}; give the whole token of a ServiceAccount, and nothing else`,
    });
    t.false(error.message.includes(text.trim().slice(0, 8)));
  },
  title: (given) => `no token: ${given}`,
});

const words = 'holds more than one word or line';
const odd = 'has characters that no token has';
test('two lines', refused, 'tokentoken\ntokentoken', words);
test('two words', refused, 'tokentoken tokentoken', words);
test('a header', refused, 'Bearer tokentoken', words);
test('a control character', refused, 'tokentoken\u0000', odd);
test('a letter that is not ASCII', refused, 'tökentoken', odd);
test(
  'more than a header line takes',
  refused,
  'x'.repeat(65_537),
  'has 65537 characters, which no server takes',
);

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('base64 of a token is not sent as one', async (t) => {
  const token = `${part({ alg: 'RS256' })}.${part({ sub: 'system:serviceaccount:team-a:robot' })}.c2lnbmF0dXJl`;
  const encoded = Buffer.from(token).toString('base64');
  const asFile = encoded.replace(/.{76}/g, '$&\n');
  for (const text of [encoded, `${encoded}\n`, asFile, Buffer.from(`${token}\n`).toString('base64')])
    // eslint-disable-next-line no-await-in-loop
    await fails(t, () => cleanToken(text, 'the token'), {
      code: 'bad-token',
      exitCode: 2,
      line: 'the token: is base64 of a token; decode it first (base64 -d)',
    });
  t.is<string | undefined, string>(cleanToken(token, 'x'), token);
  t.is<string | undefined, string>(cleanToken('ZXlKopaque', 'x'), 'ZXlKopaque');
});

test('the longest token is taken', (t) => {
  t.is(cleanToken('x'.repeat(65_536), 'x')?.length, 65_536);
});

test('any text is a token of printable ASCII, nothing, or refused without being shown', (t) => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        t.regex(cleanToken(text, 'x') ?? 'nothing', /^[!-~]+$/);
      } catch (error) {
        if (!(error instanceof SaTokenError)) throw error;
        t.is(error.code, 'bad-token');
      }
    }),
    { numRuns: 1000 },
  );
});

test('settings name one kind of source, and the keychain when they name none', async (t) => {
  const host = createHost(t);
  const kinds: [Settings, ReturnType<typeof sourceKind>, string][] = [
    [{}, 'keychain', 'keychain'],
    [{ sourceFile: `${host.home}/token` }, 'file', 'file ~/token'],
    [{ sourceCommand: 'pass show robot' }, 'command', 'source-command'],
    [{ sourceEnv: 'CI_TOKEN' }, 'env', 'environment variable CI_TOKEN'],
  ];
  for (const [settings, kind, place] of kinds) {
    t.is(sourceKind(settings), kind);
    t.is((await openSource(host, 'prod', { server: 'https://h', ...settings })).place, place);
  }
});

test('a call without a profile has a source of its own, or none: it never opens the keychain', async (t) => {
  const host = createHost(t);
  const settings = { server: 'https://h', namespace: 'team-a', serviceAccount: 'robot' };
  await fails(t, () => openSource(host, undefined, settings), {
    code: 'missing-setting',
    exitCode: 2,
    line: 'no source token; give a PROFILE, or --source-env, --source-file or --source-command',
  });
  const own = await openSource(host, undefined, { ...settings, sourceEnv: 'CI_TOKEN' });
  t.is(own.place, 'environment variable CI_TOKEN');
});
