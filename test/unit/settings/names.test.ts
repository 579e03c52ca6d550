import test from 'ava';
import { checkProfileName } from '../../../src/settings/names.ts';
import { fails } from '../../support/failure.ts';

for (const name of ['a', 'prod', 'team-a.prod_1', '0', `a${'x'.repeat(99)}`, 'console', 'com', 'nul1'])
  test(`a profile may be called ${name}`, (t) => {
    t.is(checkProfileName(name), name);
  });

const hint =
  'use lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 100';

for (const name of [
  '',
  'Prod',
  '-o',
  '.hidden',
  '..',
  '../x',
  'a/b',
  'a\\b',
  'a b',
  'a@b',
  'a:b',
  'é',
  'a\n',
  `a${'x'.repeat(100)}`,
  // Windows has devices of these names, whatever their ending.
  'con',
  'nul',
  'aux.prod',
  'com1',
  'lpt9.x',
])
  test(`a profile may not be called ${JSON.stringify(name)}`, async (t) => {
    await fails(t, () => checkProfileName(name), {
      code: 'bad-profile-name',
      exitCode: 2,
      line: `profile name ${JSON.stringify(name)} is not usable; ${hint}`,
    });
  });

test('what is no text is no name', async (t) => {
  for (const name of [undefined, null, 5, {}, ['a']]) {
    await fails(t, () => checkProfileName(name), {
      code: 'bad-profile-name',
      exitCode: 2,
      line: /is not usable/,
    });
  }
});
