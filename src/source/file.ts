/** A source token in a file that something else keeps: a mounted Secret, a projected volume, a decrypted file. */
import { readTextFile, refuseForeignWriters } from '../files.ts';
import type { Host } from '../host.ts';
import { shortPath } from '../settings/paths.ts';
import { cleanToken, type Source } from './source.ts';

export function fileSource(host: Host, path: string): Source {
  const place = `file ${shortPath(path, host.home)}`;
  return {
    place,
    read: async () => {
      refuseForeignWriters(host, path, 'keep the token in a file of your own');
      const text = readTextFile('source-file', path, shortPath(path, host.home));
      return text === undefined ? undefined : cleanToken(text, place);
    },
  };
}
