/** Words for what can go wrong with an exchange: refused (exit code 4), unreachable, overloaded or not our server (5), bad PEM (2). */
import { exit, oneLine, SaTokenError } from './error.ts';
import { unreachable, said } from './http.ts';

const refused = (code: string, what: string, hint: string): SaTokenError =>
  new SaTokenError({ code, exitCode: exit.refused, what, hint });

export const unauthorized = (at: string): SaTokenError =>
  refused(
    'unauthorized',
    `${at}: the source token was refused (401): it was revoked, has expired, or is of another cluster`,
    'log in again with a new token: kubectl sa-token login PROFILE; or put it where source-file, source-command or source-env finds it',
  );

export const forbidden = (
  at: string,
  target: { readonly serviceAccount: string; readonly namespace: string },
  message: string,
): SaTokenError =>
  refused(
    'forbidden',
    `${at}: the source token may not create tokens for this account (403)${message === '' ? '' : `: ${oneLine(message, 300)}`}`,
    `let it "create" "serviceaccounts/token" with resourceNames [${target.serviceAccount}] by a Role in ${target.namespace}; or, if it is for another account, name that with --service-account`,
  );

export const anonymous = (at: string): SaTokenError =>
  refused(
    'anonymous',
    `${at}: the API server saw no token (403 for system:anonymous)`,
    'something between removes the Authorization header: check the proxy or gateway',
  );

export const accountNotFound = (at: string, message: string): SaTokenError =>
  refused(
    'account-not-found',
    `${at}: ${oneLine(message, 300)} (404)`,
    'check namespace and service account, or create it; a token bound to a deleted object needs a new login',
  );

export const noTokenRequest = (at: string): SaTokenError =>
  refused(
    'no-token-request',
    `${at}: the API server does not serve TokenRequest (404)`,
    'it is older than Kubernetes 1.20 or has it switched off; or --server has more before "/api/v1" than it should',
  );

export const conflict = (at: string, message: string): SaTokenError =>
  refused(
    'conflict',
    `${at}: the account or the bound object was deleted and made anew (409): ${oneLine(message, 300)}`,
    'log in with a token of the new one: kubectl sa-token login PROFILE',
  );

export const accountMadeAnew = (at: string): SaTokenError =>
  refused(
    'account-made-anew',
    `${at}: the account was deleted and made anew: the source token is of the one before`,
    'log in with a token of the new one: kubectl sa-token login PROFILE',
  );

export const invalidRequest = (at: string, status: number, message: string): SaTokenError =>
  refused(
    'invalid-request',
    `${at}: the API server does not take the request (${status}): ${oneLine(message, 400)}`,
    'change that setting in the profile or on the command line',
  );

export const unknownIssuer = (at: string, message: string): SaTokenError =>
  refused(
    'gateway-refused',
    `${at}: a gateway in front of the API server refused the token (401): ${said(message)}`,
    "let the gateway's token check leave the TokenRequest path alone (Istio: RequestAuthentication), or go round it",
  );

export const proxyRefused = (at: string, status: number, text: string): SaTokenError =>
  refused(
    'proxy-refused',
    `${at}: the proxy, not Kubernetes, answered ${status} ${said(text)}`,
    'the proxy must pass POST …/token with its Authorization header on to the API server',
  );

export const notTheEndpoint = (at: string, status: number, text: string): SaTokenError =>
  unreachable(
    'not-the-endpoint',
    `${at}: that address does not lead to a Kubernetes API: ${status} ${said(text)}`,
    'check --server: it ends where "/api/v1" begins, often in /kubernetes',
  );

export const wrongScheme = (at: string): SaTokenError =>
  unreachable('not-the-endpoint', `${at}: that port speaks HTTPS`, 'write https:// in --server');
