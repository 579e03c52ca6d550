import test from 'ava';
import { envSource } from '../../src/source/env.ts';
import { fails } from '../failure.ts';
import { createHost, withParts } from '../support/host.ts';

test('the variable is read, and is nobody’s to write', async (t) => {
  const host = withParts(createHost(t), { env: { CI_TOKEN: ' the-token\n', EMPTY: '' } });
  t.is(await envSource(host, 'CI_TOKEN').read(), 'the-token');
  t.is(await envSource(host, 'EMPTY').read(), undefined);
  t.is(await envSource(host, 'NONE').read(), undefined);
  t.false(await envSource(host, 'CI_TOKEN').remove());
  await fails(t, () => envSource(host, 'CI_TOKEN').write('x'), {
    code: 'read-only-source',
    exitCode: 2,
    line: 'the source token is read from environment variable CI_TOKEN; it cannot be written there; change it there, or remove source-… from the profile to use the keychain',
  });
});

test('what is no token names the variable, not its value', async (t) => {
  const host = withParts(createHost(t), { env: { CI_TOKEN: 'secret words' } });
  await fails(t, () => envSource(host, 'CI_TOKEN').read(), {
    code: 'bad-token',
    exitCode: 2,
    line: 'environment variable CI_TOKEN: holds more than one word or line; give the token of a ServiceAccount, alone and whole',
  });
});
