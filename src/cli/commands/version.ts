/** `version`. */
import { version } from '../../base/host.ts';
import type { Command } from '../command.ts';
import { outputOption } from '../options.ts';
import { print } from '../terminal.ts';

export const versionCommand: Command = {
  usage: 'version',
  summary: 'Print the version',
  options: outputOption(),
  examples: [['$0 version', 'v0.1.0']],
  run: async (host, argv) => {
    const value = { version: `v${version}`, node: host.node, platform: `${host.platform}/${host.arch}` };
    await print(host, argv, value, () => `kubectl-sa-token v${version}\n`);
  },
};
