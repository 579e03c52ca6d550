/** A certificate authority made at run time, so that no key and no certificate that can expire lies in the repository. */
import { KeyObject, webcrypto } from 'node:crypto';
import type { X509Certificate } from '@peculiar/x509';
import { x509 } from './x509.ts';

const {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} = x509;

const EC_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR = 3_600_000;

export interface Certificate {
  certPem: string;
  keyPem: string;
}

export interface CertificateRequest {
  commonName: string;
  dnsNames?: string[];
  ipAddresses?: string[];
  /** A certificate to authenticate a client with, in the place of a server's. */
  client?: boolean;
  /** A certificate that ended an hour ago. */
  expired?: boolean;
}

export interface Authority {
  caPem: string;
  issue: (request: CertificateRequest) => Promise<Certificate>;
}

x509.cryptoProvider.set(webcrypto);

export async function createAuthority(name: string): Promise<Authority> {
  const keys = await newKeys();
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    serialNumber: newSerial(),
    ...validity(false),
    keys,
    signingAlgorithm: EC_P256,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { caPem: pem(ca), issue: (request) => issue(ca, keys.privateKey, request) };
}

/** Names and addresses of this machine as its own servers are called. */
export const LOOPBACK = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1', '::1'] };

/**
 * What ingress-nginx shows for a host that has no certificate of its own: a proxy set up without TLS greets the client
 * with it (src/CONTRACTS.md 5.1).
 */
export async function createFakeIngressCertificate(): Promise<Certificate> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate',
    serialNumber: newSerial(),
    ...validity(false),
    keys,
    signingAlgorithm: EC_P256,
    extensions: [
      ...leafExtensions(false),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: 'ingress.local' }]),
    ],
  });
  return { certPem: pem(certificate), keyPem: keyPem(keys.privateKey) };
}

async function issue(
  ca: X509Certificate,
  signingKey: CryptoKey,
  request: CertificateRequest,
): Promise<Certificate> {
  const keys = await newKeys();
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns', value }) as const),
    ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip', value }) as const),
  ];
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${request.commonName}`,
    issuer: ca.subject,
    serialNumber: newSerial(),
    ...validity(request.expired ?? false),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: EC_P256,
    extensions: [
      ...leafExtensions(request.client ?? false),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(ca),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certPem: pem(certificate), keyPem: keyPem(keys.privateKey) };
}

function leafExtensions(client: boolean) {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([client ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth]),
  ];
}

function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(EC_P256, true, ['sign', 'verify']);
}

function validity(expired: boolean): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    notBefore: new Date(now - 48 * HOUR),
    notAfter: new Date(expired ? now - HOUR : now + 240 * HOUR),
  };
}

/** Twenty random hex digits, the first never 0 nor above 7: a positive number in its shortest form (RFC 5280 4.1.2.2). */
function newSerial(): string {
  return `1${Buffer.from(webcrypto.getRandomValues(new Uint8Array(10)))
    .toString('hex')
    .slice(1)}`;
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

function keyPem(key: CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' });
}
