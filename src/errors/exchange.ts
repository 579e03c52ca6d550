/** Words for what can go wrong with an exchange: refused (exit code 4), unreachable, overloaded or not our server (5), bad PEM (2). */
import { oneLine, words } from './error.ts';
import { said } from './http.ts';

export const unauthorized = words('unauthorized', (at: string) => [
  `${at}: the source token was refused (401): it was revoked, has expired, or is for another cluster`,
  'get a new one, then run: kubectl sa-token login PROFILE (or put it where the profile reads it)',
]);

export const forbidden = words(
  'forbidden',
  (at: string, target: { readonly serviceAccount: string; readonly namespace: string }, message: string) => [
    `${at}: the source token may not create tokens for this account (403)${message === '' ? '' : `: ${oneLine(message, 300)}`}`,
    `let it "create" "serviceaccounts/token" with resourceNames [${target.serviceAccount}] by a Role in ${target.namespace}; or, if it is for another account, name that with --service-account`,
  ],
);

export const anonymous = words('anonymous', (at: string) => [
  `${at}: the API server saw no token (403 for system:anonymous)`,
  'something between removes the Authorization header: check the proxy or gateway',
]);

export const accountNotFound = words('account-not-found', (at: string, message: string) => [
  `${at}: ${oneLine(message, 300)} (404)`,
  'check namespace and service account, or create it; a token bound to a deleted object needs a new login',
]);

export const noTokenRequest = words('no-token-request', (at: string) => [
  `${at}: the API server does not serve TokenRequest (404)`,
  'it is older than Kubernetes 1.20 or has it switched off; or --server has more before "/api/v1" than it should',
]);

export const conflict = words('conflict', (at: string, message: string) => [
  `${at}: the account or the bound object was deleted and made again: ${oneLine(message, 300)}`,
  'log in with a token of the new one: kubectl sa-token login PROFILE',
]);

export const invalidRequest = words('invalid-request', (at: string, status: number, message: string) => [
  `${at}: the API server does not take the request (${status}): ${oneLine(message, 400)}`,
  'change that setting in the profile or on the command line',
]);

export const unknownIssuer = words('gateway-refused', (at: string, message: string) => [
  `${at}: a gateway in front of the API server refused the token (401): ${said(message)}`,
  "let the gateway's token check leave the TokenRequest path alone (Istio: RequestAuthentication), or go round it",
]);

export const proxyRefused = words('proxy-refused', (at: string, status: number, text: string) => [
  `${at}: the proxy, not Kubernetes, answered ${status} ${said(text)}`,
  'the proxy must pass POST …/token with its Authorization header on to the API server',
]);

export const notTheEndpoint = words('not-the-endpoint', (at: string, status: number, text: string) => [
  `${at}: that address does not lead to a Kubernetes API: ${status} ${said(text)}`,
  'check --server: it ends where "/api/v1" begins, often in /kubernetes',
]);

export const wrongScheme = words('not-the-endpoint', (at: string) => [
  `${at}: that port speaks HTTPS`,
  'write https:// in --server',
]);
