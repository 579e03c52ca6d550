import test from 'ava';
import { formatCredential, outputs, render, timestamp, type Output } from '../../../src/exec/credential.ts';
import { apiVersions } from '../../../src/exec/info.ts';

const [v1, v1beta1] = apiVersions;
const kept = formatCredential('the-token', 1_800_000_000, v1);

test('a credential is one line of JSON that every client takes', (t) => {
  t.is(
    kept,
    '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false},"status":{"expirationTimestamp":"2027-01-15T08:00:00Z","token":"the-token"}}',
  );
});

const printed = test.macro<[Output, (typeof apiVersions)[number], string]>({
  exec(t, output, apiVersion, text) {
    t.is(render(kept, output, apiVersion), text);
  },
  title: (given) => `printed: ${given}`,
});

test('as it is kept', printed, 'exec-credential', v1, `${kept}\n`);
test('as v1beta1', printed, 'exec-credential', v1beta1, `${kept.replace('/v1', '/v1beta1')}\n`);
test('the token', printed, 'token', v1, 'the-token\n');
test('a header for curl', printed, 'header', v1, 'Authorization: Bearer the-token\n');
test(
  'for scripts',
  printed,
  'json',
  v1,
  '{"expirationTimestamp":"2027-01-15T08:00:00Z","token":"the-token"}\n',
);

test('the outputs are these', (t) => {
  t.deepEqual(outputs, ['exec-credential', 'token', 'header', 'json']);
});

test('a timestamp is UTC, in whole seconds', (t) => {
  t.is(timestamp(0), '1970-01-01T00:00:00Z');
  t.is(timestamp(1_800_000_000.999), '2027-01-15T08:00:00Z');
});
