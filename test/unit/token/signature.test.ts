import test from 'ava';
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { checkSignature, readKeySet } from '../../../src/token/signature.ts';

const newKeys = promisify(generateKeyPair);
const place = 'https://issuer.example/jwks';

async function signer(kid?: string) {
  const { privateKey, publicKey } = await newKeys('ec', { namedCurve: 'P-256' });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) } };
}

const sign = (key: KeyObject, kid?: string) =>
  new SignJWT({ sub: 'x' })
    .setProtectedHeader({ alg: 'ES256', ...(kid === undefined ? {} : { kid }) })
    .sign(key);

test('a published key signed it', async (t) => {
  const { privateKey, jwk } = await signer('one');
  const { jwk: other } = await signer('two');
  const keys = { keys: [other, jwk] };
  t.deepEqual(await checkSignature(await sign(privateKey, 'one'), { keys, place }), {
    state: 'valid',
    key: 'one',
    place,
  });
});

test('no published key is named in it', async (t) => {
  const { privateKey, jwk } = await signer('one');
  const verdict = await checkSignature(await sign(privateKey, 'gone'), { keys: { keys: [jwk] }, place });
  t.deepEqual(verdict, { state: 'unknown-key', key: 'gone', place });
  t.is(
    (await checkSignature(await sign(privateKey, 'one'), { keys: { keys: [] }, place })).state,
    'unknown-key',
  );
});

test('it names a key that did not sign it', async (t) => {
  const [one, two] = [await signer('one'), await signer('two')];
  const token = await sign(two.privateKey, 'one');
  t.is((await checkSignature(token, { keys: { keys: [one.jwk] }, place })).state, 'invalid');
});

test('without a key id, one key is tried, and of several none is named', async (t) => {
  const [one, two] = [await signer(), await signer()];
  const state = async (keys: object[]) =>
    (await checkSignature(await sign(two.privateKey), { keys: { keys }, place })).state;
  t.is(await state([two.jwk]), 'valid');
  t.is(await state([one.jwk]), 'invalid');
  t.is(await state([one.jwk, two.jwk]), 'unknown-key');
});

test('a key that only the token itself names vouches for nobody', async (t) => {
  const { privateKey, jwk } = await signer('one');
  const keys = { keys: { keys: [jwk] }, place, selfNamed: true };
  t.is((await checkSignature(await sign(privateKey, 'one'), keys)).state, 'self-consistent');
  t.is((await checkSignature(await sign(privateKey, 'two'), keys)).state, 'unknown-key');
});

test('no signature, a shared secret, or no token at all is never valid', async (t) => {
  const secret = { kty: 'oct', k: Buffer.alloc(32).toString('base64url'), kid: 's', alg: 'HS256' };
  const shared = await new SignJWT({}).setProtectedHeader({ alg: 'HS256', kid: 's' }).sign(Buffer.alloc(32));
  const keys = { keys: [secret] };
  for (const token of [new UnsecuredJWT({}).encode(), shared, 'nonsense', 'a.b.c', ''])
    t.not((await checkSignature(token, { keys, place })).state, 'valid');
});

test('a key set, or what is none', (t) => {
  t.deepEqual(readKeySet({ keys: [{ kty: 'EC' }, 'x', null] }), { keys: [{ kty: 'EC' }] });
  for (const none of [undefined, '', [], {}, { keys: {} }]) t.is(readKeySet(none), undefined);
});
