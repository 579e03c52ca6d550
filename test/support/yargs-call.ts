/** A `get-token` command line as yargs reads it. */
import { callOf, getTokenCommand } from '../../src/cli/commands/get-token.ts';
import { run } from '../../src/cli/program.ts';
import type { Call } from '../../src/credential/arguments.ts';
import type { TestHost } from './host.ts';

/** @returns undefined for help. Throws what refuses the words. */
export async function callByYargs(host: TestHost, words: readonly string[]): Promise<Call | undefined> {
  let seen: Call | undefined;
  const command = {
    ...getTokenCommand,
    run: async (_host: unknown, argv: Parameters<typeof callOf>[0]) => {
      seen = callOf(argv);
    },
  };
  await run({ ...host, argv: ['get-token', ...words] }, [command]);
  return seen;
}
