/** Requests for what the caller may not have, what is not there, or what is not the one it was: 403, 404, 405, 409. */
import { NO_UID, bind, forbidden, notFound, type Refusal } from './refusal.ts';

const TOO_SHORT = { body: { spec: { expirationSeconds: 60 } } };

export const WRONG_OBJECTS: Refusal[] = [
  {
    title: 'an account that is not there, before its bad duration',
    request: ({ ghostPath }) => ({ path: ghostPath, ...TOO_SHORT }),
    answer: () => notFound('serviceaccounts', 'ghost'),
  },
  {
    title: 'a bound Secret that is not there',
    request: () => bind({ kind: 'Secret', apiVersion: 'v1', name: 'gone' }),
    answer: () => notFound('secrets', 'gone'),
  },
  {
    title: 'a bound Secret that was made anew',
    request: () => bind({ kind: 'Secret', apiVersion: 'v1', name: 'bot-token', uid: NO_UID }),
    answer: () => ({
      message: `Operation cannot be fulfilled on Secret "bot-token": the UID in the bound object reference (${NO_UID}) does not match the UID in record. The object might have been deleted and then recreated`,
      reason: 'Conflict',
      details: { name: 'bot-token', kind: 'Secret' },
      code: 409,
    }),
  },
  {
    title: 'the UID of another account',
    only: 'newest',
    request: () => ({ body: { metadata: { uid: NO_UID } } }),
    answer: ({ uid }) => ({
      message: `Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "bot": the UID in the token request (${NO_UID}) does not match the UID of the service account (${uid})`,
      reason: 'Conflict',
      details: { name: 'bot', group: 'authentication.k8s.io', kind: 'TokenRequest' },
      code: 409,
    }),
  },
  {
    title: 'an account that the role does not name',
    request: ({ otherPath }) => ({ path: otherPath, body: {} }),
    answer: ({ namespace }) =>
      forbidden('other', `system:serviceaccount:${namespace}:bot`, 'create', namespace),
  },
  {
    title: 'an account of another namespace',
    request: () => ({ path: '/api/v1/namespaces/default/serviceaccounts/bot/token', body: {} }),
    answer: ({ namespace }) =>
      forbidden('bot', `system:serviceaccount:${namespace}:bot`, 'create', 'default'),
  },
  {
    title: 'no token at all',
    request: () => ({ as: 'anonymous', body: {} }),
    answer: ({ namespace }) => forbidden('bot', 'system:anonymous', 'create', namespace),
  },
  {
    title: 'a GET by who may only POST',
    request: () => ({ method: 'GET' }),
    answer: ({ namespace }) => forbidden('bot', `system:serviceaccount:${namespace}:bot`, 'get', namespace),
  },
  {
    title: 'a GET by who may do everything',
    request: () => ({ method: 'GET', as: 'admin' }),
    answer: () => ({
      message: 'the server does not allow this method on the requested resource',
      reason: 'MethodNotAllowed',
      details: {},
      code: 405,
    }),
  },
  {
    title: 'a subresource that is not there',
    request: ({ path }) => ({ as: 'admin', path: `${path}s`, body: {} }),
    answer: () => ({
      message: 'the server could not find the requested resource',
      reason: 'NotFound',
      details: {},
      code: 404,
    }),
  },
  {
    title: 'a doubled slash',
    request: ({ path }) => ({ as: 'admin', path: path.replace('/token', '//token'), body: {} }),
    answer: () => ({
      message: 'the server could not find the requested resource',
      reason: 'NotFound',
      details: {},
      code: 404,
    }),
  },
  {
    title: 'a name with characters of HTML, which it does not escape',
    request: ({ path }) => ({ path: path.replace('/bot/', '/a%26b%3Cc/'), body: {} }),
    answer: ({ namespace }) =>
      forbidden('a&b<c', `system:serviceaccount:${namespace}:bot`, 'create', namespace),
  },
  {
    title: 'a path with characters of HTML, which it escapes',
    request: () => ({ method: 'GET', as: 'anonymous', path: '/a&b' }),
    answer: () => ({
      message: 'forbidden: User "system:anonymous" cannot get path "/a&amp;b"',
      reason: 'Forbidden',
      details: {},
      code: 403,
    }),
  },
  {
    title: 'a Node that is not there',
    only: 'newest',
    request: () => bind({ kind: 'Node', apiVersion: 'v1', name: 'gone' }),
    answer: () => notFound('nodes', 'gone'),
  },
];
