/** What a server or the way to it can get wrong, whatever was asked for. */
import { oneLine, words } from './error.ts';

/** What a server said, short enough for one line. */
export const said = (text: string): string =>
  text.trim() === '' ? 'with an empty answer' : `"${oneLine(text, 300)}"`;

export const redirected = words('redirected', (at: string, status: number, location: string) => [
  `${at}: the server answered ${status}, a redirect to ${location === '' ? 'nowhere' : oneLine(location, 200)}, which is not followed`,
  'give the final address as --server, if you trust it with the token',
]);

export const overloaded = words(
  'overloaded',
  (at: string, status: number, retryAfter: number | undefined) => [
    `${at}: the server is overloaded (${status})`,
    retryAfter === undefined ? 'try again in a moment' : `try again in ${retryAfter} s, as it asks`,
    undefined,
    { after: retryAfter },
  ],
);

export const serverFailed = words('server-failed', (at: string, status: number, text: string) => [
  `${at}: the server failed (${status}): ${said(text)}`,
  'try again; its log has more',
  undefined,
  { after: undefined },
]);

export const badAnswer = words('bad-answer', (at: string, problem: string) => [
  `${at}: ${problem}`,
  'nothing was kept; check what serves this address',
]);

export const timedOut = words('timed-out', (at: string, seconds: number, step: string) => [
  `${at}: no answer within ${Math.round(seconds * 10) / 10} s (${step})`,
  'check the network and proxy settings, or give more time with --timeout',
]);

export const cannotConnect = words('cannot-connect', (at: string, why: string, cause: unknown) => [
  `${at}: cannot connect: ${why}`,
  'check --server, the network, HTTPS_PROXY and NO_PROXY',
  cause,
  { after: undefined },
]);

export const fakeCertificate = words('fake-certificate', (at: string, cause: unknown) => [
  `${at}: the ingress controller answered with its own "Kubernetes Ingress Controller Fake Certificate"`,
  'the ingress has no TLS certificate for this host: its "tls" section or Secret is missing, or the host name is wrong',
  cause,
]);

export const untrusted = words('untrusted-certificate', (at: string, why: string, cause: unknown) => [
  `${at}: the server's certificate is not trusted: ${why}`,
  /\bclock\b/.test(why)
    ? 'check the clock of this machine, or have the certificate renewed; the token was not sent'
    : 'give its CA with --certificate-authority FILE, or its name with --tls-server-name; the token was not sent',
  cause,
]);

export const badTls = words('bad-tls-file', (at: string, problem: string, cause: unknown) => [
  `${at}: ${problem}`,
  'certificates and keys are PEM files',
  cause,
]);
