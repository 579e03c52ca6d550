/** Words for what can go wrong with an exchange: refused (exit code 4), unreachable, overloaded or not our server (5), bad PEM (2). */
import { exit, oneLine, SaTokenError } from '../errors.ts';
import { label, type Endpoint, type Target } from '../settings/target.ts';

const refused = (code: string, what: string, hint: string): SaTokenError =>
  new SaTokenError({ code, exitCode: exit.refused, what, hint });

const unreachable = (code: string, what: string, hint: string, cause?: unknown): SaTokenError =>
  new SaTokenError({ code, exitCode: exit.unreachable, what, hint, cause });

/** Trouble that may be over in a moment; a TokenRequest stores nothing, so that asking again is safe. */
const passing = (code: string, what: string, hint: string, after?: number, cause?: unknown): SaTokenError =>
  new SaTokenError({ code, exitCode: exit.unreachable, what, hint, cause, transient: { after } });

/** The account where a call is for one, else the address. */
const at = (where: Endpoint | Target): string => ('serviceAccount' in where ? label(where) : where.server);

/** What a server said, short enough for one line. */
const said = (text: string): string =>
  text.trim() === '' ? 'with an empty answer' : `"${oneLine(text, 300)}"`;

export const unauthorized = (target: Target): SaTokenError =>
  refused(
    'unauthorized',
    `${label(target)}: the source token was refused (401): it was revoked, has expired, or is of another cluster`,
    'log in again with a new token: kubectl sa-token login PROFILE; or put it where source-file, source-command or source-env finds it',
  );

export const forbidden = (target: Target, message: string): SaTokenError =>
  refused(
    'forbidden',
    `${label(target)}: the source token may not create tokens for this account (403)${message === '' ? '' : `: ${oneLine(message, 300)}`}`,
    `let it "create" "serviceaccounts/token" with resourceNames [${target.serviceAccount}] by a Role in ${target.namespace}; or, if it is for another account, name that with --service-account`,
  );

export const anonymous = (target: Target): SaTokenError =>
  refused(
    'anonymous',
    `${label(target)}: the API server saw no token (403 for system:anonymous)`,
    'something between removes the Authorization header: check the proxy or gateway',
  );

export const accountNotFound = (target: Target, message: string): SaTokenError =>
  refused(
    'account-not-found',
    `${label(target)}: ${oneLine(message, 300)} (404)`,
    'check namespace and service account, or create it; a token bound to a deleted object needs a new login',
  );

export const noTokenRequest = (target: Target): SaTokenError =>
  refused(
    'no-token-request',
    `${label(target)}: the API server does not serve TokenRequest (404)`,
    'it is older than Kubernetes 1.20 or has it switched off; or --server has more before "/api/v1" than it should',
  );

export const conflict = (target: Target, message: string): SaTokenError =>
  refused(
    'conflict',
    `${label(target)}: the account or the bound object was deleted and made anew (409): ${oneLine(message, 300)}`,
    'log in with a token of the new one: kubectl sa-token login PROFILE',
  );

export const accountMadeAnew = (target: Target): SaTokenError =>
  refused(
    'account-made-anew',
    `${label(target)}: the account was deleted and made anew: the source token is of the one before`,
    'log in with a token of the new one: kubectl sa-token login PROFILE',
  );

export const invalidRequest = (target: Target, status: number, message: string): SaTokenError =>
  refused(
    'invalid-request',
    `${label(target)}: the API server does not take the request (${status}): ${oneLine(message, 400)}`,
    'change that setting in the profile or on the command line',
  );

export const unknownIssuer = (target: Target, message: string): SaTokenError =>
  refused(
    'gateway-refused',
    `${label(target)}: a gateway in front of the API server refused the token (401): ${said(message)}`,
    "let the gateway's token check leave the TokenRequest path alone (Istio: RequestAuthentication), or go round it",
  );

export const proxyRefused = (target: Target, status: number, text: string): SaTokenError =>
  refused(
    'proxy-refused',
    `${label(target)}: the proxy, not Kubernetes, answered ${status} ${said(text)}`,
    'the proxy must pass POST …/token with its Authorization header on to the API server',
  );

export const notTheEndpoint = (target: Target, status: number, text: string): SaTokenError =>
  unreachable(
    'not-the-endpoint',
    `${label(target)}: that address does not lead to a Kubernetes API: ${status} ${said(text)}`,
    'check --server: it ends where "/api/v1" begins, often in /kubernetes',
  );

export const wrongScheme = (target: Target): SaTokenError =>
  unreachable('not-the-endpoint', `${label(target)}: that port speaks HTTPS`, 'write https:// in --server');

export const redirected = (target: Endpoint, status: number, location: string): SaTokenError =>
  unreachable(
    'redirected',
    `${at(target)}: the server answered ${status}, a redirect to ${location === '' ? 'nowhere' : oneLine(location, 200)}, which is not followed`,
    'give the final address as --server, if you trust it with the token',
  );

export const overloaded = (target: Endpoint, status: number, retryAfter: number | undefined): SaTokenError =>
  passing(
    'overloaded',
    `${at(target)}: the server is overloaded (${status})`,
    retryAfter === undefined ? 'try again in a moment' : `try again in ${retryAfter} s, as it asks`,
    retryAfter,
  );

export const serverFailed = (target: Endpoint, status: number, text: string): SaTokenError =>
  passing(
    'server-failed',
    `${at(target)}: the server failed (${status}): ${said(text)}`,
    'try again; its log has more',
  );

export const badAnswer = (target: Endpoint, problem: string): SaTokenError =>
  unreachable('bad-answer', `${at(target)}: ${problem}`, 'nothing was kept; check what serves this address');

export const timedOut = (target: Endpoint, seconds: number, step: string): SaTokenError =>
  unreachable(
    'timed-out',
    `${at(target)}: no answer within ${Math.round(seconds * 10) / 10} s (${step})`,
    'check the network and proxy settings, or give more time with --timeout',
  );

export const cannotConnect = (target: Endpoint, why: string, cause: unknown): SaTokenError =>
  passing(
    'cannot-connect',
    `${at(target)}: cannot connect: ${why}`,
    'check --server, the network, HTTPS_PROXY and NO_PROXY',
    undefined,
    cause,
  );

export const fakeCertificate = (target: Endpoint, cause: unknown): SaTokenError =>
  unreachable(
    'fake-certificate',
    `${at(target)}: the ingress controller answered with its own "Kubernetes Ingress Controller Fake Certificate"`,
    'the ingress has no TLS certificate for this host: its "tls" section or Secret is missing, or the host name is wrong',
    cause,
  );

export const untrusted = (target: Endpoint, why: string, cause: unknown): SaTokenError =>
  unreachable(
    'untrusted-certificate',
    `${at(target)}: the server's certificate is not trusted: ${why}`,
    'give its CA with --certificate-authority FILE, or its name with --tls-server-name; the token was not sent',
    cause,
  );

export const badTls = (target: Endpoint, problem: string, cause: unknown): SaTokenError =>
  new SaTokenError({
    code: 'bad-tls-file',
    exitCode: exit.usage,
    what: `${at(target)}: ${problem}`,
    hint: 'certificates and keys are PEM files',
    cause,
  });
