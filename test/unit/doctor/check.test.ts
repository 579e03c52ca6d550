import test from 'ava';
import { fail, notNeeded, ok, runChecks, warn, type Check, type Finding } from '../../../src/doctor/check.ts';
import { SaTokenError } from '../../../src/errors/error.ts';

const check = (name: string, needs: string[], look: () => Finding): Check<undefined> => ({
  name,
  needs,
  look,
});

test('a failure stops what hangs on it, and nothing else; what is not needed stops nothing', async (t) => {
  const told: string[] = [];
  const results = await runChecks(
    [
      check('a', [], () => ok('fine')),
      check('b', ['a'], () => fail('broken', 'mend it')),
      check('c', ['b'], () => ok('never')),
      check('d', ['c'], () => ok('never')),
      check('e', ['a'], () => notNeeded('not here')),
      check('f', ['e'], () => warn('so so', 'look')),
    ],
    undefined,
    ({ name }) => told.push(name),
  );
  t.deepEqual(
    results.map(({ name, state, detail }) => [name, state, detail]),
    [
      ['a', 'ok', 'fine'],
      ['b', 'fail', 'broken'],
      ['c', 'skip', 'not tried: needs b'],
      ['d', 'skip', 'not tried: needs c'],
      ['e', 'skip', 'not here'],
      ['f', 'warn', 'so so'],
    ],
  );
  t.deepEqual(told, ['a', 'b', 'c', 'd', 'e', 'f']);
});

const thrown = (what: string) =>
  check('a', [], () => {
    throw new SaTokenError({ code: 'keychain-unavailable', what, hint: 'do that' });
  });

test('an error of ours is a failure with its words, without the account that all of them begin with', async (t) => {
  for (const [what, detail] of [
    ['team-a/robot@https://h/kubernetes: it is so', 'it is so'],
    ['https://h:1/x: it is so', 'it is so'],
    ['the keychain: it is so', 'the keychain: it is so'],
  ] as const) {
    const [result] = await runChecks([thrown(what)], undefined, () => undefined);
    t.like(result, { state: 'fail', detail, remedy: 'do that', exitCode: 6 });
  }
});

test('an error without a hint is mended as its line says', async (t) => {
  const broken = check('a', [], () => {
    throw new SaTokenError({ code: 'bad-value', what: 'x' });
  });
  t.like((await runChecks([broken], undefined, () => undefined))[0], {
    remedy: 'correct it as the line says',
  });
});

test('any other error is a bug and goes on', async (t) => {
  const broken = check('a', [], () => {
    throw new TypeError('oops');
  });
  await t.throwsAsync(
    runChecks([broken], undefined, () => undefined),
    { instanceOf: TypeError },
  );
});
