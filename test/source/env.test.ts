import test from 'ava';
import { envSource } from '../../src/source/env.ts';
import { fails } from '../failure.ts';
import { createHost, withParts } from '../support/host.ts';

test('the variable is read, without the blanks around the token', async (t) => {
  const host = withParts(createHost(t), { env: { CI_TOKEN: ' the-token\n', EMPTY: '' } });
  t.is(await envSource(host, 'CI_TOKEN').read(), 'the-token');
  t.is(await envSource(host, 'EMPTY').read(), undefined);
  t.is(await envSource(host, 'NONE').read(), undefined);
});

test('what is no token names the variable, not its value', async (t) => {
  const host = withParts(createHost(t), { env: { CI_TOKEN: 'secret words' } });
  await fails(t, () => envSource(host, 'CI_TOKEN').read(), {
    code: 'bad-token',
    exitCode: 2,
    line: 'environment variable CI_TOKEN: holds more than one word or line; give the token of a ServiceAccount, alone and whole',
  });
});
