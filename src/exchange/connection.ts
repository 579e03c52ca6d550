/** Says in words what kept a connection from being made, from the error that Node gives. */
import { textAt } from '../json.ts';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { messageOf, SaTokenError, systemCode } from '../errors.ts';
import { badAnswer, cannotConnect, fakeCertificate, untrusted } from '../failures/exchange.ts';
import type { Settings } from '../settings/table.ts';
import type { Target } from '../settings/target.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the other side closed the connection',
  EPIPE: 'the other side closed the connection',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
  ERR_PROXY_TUNNEL: 'the HTTP proxy did not let the connection through',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the other side does not speak TLS there',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the other side does not speak TLS there',
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

const fakeName = 'Kubernetes Ingress Controller Fake Certificate';

/** A failed request as an error of ours; errors that already are stay as they are. */
export async function judgeConnection(
  target: Target,
  settings: Settings,
  error: unknown,
): Promise<SaTokenError> {
  if (error instanceof SaTokenError) return error;
  const code = systemCode(error) ?? '';
  const problem = certificates[code];
  if (problem !== undefined) {
    const shown = await peerCertificate(target, settings);
    if (shown.includes(fakeName)) return fakeCertificate(target, error);
    return untrusted(target, `${problem}${shown === '' ? '' : ` (${shown})`}`, error);
  }
  if (code.startsWith('HPE_')) return badAnswer(target, `the answer is not HTTP (${code})`);
  const through = settings['proxy-url'] === undefined ? '' : ' (through proxy-url)';
  return cannotConnect(target, `${reasons[code] ?? messageOf(error)}${through}`, error);
}

/** Looks at the certificate with a connection of its own, over which nothing is sent; Node tells none that it refused. */
function peerCertificate(target: Target, settings: Settings): Promise<string> {
  const url = new URL(target.server);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const servername = settings['tls-server-name'] ?? (isIP(host) === 0 ? host : '');
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(url.port || 443),
      servername,
      rejectUnauthorized: false,
      timeout: 2000,
    });
    const end = (text: string): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on('secureConnect', () => {
      const { subject, issuer, subjectaltname } = socket.getPeerCertificate();
      end(
        `subject ${textAt(subject, 'CN') ?? '?'}, issuer ${textAt(issuer, 'CN') ?? '?'}, names ${subjectaltname ?? 'none'}`.replaceAll(
          'DNS:',
          '',
        ),
      );
    });
    socket.on('error', () => end(''));
    socket.on('timeout', () => end(''));
  });
}
