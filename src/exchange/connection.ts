/** Says in words what kept a connection from being made, from the error that Node gives. */
import { textAt } from '../json.ts';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { SaTokenError, systemCode } from '../errors.ts';
import { certificateProblem, connectionProblem } from '../failures/connection.ts';
import { badAnswer, cannotConnect, fakeCertificate, untrusted } from '../failures/exchange.ts';
import type { Settings } from '../settings/table.ts';
import type { Endpoint } from '../settings/target.ts';

const fakeName = 'Kubernetes Ingress Controller Fake Certificate';

/** A failed request as an error of ours; errors that already are stay as they are. */
export async function judgeConnection(
  target: Endpoint,
  settings: Settings,
  error: unknown,
): Promise<SaTokenError> {
  if (error instanceof SaTokenError) return error;
  const code = systemCode(error) ?? '';
  const problem = certificateProblem(error);
  if (problem !== undefined) {
    const shown = await peerCertificate(target, settings);
    if (shown.includes(fakeName)) return fakeCertificate(target, error);
    return untrusted(target, `${problem}${shown === '' ? '' : ` (${shown})`}`, error);
  }
  if (code.startsWith('HPE_')) return badAnswer(target, `the answer is not HTTP (${code})`);
  const through = settings['proxy-url'] === undefined ? '' : ' (through proxy-url)';
  return cannotConnect(target, `${connectionProblem(error)}${through}`, error);
}

/** Looks at the certificate with a connection of its own, over which nothing is sent; Node tells none that it refused. */
function peerCertificate(target: Endpoint, settings: Settings): Promise<string> {
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
