import test from 'ava';
import fc from 'fast-check';
import { digestOf } from '../../../src/cache/key.ts';
import { settingNames, table, type Settings } from '../../../src/settings/table.ts';
import { label, targetOf } from '../../../src/settings/target.ts';
import { fails } from '../../support/failure.ts';
import { everySetting } from '../../support/settings.ts';

const target = { server: 'https://h.example/kubernetes', namespace: 'team-a', serviceAccount: 'robot' };
const settings: Settings = { server: target.server, namespace: 'team-a', serviceAccount: 'robot' };

test('a target is named by account and address', (t) => {
  t.is(label(target), 'team-a/robot@https://h.example/kubernetes');
});

test('settings go before the claims of the token', (t) => {
  t.deepEqual(targetOf(settings), target);
  t.deepEqual(targetOf({ server: target.server }, { namespace: 'team-a', serviceAccount: 'robot' }), target);
  t.deepEqual(targetOf(settings, { namespace: 'other', serviceAccount: 'other' }), target);
});

test('what neither says is asked for', async (t) => {
  const hint =
    'the source token does not say it either (is it a whole JWT, and not base64 of one?): give it as a flag or in the profile';
  await fails(t, () => targetOf({}), {
    code: 'missing-setting',
    exitCode: 2,
    line: 'the call has no --server; give it as a flag or in the profile',
  });
  await fails(t, () => targetOf({ server: 'https://h' }), {
    code: 'missing-setting',
    exitCode: 2,
    line: `the call has no --namespace; ${hint}`,
  });
  await fails(t, () => targetOf({ server: 'https://h', namespace: 'n' }), {
    code: 'missing-setting',
    exitCode: 2,
    line: `the call has no --service-account; ${hint}`,
  });
});

test('a digest changes with every setting that changes the token, and with the source token', (t) => {
  const plain = digestOf(settings, label(target), 'token');
  t.regex(plain, /^[0-9a-f]{64}$/);
  const changed = settingNames.filter((name) => !(name in settings));
  const digests = changed.map((name) =>
    digestOf({ ...settings, [name]: everySetting[name] }, label(target), 'token'),
  );
  for (const [index, name] of changed.entries())
    t.is(digests[index] !== plain, table[name].changesToken, name);
  const others = [
    digestOf(settings, label(target), 'other'),
    digestOf(settings, label({ ...target, namespace: 'b' }), 'token'),
    digestOf(settings, label({ ...target, serviceAccount: 'b' }), 'token'),
    digestOf(settings, label({ ...target, server: 'https://b' }), 'token'),
  ];
  const distinct = [...new Set([plain, ...digests, ...others])];
  t.is(distinct.length, 1 + changed.filter((name) => table[name].changesToken).length + others.length);
});

test('no two audience lists share a digest', (t) => {
  const list = fc.array(fc.string(), { maxLength: 4 });
  fc.assert(
    fc.property(list, list, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      t.is(withAudiences(a) === withAudiences(b), same);
    }),
    { numRuns: 500 },
  );
});

function withAudiences(audience: string[]): string {
  return digestOf({ ...settings, audience }, label(target), 'token');
}
