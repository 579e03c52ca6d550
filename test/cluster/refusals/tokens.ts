/**
 * The many ways to a 401, which all look alike: src/CONTRACTS.md 3.3. Each token is new, since the server caches its
 * yes for 10 s.
 */
import type { JWTPayload } from 'jose';
import type { Refusal, Request } from './refusal.ts';
import type { Bot, Subject } from '../subject.ts';

const HOUR = 3600;

export const WRONG_TOKENS: Refusal[] = [
  unauthorized('a token that is none', () => ({ as: { token: 'none' } })),
  unauthorized('a token signed by another key', async (bot, subject) => {
    const token = await subject.sign(boundClaims(bot, subject));
    const [header, , signature] = token.split('.');
    const claims = Buffer.from(JSON.stringify({ ...boundClaims(bot, subject), jti: 'forged' })).toString(
      'base64url',
    );
    return { as: { token: `${header}.${claims}.${signature}` } };
  }),
  unauthorized('a token whose life is over', signed({ nbf: -2 * HOUR, exp: -HOUR })),
  unauthorized('a token for another audience', signed({}, { aud: ['elsewhere'] })),
  unauthorized(
    'a token of an account made anew',
    signed({}, { serviceaccount: { name: 'bot', uid: 'former' } }),
  ),
  unauthorized(
    'a token bound to a Secret that is gone',
    signed({}, { secret: { name: 'gone', uid: 'former' } }),
  ),
  late(
    unauthorized('a legacy token whose Secret is gone', async (bot, subject) => {
      await subject.deleteSecret(bot);
      return {};
    }),
  ),
  late(
    unauthorized('a legacy token whose account is gone', async (bot, subject) => {
      await subject.deleteAccount(bot);
      return {};
    }),
  ),
  late(
    unauthorized('a legacy token marked invalid', async (bot, subject) => {
      await subject.markInvalid(bot);
      return {};
    }),
  ),
];

function late(refusal: Refusal): Refusal {
  return { ...refusal, late: true };
}

function unauthorized(title: string, request: Refusal['request']): Refusal {
  return {
    title,
    request: async (bot, subject) => ({ body: {}, ...(await request(bot, subject)) }),
    answer: () => ({ message: 'Unauthorized', reason: 'Unauthorized', code: 401 }),
  };
}

interface Changes {
  aud?: string[];
  serviceaccount?: { name: string; uid: string };
  secret?: { name: string; uid: string };
}

/** A token of the bot with its times moved by seconds from now, and some claims changed. */
function signed(times: { nbf?: number; exp?: number }, changes: Changes = {}) {
  return async (bot: Bot, subject: Subject): Promise<Request> => {
    return { as: { token: await subject.sign(boundClaims(bot, subject, times, changes)) } };
  };
}

export function boundClaims(
  { namespace, uid }: Pick<Bot, 'namespace' | 'uid'>,
  { issuer }: Pick<Subject, 'issuer'>,
  { nbf = 0, exp = HOUR }: { nbf?: number; exp?: number } = {},
  { aud = [issuer], ...bound }: Changes = {},
): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    sub: `system:serviceaccount:${namespace}:bot`,
    aud,
    iat: now + nbf,
    nbf: now + nbf,
    exp: now + exp,
    'kubernetes.io': { namespace, serviceaccount: { name: 'bot', uid }, ...bound },
  };
}
