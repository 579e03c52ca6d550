/** Where a source token is read. "There is none" is an answer, not a failure. */
import { badToken } from '../errors/usage.ts';
import type { Settings } from '../settings/table.ts';

declare const brand: unique symbol;
/**
 * A source token. The exchange and the keychain take this type alone, so that no other text is sent or stored in its place,
 * and a reader of the types sees where one goes. `cleanToken` alone makes one.
 */
export type SourceToken = string & { readonly [brand]: 'source token' };

export interface Source {
  /** The token, or undefined when there is none. Throws when the place itself fails. */
  read(): Promise<SourceToken | undefined>;
  /** The place for messages, without the token: `keychain`, `file ~/token`, … */
  readonly place: string;
}

/** Which kind of source the settings name. */
export function sourceKind(settings: Settings): 'keychain' | 'file' | 'command' | 'env' {
  if (settings.sourceFile !== undefined) return 'file';
  if (settings.sourceCommand !== undefined) return 'command';
  return settings.sourceEnv === undefined ? 'keychain' : 'env';
}

/** A keychain or a password manager may ask the person something; what takes longer has hung. Milliseconds. */
export const sourcePatience = 60_000;

/** True where a person may be asked first, and may take their time. */
export function mayAsk(settings: Settings): boolean {
  const kind = sourceKind(settings);
  return kind === 'keychain' || kind === 'command';
}

/** A JWT in base64, as `.data.token` of a Secret has it, in one line or in many. */
function isEncoded(text: string): boolean {
  const word = text.replace(/\s+/g, '');
  if (!/^ZXlK[A-Za-z0-9+/]+={0,2}$/.test(word)) return false;
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]+\s*$/.test(Buffer.from(word, 'base64').toString('latin1'));
}

/** Largest token taken, in bytes: HTTP servers refuse longer header lines. */
const largest = 64 * 1024;

/**
 * The token in a text that a person, a file or a command gave.
 *
 * @returns undefined when the text is blank
 * @throws SaTokenError `bad-token` when it is no single word of printable ASCII, or base64 of a token
 */
export function cleanToken(text: string, where: string): SourceToken | undefined {
  const token = text.replace(/^\ufeff/, '').trim();
  if (token === '') return undefined;
  if (token.length > largest) throw badToken(where, `has ${token.length} characters, which no server takes`);
  if (isEncoded(token)) throw badToken(where, 'is base64 of a token', 'decode it first (base64 -d)');
  if (/\s/.test(token)) throw badToken(where, 'holds more than one word or line');
  if (/^(["'`]).*\1$/.test(token)) throw badToken(where, 'is in quotes');
  if (!/^[\x21-\x7e]+$/.test(token)) throw badToken(where, 'has characters that no token has');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that gives a text this type.
  return token as SourceToken;
}
