/** The entry of a profile as it lies on disk, read and aged by hand: four lines, and a marker dated SERVE_UNTIL. */
import { existsSync } from 'node:fs';
import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ExecCredential {
  kind: string;
  apiVersion: string;
  status: { token: string; expirationTimestamp: string };
}

export interface CachedEntry {
  serveUntil: number;
  expires: number;
  credential: ExecCredential;
}

export function entryPath(home: string, profile = 'prod', kind = 'entry'): string {
  return join(home, '.kube', 'cache', 'sa-token', `${profile}.${kind}`);
}

export function parseCredential(stdout: string): ExecCredential {
  return JSON.parse(stdout);
}

export async function readCached(home: string, profile?: string): Promise<CachedEntry> {
  const [first = '', , , credential = ''] = (await readFile(entryPath(home, profile), 'utf8')).split('\n');
  const [, serveUntil, expires] = first.split(' ').map(Number);
  return { serveUntil: serveUntil ?? 0, expires: expires ?? 0, credential: parseCredential(credential) };
}

/** As if time had gone by: the token is to be renewed from, and ends, so many seconds from now. */
export async function age(
  home: string,
  left: { serve: number; life: number },
  profile?: string,
): Promise<void> {
  const file = entryPath(home, profile);
  const now = Math.floor(Date.now() / 1000);
  const [first = '', ...rest] = (await readFile(file, 'utf8')).split('\n');
  const head = first.replace(/^v2 \d+ \d+/, `v2 ${now + left.serve} ${now + left.life}`);
  await writeFile(file, [head, ...rest].join('\n'));
  // There is none where no file vouches for the entry.
  const marker = entryPath(home, profile, 'until');
  if (existsSync(marker)) await utimes(marker, now + left.serve, now + left.serve);
}

/** As if the token had been issued long ago: a client that comes back for it may force an exchange. */
export async function hasServed(home: string, profile?: string): Promise<void> {
  const file = entryPath(home, profile, 'retry');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/"since":[\d.]+/, '"since":1'));
  await utimes(file, 1, 1);
}

/** In the last fifth of an hour's life. */
export const AGING = { serve: -60, life: 660 };

/** Permission bits, in octal. */
export async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}
