import { createHash } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { settingNames, type Settings } from '../../../src/settings/table.ts';
import { difference, parseWay, wayNames, wayOf, type Way } from '../../../src/settings/way.ts';
import { everySetting } from '../../support/settings.ts';

const server = 'https://h.example/kubernetes';
const sha256 = (data: string) => createHash('sha256').update(data).digest('hex');

const way = test.macro<[Settings, Way]>({
  exec(t, settings, expected) {
    t.deepEqual(wayOf({ server, ...settings }), expected);
  },
  title: (given) => `the way of settings: ${given}`,
});

test('a server alone', way, {}, { server, trust: 'system' });
test('a CA file', way, { certificateAuthority: '/ca.crt' }, { server, trust: 'file /ca.crt' });
test(
  'CA data, by its digest',
  way,
  { certificateAuthorityData: 'LS0t' },
  { server, trust: `sha256 ${sha256('LS0t')}` },
);
test(
  'CA data counts before a file, as in client-go',
  way,
  { certificateAuthorityData: 'LS0t', certificateAuthority: '/ca.crt' },
  { server, trust: `sha256 ${sha256('LS0t')}` },
);
test(
  'a name and no check',
  way,
  { tlsServerName: 'n', insecureSkipTlsVerify: true },
  { server, trust: 'system', tlsServerName: 'n', insecure: true },
);
test('a check that is asked for', way, { insecureSkipTlsVerify: false }, { server, trust: 'system' });

test('only the settings of the way change it', (t) => {
  const plain = wayOf({ server });
  for (const name of settingNames) {
    const differs = difference(plain, wayOf({ server, [name]: everySetting[name] }));
    t.is(
      differs !== undefined,
      wayNames.some((each) => each === name),
      name,
    );
  }
});

const differs = test.macro<[Partial<Way>, Partial<Way>, string | undefined]>({
  exec(t, stored, now, expected) {
    const usual = { server, trust: 'system' };
    t.is(difference({ ...usual, ...stored }, { ...usual, ...now }), expected);
  },
  title: (given) => `what differs: ${given}`,
});

test(
  'nothing',
  differs,
  { tlsServerName: 'n', insecure: true },
  { tlsServerName: 'n', insecure: true },
  undefined,
);
test(
  'the server',
  differs,
  {},
  { server: 'https://evil.example' },
  'another server (https://h.example/kubernetes, now https://evil.example)',
);
test(
  'the path of the server',
  differs,
  {},
  { server: 'https://h.example' },
  'another server (https://h.example/kubernetes, now https://h.example)',
);
test(
  'the path of the CA file',
  differs,
  { trust: 'file /a.crt' },
  { trust: 'file /b.crt' },
  'another CA (file /a.crt, now file /b.crt)',
);
test(
  'a CA file that was named',
  differs,
  {},
  { trust: 'file /b.crt' },
  "another CA (the system's, now file /b.crt)",
);
test(
  'CA data',
  differs,
  { trust: `sha256 ${'0123456789ab'.repeat(5)}cdef` },
  { trust: 'system' },
  "another CA (data with SHA-256 0123456789ab…, now the system's)",
);
test(
  'the name in the certificate',
  differs,
  { tlsServerName: 'n' },
  {},
  'another tls-server-name (n, now not set)',
);
test('a check that is left out', differs, {}, { insecure: true }, 'no check of the certificate');
test('a check that was not there', differs, { insecure: true }, {}, 'a check of the certificate');
test(
  'all of it',
  differs,
  {},
  { server: 'https://e', trust: 'file /b', tlsServerName: 'n', insecure: true },
  "another server (https://h.example/kubernetes, now https://e) and another CA (the system's, now file /b) and another tls-server-name (not set, now n) and no check of the certificate",
);

const text = fc.string({ minLength: 1 });
const ways: fc.Arbitrary<Way> = fc.record(
  { server: text, trust: text, tlsServerName: text, insecure: fc.constant(true as const) },
  { requiredKeys: ['server', 'trust'], noNullPrototype: true },
);

test('a way comes back as it was stored, and differs from every other', (t) => {
  fc.assert(
    fc.property(ways, ways, (one, other) => {
      t.deepEqual(parseWay(JSON.parse(JSON.stringify(one))), one);
      t.is(difference(one, one), undefined);
      const same = JSON.stringify(parseWay(one)) === JSON.stringify(parseWay(other));
      t.is(difference(one, other) === undefined, same);
    }),
    { numRuns: 500 },
  );
});

test('anything else is no way', (t) => {
  const partial = [
    {},
    { server },
    { trust: 'system' },
    { server: '', trust: 'system' },
    { server, trust: 5 },
  ];
  for (const value of [undefined, null, 5, 'x', [], [server, 'system'], ...partial])
    t.is(parseWay(value), undefined, JSON.stringify(value));
  t.deepEqual(parseWay({ server, trust: 'system', insecure: 'true', more: 1 }), { server, trust: 'system' });
});
