/** Looks for a secret where none may be: in files, in their names, in what a program wrote. */
import { lstat, readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

export interface Hit {
  /** A path, or the name of a text. */
  where: string;
  /** In which form the secret was there; the secret itself is not in a hit. */
  form: string;
}

export interface Places {
  /** Files and folders; links are not followed, what they say is looked at. */
  roots?: string[];
  texts?: Record<string, string>;
}

interface Needle {
  form: string;
  bytes: Uint8Array;
}

/** As long as no other token can share it by chance, and short enough to find a secret that was cut up. */
const PIECE = 24;

export async function findSecret(secret: string, { roots = [], texts = {} }: Places): Promise<Hit[]> {
  if (secret.length < 16) throw new Error('too short a secret to look for');
  const needles = forms(secret);
  const hits = Object.entries(texts).flatMap(([name, text]) => search(needles, name, Buffer.from(text)));
  for (const root of roots) hits.push(...(await searchPath(needles, root)));
  return hits;
}

/**
 * A token's header and claims are much the same for all tokens of an account, so of a JWT only the signature is
 * looked for in pieces.
 */
function forms(secret: string): Needle[] {
  const whole = Buffer.from(secret);
  const reversed = Buffer.from(secret).toReversed();
  const telling = secret.split('.').at(-1) ?? secret;
  return [
    { form: 'plain', bytes: whole },
    { form: 'reversed', bytes: reversed },
    { form: 'hex', bytes: Buffer.from(whole.toString('hex')) },
    { form: 'UTF-16', bytes: Buffer.from(secret, 'utf16le') },
    ...base64Forms(secret, 'base64'),
    ...base64Forms(telling, 'base64 of a part'),
    ...pieces(telling).map((piece) => ({ form: 'piece', bytes: Buffer.from(piece) })),
    ...pieces(telling).map((piece) => ({
      form: 'reversed piece',
      bytes: Buffer.from(piece).toReversed(),
    })),
  ];
}

/** At each of the three offsets a text can have inside another's base64, less the digits its neighbours share. */
function base64Forms(secret: string, form: string): Needle[] {
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.from(`${'\0'.repeat(offset)}${secret}`)
      .toString('base64')
      .replace(/=+$/, '');
    const inner = encoded.slice(Math.ceil((offset * 8) / 6), -1);
    const url = inner.replaceAll('+', '-').replaceAll('/', '_');
    return [...new Set([inner, url])].map((text) => ({ form, bytes: Buffer.from(text) }));
  });
}

function pieces(text: string): string[] {
  const count = Math.floor(text.length / PIECE);
  return Array.from({ length: count }, (_, index) => text.slice(index * PIECE, (index + 1) * PIECE));
}

function search(needles: Needle[], where: string, haystack: Buffer): Hit[] {
  const found = needles.filter(({ bytes }) => haystack.includes(bytes)).map(({ form }) => form);
  return [...new Set(found)].map((form) => ({ where, form }));
}

async function searchPath(needles: Needle[], path: string): Promise<Hit[]> {
  const inName = search(needles, path, Buffer.from(path)).map(({ form }) => ({ where: 'a file name', form }));
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) return [...inName, ...search(needles, path, Buffer.from(await readlink(path)))];
  if (stats.isFile()) return [...inName, ...search(needles, path, await readFile(path))];
  if (!stats.isDirectory()) return inName;
  const below = (await readdir(path)).map((name) => searchPath(needles, join(path, name)));
  return [...inName, ...(await Promise.all(below)).flat()];
}
