/** Tells what kept a connection from being made, from the error that Node gives. */
import { request } from 'node:https';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Host } from '../base/host.ts';
import { textAt, isObject } from '../base/json.ts';
import { SaTokenError, systemCode, messageOf } from '../errors/error.ts';
import { badAnswer, cannotConnect, fakeCertificate, untrusted } from '../errors/http.ts';
import type { Settings } from '../settings/table.ts';
import { type Endpoint, label } from '../settings/target.ts';
import { proxyName } from './proxy.ts';
import { tlsAgent } from './tls.ts';

/** A failed request as an error of ours; errors that already are stay as they are. */
export async function judgeConnection(
  host: Host,
  target: Endpoint,
  settings: Settings,
  error: unknown,
): Promise<SaTokenError> {
  if (error instanceof SaTokenError) return error;
  const code = systemCode(error) ?? '';
  const problem = certificateProblem(error);
  if (problem !== undefined) {
    const shown = await peerCertificate(host, target, settings);
    if (shown.includes('Kubernetes Ingress Controller Fake Certificate'))
      return fakeCertificate(label(target), error);
    return untrusted(label(target), `${problem}${shown === '' ? '' : ` (${shown})`}`, error);
  }
  if (code.startsWith('HPE_')) return badAnswer(label(target), `the answer is not HTTP (${code})`);
  return cannotConnect(
    label(target),
    `${connectionProblem(error)}${detourOf(host, target, settings, code)}`,
    error,
  );
}

/** What may be at fault between here and the server, and is not in the error itself. */
function detourOf(host: Host, target: Endpoint, settings: Settings, code: string): string {
  if (target.server.startsWith('http://')) return code === 'ECONNRESET' ? ': is it https?' : '';
  const proxy = proxyName(host, target, settings);
  return proxy === undefined ? '' : ` (through the HTTP proxy ${proxy})`;
}

/** Looks at the certificate over another connection, made the same way, that no token goes over; Node tells none that it refused. */
function peerCertificate(host: Host, target: Endpoint, settings: Settings): Promise<string> {
  const { clientCertificate: _certificate, clientKey: _key, ...others } = settings;
  const agent = tlsAgent(host, target, { ...others, insecureSkipTlsVerify: true });
  return new Promise((resolve) => {
    const looking = request(target.server, { method: 'HEAD', agent, timeout: 2000 });
    const end = (text: string): void => {
      resolve(text);
      looking.destroy();
    };
    looking.on('socket', (socket: TLSSocket) => {
      const look = (): void => end(describe(socket.getPeerCertificate()));
      // Through a proxy it comes when the handshake is over.
      if (socket.getPeerCertificate().subject === undefined) socket.once('secureConnect', look);
      else look();
    });
    looking.on('error', () => end(''));
    looking.on('timeout', () => end(''));
    looking.end();
  });
}

function describe({ subject, issuer, subjectaltname }: PeerCertificate): string {
  const names = subjectaltname?.replaceAll('DNS:', '') ?? 'none';
  return `subject ${textAt(subject, 'CN') ?? '?'}, issuer ${textAt(issuer, 'CN') ?? '?'}, names ${names}`;
}

/** What OpenSSL says of bytes that are no TLS, according to what it takes them for. */
const foreign =
  /wrong version number|packet length too long|http request|unexpected message|record too small/i;

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the other side closed the connection before it had answered in full',
  EPIPE: 'the other side closed the connection',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
  ERR_PROXY_TUNNEL: 'the HTTP proxy did not let the connection through',
};

/** X509 verification results, as Node names them (doc/api/tls.md, "X509 certificate error codes"). */
const certificates: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'it comes from a CA that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'its CA is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its CA is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its CA is not trusted here',
  CERT_SIGNATURE_FAILURE: 'its signature is not of that CA',
  CERT_HAS_EXPIRED: 'it has expired (or the clock here is ahead)',
  CERT_NOT_YET_VALID: 'it is not valid yet (or the clock here is behind)',
  HOSTNAME_MISMATCH: 'it is for another name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
};

/** What is wrong with the other side's certificate ("it …"); undefined when the error is not about one. */
function certificateProblem(error: unknown): string | undefined {
  return certificates[systemCode(error) ?? ''];
}

/** Why there is no connection, or the error's own text. */
export function connectionProblem(error: unknown): string {
  const certificate = certificateProblem(error);
  if (isObject(error) && error['code'] === 'ERR_PROXY_TUNNEL' && error['statusCode'] === 407)
    return 'the HTTP proxy asks for user and password (407): http://USER:PASSWORD@PROXY';
  if (certificate !== undefined) return `the server's certificate is not trusted: ${certificate}`;
  return reasons[systemCode(error) ?? ''] ?? handshakeProblem(messageOf(error));
}

/** OpenSSL's own words for a failed handshake, without the queue of codes and source files around them. */
function handshakeProblem(text: string): string {
  const reason = /:error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):/.exec(text)?.[1];
  if (reason === undefined) return text;
  return foreign.test(reason)
    ? 'the other side does not speak TLS there'
    : `the TLS handshake failed (${reason})`;
}
