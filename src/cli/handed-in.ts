/** A token from standard input, for commands that look at any token and not only at a profile's. */
import type { Options } from 'yargs';
import { badToken, badUsage } from '../failures/usage.ts';
import type { Host } from '../host.ts';
import { cleanToken } from '../source/source.ts';
import type { Arguments } from './command.ts';
import { readInput } from './terminal.ts';

export const tokenStdinOption: Record<string, Options> = {
  'token-stdin': { type: 'boolean', describe: 'Look at a token from standard input instead' },
};

/**
 * @returns undefined when it was not asked for
 * @throws SaTokenError `bad-usage` beside a profile, `bad-token`
 */
export async function readHandedIn(
  host: Host,
  argv: Arguments,
  command: string,
): Promise<string | undefined> {
  if (argv['token-stdin'] !== true) return undefined;
  if (argv['PROFILE'] !== undefined) throw badUsage('--token-stdin takes no profile', command);
  const token = cleanToken(await readInput(host), 'standard input');
  if (token === undefined) throw badToken('standard input', 'is empty');
  return token;
}
