/** An answer that repeats the token it was asked with, as debugging pages do: the words that people would read lose it. */
import type { Reply } from './transport.ts';

/** Shorter parts of a token could be any word. */
const telling = 16;

/** The same answer, where it does not repeat the token; else without the texts that do, whole or a part, wrapped or not. */
export function withoutToken(reply: Reply, token: string): Reply {
  // The first part is the same in every token of the same key.
  const parts = [token, ...token.split('.').slice(1)].filter((part) => part.length >= telling);
  const repeats = (text: string): boolean => {
    const joined = text.replace(/\s+/g, '');
    return parts.some((part) => joined.includes(part));
  };
  const { headers, body, warnings } = reply;
  return {
    ...reply,
    body: repeats(body) ? '(the answer repeats the token, and so is not shown)' : body,
    warnings: warnings.filter((warning) => !repeats(warning)),
    headers:
      headers.location !== undefined && repeats(headers.location)
        ? { ...headers, location: '(it repeats the token)' }
        : headers,
  };
}
