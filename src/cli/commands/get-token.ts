/** `get-token` as yargs knows it: its help, and the words for what the strict reader did not take. */
import { getToken } from '../../credential/get-token.ts';
import { outputs } from '../../exec/credential.ts';
import type { Arguments, Command } from '../command.ts';
import { flagsOf, outputOption, profileOf, settingOptions } from '../options.ts';
import type { Call } from '../../credential/arguments.ts';

export const getTokenCommand: Command = {
  usage: 'get-token [PROFILE]',
  summary: 'Print a credential for kubectl (the exec hook), or the issued token itself',
  options: {
    ...outputOption(outputs),
    'force-refresh': { type: 'boolean', describe: 'Exchange even when a fresh token is cached' },
    ...settingOptions(),
  },
  examples: [
    ['$0 get-token prod', 'ExecCredential for the profile "prod"'],
    ['curl -H "$($0 get-token prod -o header)" https://HOST/…', 'call a service with the issued token'],
    ['$0 get-token --server https://HOST/kubernetes --source-env CI_TOKEN', 'without a profile, in CI'],
  ],
  run: async (host, argv) => {
    host.out(await getToken(host, callOf(argv)));
  },
};

/** The same value that the strict reader gives. */
export function callOf(argv: Arguments): Call {
  return {
    profile: profileOf(argv),
    flags: flagsOf(argv),
    output: outputs.find((format) => format === argv['output']) ?? 'exec-credential',
    forceRefresh: argv['force-refresh'] === true,
  };
}
