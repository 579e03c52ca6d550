/** What a server or the way to it can get wrong, whatever was asked for. */
import { exit, SaTokenError, oneLine } from './error.ts';

export const unreachable = (code: string, what: string, hint: string, cause?: unknown): SaTokenError =>
  new SaTokenError({ code, exitCode: exit.unreachable, what, hint, cause });

/** Trouble that may be over in a moment; a TokenRequest stores nothing, so that asking again is safe. */
export const passing = (
  code: string,
  what: string,
  hint: string,
  after?: number,
  cause?: unknown,
): SaTokenError =>
  new SaTokenError({ code, exitCode: exit.unreachable, what, hint, cause, transient: { after } });

/** What a server said, short enough for one line. */
export const said = (text: string): string =>
  text.trim() === '' ? 'with an empty answer' : `"${oneLine(text, 300)}"`;

export const redirected = (at: string, status: number, location: string): SaTokenError =>
  unreachable(
    'redirected',
    `${at}: the server answered ${status}, a redirect to ${location === '' ? 'nowhere' : oneLine(location, 200)}, which is not followed`,
    'give the final address as --server, if you trust it with the token',
  );

export const overloaded = (at: string, status: number, retryAfter: number | undefined): SaTokenError =>
  passing(
    'overloaded',
    `${at}: the server is overloaded (${status})`,
    retryAfter === undefined ? 'try again in a moment' : `try again in ${retryAfter} s, as it asks`,
    retryAfter,
  );

export const serverFailed = (at: string, status: number, text: string): SaTokenError =>
  passing(
    'server-failed',
    `${at}: the server failed (${status}): ${said(text)}`,
    'try again; its log has more',
  );

export const badAnswer = (at: string, problem: string): SaTokenError =>
  unreachable('bad-answer', `${at}: ${problem}`, 'nothing was kept; check what serves this address');

export const timedOut = (at: string, seconds: number, step: string): SaTokenError =>
  unreachable(
    'timed-out',
    `${at}: no answer within ${Math.round(seconds * 10) / 10} s (${step})`,
    'check the network and proxy settings, or give more time with --timeout',
  );

export const cannotConnect = (at: string, why: string, cause: unknown): SaTokenError =>
  passing(
    'cannot-connect',
    `${at}: cannot connect: ${why}`,
    'check --server, the network, HTTPS_PROXY and NO_PROXY',
    undefined,
    cause,
  );

export const fakeCertificate = (at: string, cause: unknown): SaTokenError =>
  unreachable(
    'fake-certificate',
    `${at}: the ingress controller answered with its own "Kubernetes Ingress Controller Fake Certificate"`,
    'the ingress has no TLS certificate for this host: its "tls" section or Secret is missing, or the host name is wrong',
    cause,
  );

export const untrusted = (at: string, why: string, cause: unknown): SaTokenError =>
  unreachable(
    'untrusted-certificate',
    `${at}: the server's certificate is not trusted: ${why}`,
    'give its CA with --certificate-authority FILE, or its name with --tls-server-name; the token was not sent',
    cause,
  );

export const badTls = (at: string, problem: string, cause: unknown): SaTokenError =>
  new SaTokenError({
    code: 'bad-tls-file',
    exitCode: exit.usage,
    what: `${at}: ${problem}`,
    hint: 'certificates and keys are PEM files',
    cause,
  });
