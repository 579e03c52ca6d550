/** Says in words what kept a connection from being made, from the error that Node gives. */
import { request } from 'node:https';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { SaTokenError, systemCode } from '../errors.ts';
import { certificateProblem, connectionProblem } from '../failures/connection.ts';
import { badAnswer, cannotConnect, fakeCertificate, untrusted } from '../failures/exchange.ts';
import type { Host } from '../host.ts';
import { textAt } from '../json.ts';
import type { Settings } from '../settings/table.ts';
import type { Endpoint } from '../settings/target.ts';
import { proxyName } from './http-proxy.ts';
import { tlsAgent } from './tls.ts';

const fakeName = 'Kubernetes Ingress Controller Fake Certificate';

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
    if (shown.includes(fakeName)) return fakeCertificate(target, error);
    return untrusted(target, `${problem}${shown === '' ? '' : ` (${shown})`}`, error);
  }
  if (code.startsWith('HPE_')) return badAnswer(target, `the answer is not HTTP (${code})`);
  return cannotConnect(target, `${connectionProblem(error)}${wayOf(host, target, settings, code)}`, error);
}

/** What of the way may be at fault, unseen in the error itself. */
function wayOf(host: Host, target: Endpoint, settings: Settings, code: string): string {
  if (target.server.startsWith('http://')) return code === 'ECONNRESET' ? ': is it https?' : '';
  const proxy = proxyName(host, target, settings);
  return proxy === undefined ? '' : ` (through the HTTP proxy ${proxy})`;
}

/** Looks at the certificate over another connection, made the same way, that no token goes over; Node tells none that it refused. */
function peerCertificate(host: Host, target: Endpoint, settings: Settings): Promise<string> {
  const { 'client-certificate': _certificate, 'client-key': _key, ...others } = settings;
  const agent = tlsAgent(host, target, { ...others, 'insecure-skip-tls-verify': true });
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
  const names = subjectaltname ?? 'none';
  return `subject ${textAt(subject, 'CN') ?? '?'}, issuer ${textAt(issuer, 'CN') ?? '?'}, names ${names}`.replaceAll(
    'DNS:',
    '',
  );
}
