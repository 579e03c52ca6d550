import test from 'ava';
import fc from 'fast-check';
import { settingNames, type SettingName } from '../../../src/settings/table.ts';
import { parseValue } from '../../../src/settings/table.ts';
import { fails } from '../../support/failure.ts';

const place = { where: 'here', folder: '/here', home: '/home/ann' };

const good = test.macro<[SettingName, unknown, unknown]>({
  exec(t, name, raw, value) {
    t.deepEqual<unknown, unknown>(parseValue(name, raw, place), value);
  },
  title: (_, name, raw) => `${name} takes ${JSON.stringify(raw)}`,
});

const bad = test.macro<[SettingName, unknown, string]>({
  async exec(t, name, raw, says) {
    await fails(t, () => parseValue(name, raw, place), {
      code: 'bad-value',
      exitCode: 2,
      line: `here: ${says}`,
    });
  },
  title: (_, name, raw) => `${name} does not take ${JSON.stringify(raw) ?? 'undefined'}`,
});

// Texts.
test(good, 'tlsServerName', ' name.example ', 'name.example');
test(bad, 'tlsServerName', '', 'has no value');
test(bad, 'tlsServerName', '  ', 'has no value');
test(bad, 'tlsServerName', 'a\nb', 'has a control character in it');
test(bad, 'tlsServerName', 'a\u0000', 'has a control character in it');
test(bad, 'tlsServerName', 5, 'needs text, not a number');
test(bad, 'tlsServerName', null, 'needs text, not nothing');
test(bad, 'tlsServerName', true, 'needs text, not a boolean');
test(bad, 'tlsServerName', ['a'], 'needs text, not a list');
test(bad, 'tlsServerName', { a: 1 }, 'needs text, not a map');

// The server: the one place that the source token is sent to.
test(good, 'server', 'https://h.example/kubernetes', 'https://h.example/kubernetes');
test(good, 'server', 'https://h.example/kubernetes/', 'https://h.example/kubernetes');
test(good, 'server', 'https://H.example:443//', 'https://h.example');
test(good, 'server', 'https://h.example:8443/a/../b', 'https://h.example:8443/b');
test(good, 'server', 'https://[2001:db8::1]:6443', 'https://[2001:db8::1]:6443');
test(good, 'server', 'http://localhost:8001', 'http://localhost:8001');
test(good, 'server', 'http://127.0.0.1:8001/', 'http://127.0.0.1:8001');
test(good, 'server', 'http://[::1]:8001', 'http://[::1]:8001');
const clear = 'must begin with https://; a token is never sent in the clear';
test(bad, 'server', 'http://h.example', clear);
test(bad, 'server', 'http://localhost.example', clear);
test(bad, 'server', 'http://127.0.0.1.example', clear);
test(bad, 'server', 'ftp://h.example', clear);
const whole = 'is not a whole URL; write it like https://HOST/kubernetes';
test(bad, 'server', 'h.example', whole);
test(bad, 'server', 'h.example:6443', whole);
test(bad, 'server', 'https:/h.example', whole);
test(bad, 'server', 'https://', whole);
test(bad, 'server', 'https://h.example:99999', whole);
test(bad, 'server', 'https://user:secret@h.example', 'must not hold a user name or password');
test(bad, 'server', 'https://h.example/?a=b', 'must have no "?" and no "#"');
test(bad, 'server', 'https://h.example/#a', 'must have no "?" and no "#"');

// Names of Kubernetes objects: a DNS label, a DNS subdomain.
test(good, 'namespace', 'team-a', 'team-a');
test(good, 'namespace', 'a'.repeat(63), 'a'.repeat(63));
test(good, 'serviceAccount', 'robot.v1', 'robot.v1');
const namespace = 'is not a namespace (lower-case letters, digits and "-")';
test(bad, 'namespace', 'team/a', `"team/a" ${namespace}`);
test(bad, 'namespace', 'Team', `"Team" ${namespace}`);
test(bad, 'namespace', 'team.a', `"team.a" ${namespace}`);
test(bad, 'namespace', '-a', `"-a" ${namespace}`);
test(bad, 'namespace', 'a'.repeat(64), `"${'a'.repeat(64)}" ${namespace}`);
test(bad, 'namespace', 12, 'needs text, not a number');
for (const name of ['ro/bot', '..', 'a..b', 'a-', 'é', 'a%2fb', 'a b', 'a'.repeat(254)])
  test(bad, 'serviceAccount', name, `${JSON.stringify(name)} is not the name of a ServiceAccount`);

// Lists.
test(good, 'audience', 'one', ['one']);
test(good, 'audience', ['one', ' two ', 'one'], ['one', 'two']);
test(bad, 'audience', [], 'is an empty list; leave the key out');
test(bad, 'audience', ['one', ''], 'has no value');
test(bad, 'audience', ['one', 2], 'needs text, not a number');
test(bad, 'audience', [['one']], 'needs text, not a list');

// Durations: kubectl's, or seconds.
test(good, 'duration', '1h', 3600);
test(good, 'duration', '1h30m', 5400);
test(good, 'duration', '90m', 5400);
test(good, 'duration', '600s', 600);
test(good, 'duration', '3600', 3600);
test(good, 'duration', 600, 600);
test(good, 'duration', 2 ** 32, 2 ** 32);
test(bad, 'duration', '599s', 'must be at least 600s (10m); ask for more: the API server refuses less');
test(bad, 'duration', 599, 'must be at least 600s (10m); ask for more: the API server refuses less');
test(bad, 'duration', 0, 'must be at least 600s (10m); ask for more: the API server refuses less');
test(bad, 'duration', 2 ** 32 + 1, 'must be at most 4294967296s');
for (const raw of ['1d', '1.5h', '-1h', 'h', '1h 30m', '30m1h', '1e4', '1_000'])
  test(bad, 'duration', raw, `${JSON.stringify(raw)} is not a duration; write it like 1h, 90m or 3600s`);
test(bad, 'duration', 900.5, '"900.5" is not a duration; write it like 1h, 90m or 3600s');
test(bad, 'duration', -900, '"-900" is not a duration; write it like 1h, 90m or 3600s');
test(bad, 'duration', true, 'needs text, not a boolean');
test(good, 'timeout', '5s', 5);
test(good, 'timeout', '1m', 60);
test(bad, 'timeout', '0', 'must be at least 1s');
test(bad, 'timeout', '25h', 'must be at most 24h');

// Choices, in any case.
test(good, 'boundObjectKind', 'secret', 'Secret');
test(good, 'boundObjectKind', 'NONE', 'none');
test(good, 'cache', 'Disk', 'disk');
test(bad, 'boundObjectKind', 'ConfigMap', '"ConfigMap" is not one of Secret, Pod, Node, none');
test(bad, 'cache', 'memory', '"memory" is not one of disk, keychain, none');

// Paths: from the place they are written at, never left to the shell.
test(good, 'sourceFile', '/abs', '/abs');
test(good, 'sourceFile', 'rel/x', '/here/rel/x');
test(good, 'sourceFile', '~/x', '/home/ann/x');
test(good, 'clientKey', '~', '/home/ann');
test(good, 'clientKey', '~other/x', '/here/~other/x');

// Base64 of PEM, with the line ends that `base64` puts in.
test(good, 'certificateAuthorityData', 'LS0tLQ==', 'LS0tLQ==');
test(good, 'certificateAuthorityData', 'LS0t LQ==', 'LS0tLQ==');
test(good, 'certificateAuthorityData', 'LS0t\nLQ==\n', 'LS0tLQ==');
test(bad, 'certificateAuthorityData', '-----BEGIN CERTIFICATE-----', 'is not base64');
test(bad, 'certificateAuthorityData', 'LS=0', 'is not base64');

// Yes or no.
test(good, 'insecureSkipTlsVerify', true, true);
test(good, 'insecureSkipTlsVerify', 'false', false);
test(good, 'insecureSkipTlsVerify', '1', true);
test(bad, 'insecureSkipTlsVerify', 'yes', 'needs true or false, not a string');
test(bad, 'insecureSkipTlsVerify', '', 'needs true or false, not a string');
test(bad, 'insecureSkipTlsVerify', 1, 'needs true or false, not a number');

// Proxies.
test(good, 'proxyUrl', 'http://proxy.example:3128', 'http://proxy.example:3128/');
test(good, 'proxyUrl', 'https://ann:pw@proxy.example', 'https://ann:pw@proxy.example/');
test(
  bad,
  'proxyUrl',
  'socks5://proxy.example',
  'proxies of kind socks5:// are not supported; use an http:// or https:// proxy',
);
test(bad, 'proxyUrl', 'proxy.example:3128', 'is not a whole URL; write it like http://PROXY:PORT');

// Commands, and names of variables.
test(good, 'sourceCommand', 'pass show robot', 'pass show robot');
test(good, 'sourceCommand', ['pass', 'show', 'a b'], ['pass', 'show', 'a b']);
test(bad, 'sourceCommand', [], 'is an empty list');
test(bad, 'sourceCommand', ['pass', 1], 'needs text, not a number');
test(good, 'sourceEnv', 'CI_TOKEN', 'CI_TOKEN');
test(bad, 'sourceEnv', '$CI_TOKEN', '"$CI_TOKEN" is not the name of an environment variable');
test(bad, 'sourceEnv', 'A=B', '"A=B" is not the name of an environment variable');

test('a server is read to a form that reads to itself, or is refused, and never loses its s', (t) => {
  const url = fc.oneof(
    fc.webUrl(),
    fc.webUrl({ validSchemes: ['https'], withQueryParameters: false }),
    fc.string(),
  );
  fc.assert(
    fc.property(url, (text) => {
      const once = outcome(() => parseValue('server', text, place));
      if (once === undefined) return;
      t.is(parseValue('server', once, place), once);
      t.true(once.startsWith('https://') || /^http:\/\/(?:localhost|127\.|\[::1\])/.test(once));
      t.false(once.endsWith('/') || /[?#@]/.test(once.slice(0, once.indexOf('/', 8))));
    }),
    { numRuns: 500 },
  );
});

test('whatever is given for a setting, it is a value or a bad value', (t) => {
  const names = fc.constantFrom(...settingNames);
  fc.assert(
    fc.property(names, fc.oneof(fc.anything(), fc.string()), (name, raw) => {
      outcome(() => parseValue(name, raw, place));
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

function outcome<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'bad-value') return undefined;
    throw error;
  }
}
