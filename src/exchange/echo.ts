/** An answer that repeats the token it was asked with, as debugging pages do: the words that people would read lose it. */
import type { Reply } from './transport.ts';

/** Shorter parts of a token could be any word. */
const telling = 16;

/** The same answer with `[token]` for the token and its parts; a text that has them broken by line ends is left out. */
export function withoutToken(reply: Reply, token: string): Reply {
  // The first part is the same in every token of the same key.
  const parts = [token, ...token.split('.').slice(1)].filter((part) => part.length >= telling);
  const clean = (text: string): string => {
    const masked = parts.reduce((rest, part) => rest.replaceAll(part, '[token]'), text);
    const joined = masked.replace(/\s+/g, '');
    return parts.some((part) => joined.includes(part))
      ? '(the answer repeats the token, and so is not shown)'
      : masked;
  };
  const { headers, body, warnings, status } = reply;
  const shown = (['location', 'content-encoding'] as const).filter((name) => headers[name] !== undefined);
  const cleanHeaders = Object.fromEntries(shown.map((name) => [name, clean(headers[name] ?? '')]));
  return {
    ...reply,
    // What is granted is a token itself, and is not shown.
    body: status === 201 ? body : clean(body),
    warnings: warnings.map(clean),
    headers: { ...headers, ...cleanHeaders },
  };
}
