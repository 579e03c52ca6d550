/** `version`. */
import { version } from '../../base/host.ts';
import type { Command } from '../command.ts';
import { formatOf, outputOption, structured } from '../options.ts';
import { print } from '../terminal.ts';

export const versionCommand: Command = {
  usage: 'version',
  summary: 'Print the version',
  options: outputOption,
  values: { output: structured },
  examples: [['$0 version', 'v0.1.0']],
  run: async (host, argv) => {
    const format = formatOf(argv, 'version');
    const platform = `${host.platform}/${host.arch}`;
    if (format === undefined) host.out(`kubectl-sa-token v${version}\n`);
    else await print(host, format, { version: `v${version}`, node: host.node, platform });
  },
};
