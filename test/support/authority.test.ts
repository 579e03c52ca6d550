import test from 'ava';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { LOOPBACK, createAuthority, createFakeIngressCertificate } from './authority.ts';

test('a server certificate is the authority’s, with the names asked for and its own key', async (t) => {
  const authority = await createAuthority('a test CA');
  const { certPem, keyPem } = await authority.issue({ commonName: 'localhost', ...LOOPBACK });
  const [ca, certificate] = [new X509Certificate(authority.caPem), new X509Certificate(certPem)];
  t.true(ca.ca);
  t.is(ca.subject, 'CN=a test CA');
  t.true(certificate.verify(ca.publicKey));
  t.true(certificate.checkIssued(ca));
  t.true(certificate.checkPrivateKey(createPrivateKey(keyPem)));
  t.truthy(certificate.checkHost('localhost'));
  t.truthy(certificate.checkIP('127.0.0.1'));
  t.truthy(certificate.checkIP('::1'));
  t.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
});

test('a client certificate is for clients, and an expired one is over', async (t) => {
  const { issue } = await createAuthority('a test CA');
  const client = new X509Certificate((await issue({ commonName: 'laptop', client: true })).certPem);
  t.is(client.subject, 'CN=laptop');
  t.deepEqual(client.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  const expired = new X509Certificate((await issue({ commonName: 'old', expired: true })).certPem);
  t.true(expired.validToDate < new Date());
});

test('the fake certificate of ingress-nginx', async (t) => {
  const fake = new X509Certificate((await createFakeIngressCertificate()).certPem);
  t.is(fake.subject, 'O=Acme Co\nCN=Kubernetes Ingress Controller Fake Certificate');
  t.is(fake.issuer, fake.subject);
  t.is(fake.checkHost('localhost'), undefined);
});
