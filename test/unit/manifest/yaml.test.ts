/** Names that are good in Kubernetes and that YAML would read as something else than a text. */
import test from 'ava';
import fc from 'fast-check';
import { parse, parseAllDocuments } from 'yaml';
import { accountManifest } from '../../../src/manifest/account.ts';
import { proxyManifest } from '../../../src/manifest/proxy.ts';
import type { Route } from '../../../src/manifest/routes.ts';
import { scalar } from '../../../src/manifest/yaml.ts';

/** As kubectl reads it. */
const version = '1.1';
const booleans = ['y', 'n', 'yes', 'no', 'on', 'off', 'true', 'false'];
const numbers = ['0', '123', '017', '089', '1e3', '12e03', '0x1f', '0b1', '0o17', '1.5', '1.e3'];
const names = [...booleans, ...numbers, 'null', '2001-1-1', '2024-01-01'];

/** Every document that `manifest` can print, with one name wherever a person may give one. */
function printed(name: string): string {
  const [object, host] = [{ namespace: name, name }, 'a.example.com'];
  const routes: Route[] = [
    { kind: 'gateway-api', host, gateway: object },
    { kind: 'istio', host, gateway: object, workload: { namespace: name, label: [name, name] } },
    { kind: 'ingress', host, className: name, tlsSecret: name },
  ];
  const more = { createNamespace: true, prefix: '', image: name, ipv6: false };
  const given = { namespace: name, secretName: name, createNamespace: true, clusterRoles: [name] };
  return [
    accountManifest({ ...given, serviceAccount: name, requester: name }),
    accountManifest({ ...given, serviceAccount: name, requester: 'asker' }),
    accountManifest({ ...given, serviceAccount: 'robot', requester: name }),
    ...routes.map((route) => proxyManifest({ ...object, ...more, route })),
  ].join('---\n');
}

const read = (text: string): unknown[] =>
  parseAllDocuments(text, { version }).map((document) => document.toJS());

/** A name that nothing else holds, and that every reader takes for a text. */
const plain = 'qqqq';
const expected = JSON.stringify(read(printed(plain)));

for (const name of names) {
  test(`a name is a text wherever it is printed: ${name}`, (t) => {
    t.deepEqual(read(printed(name)), JSON.parse(expected.replaceAll(plain, name)));
  });
}

test('every name of letters and digits is read as it was given', (t) => {
  const name = fc.stringMatching(/^[a-zA-Z0-9](?:[-._:a-zA-Z0-9]{0,12}[a-zA-Z0-9])?$/);
  fc.assert(
    fc.property(name, (text) => parse(scalar(text), { version }) === text),
    { numRuns: 2000 },
  );
  // Names of roles may hold nearly anything.
  fc.assert(fc.property(fc.string({ minLength: 1 }), (text) => parse(scalar(text), { version }) === text));
  t.pass();
});

test('names that Go alone takes for numbers are quoted, and others are left as people write them', (t) => {
  for (const text of ['0XFF', '0B1', '0O17', '1-2']) t.is(scalar(text), `"${text}"`);
  const usual = ['robot', 'team-a', 'system:auth-delegator', 'nginx:1.28@sha256:ab', 'r2.d-2', '/kubernetes'];
  for (const text of usual) t.is(scalar(text), text);
  const long = 'a-'.repeat(120).concat('z');
  t.is(scalar(long), long);
});

test('a digest that reads as a number stays a text too', (t) => {
  const more = { createNamespace: false, image: 'a', ipv6: false, route: undefined };
  const numeric = /sa-token\/config: (?<value>"?\d+(?:e\d+)?"?)$/m;
  // About one configuration in eight hundred has such a digest.
  for (let count = 0; count < 20_000; count += 1) {
    const text = proxyManifest({ namespace: 'a', prefix: `/p${count}`, ...more });
    const value = numeric.exec(text)?.groups?.['value'];
    if (value !== undefined) return t.is(typeof parse(value, { version }), 'string', value);
  }
  return t.fail('no such digest');
});
