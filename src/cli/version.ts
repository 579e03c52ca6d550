/** `version`. */
import { version } from '../version.ts';
import type { Command } from './command.ts';
import { print } from './terminal.ts';

export const versionCommand: Command = {
  usage: 'version',
  summary: 'Print the version',
  options: { output: { alias: 'o', choices: ['json', 'yaml'], describe: 'Format' } },
  values: { output: ['json', 'yaml'] },
  examples: [['$0 version', 'v0.1.0']],
  run: async (host, argv) => {
    if (argv['output'] === undefined) host.out(`kubectl-sa-token v${version}\n`);
    else
      await print(host, argv['output'], {
        version: `v${version}`,
        node: host.node,
        platform: `${host.platform}/${host.arch}`,
      });
  },
};
