/** `completion`: scripts for shells, the installation for `kubectl sa-token <TAB>`, and the `__complete` that all of them call. */
import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../../base/config-file.ts';
import { findOnPath, pluginName } from '../../base/find-program.ts';
import type { Host } from '../../base/host.ts';
import { badUsage, noPlugin, unwritableFile } from '../../errors/usage.ts';
import { resolvePath } from '../../settings/paths.ts';
import type { Command } from '../command.ts';
import { kubectlCompletion, scripts } from '../completion-scripts.ts';
import { textOf } from '../options.ts';
import { tell } from '../terminal.ts';

const words = [...Object.keys(scripts), 'install'];

export const completionCommand: Command = {
  usage: 'completion <WHAT>',
  summary: 'Print shell completion (bash, zsh, fish, powershell), or install it for "kubectl sa-token"',
  options: {
    folder: { type: 'string', requiresArg: true, describe: 'With install: the folder on PATH to write to' },
  },
  values: { '': words },
  examples: [
    ['$0 completion install', 'for "kubectl sa-token <TAB>": kubectl_complete-sa_token beside the plugin'],
    ['source <(kubectl sa-token completion bash)', 'for "kubectl-sa_token <TAB>"'],
  ],
  run: async (host, argv) => {
    const what = String(argv['WHAT']);
    if (what === 'install') return install(host, textOf(argv, 'folder'));
    const script = scripts[what];
    if (script === undefined) throw badUsage(`completion knows ${words.join(', ')}`, 'completion');
    host.out(script);
  },
};

/**
 * kubectl looks for this very name on PATH (kubernetes/kubectl pkg/cmd/plugin/plugin_completion.go); krew links one
 * file only.
 */
function install(host: Host, folder: string | undefined): void {
  const plugin = findOnPath(host, pluginName);
  if (folder === undefined && plugin === undefined) throw noPlugin(pluginName);
  const into = folder === undefined ? dirname(plugin ?? '') : resolvePath(folder, host.cwd, host.home);
  const file = join(into, 'kubectl_complete-sa_token');
  try {
    replaceFile(file, kubectlCompletion, 0o755);
    chmodSync(file, 0o755);
  } catch (error) {
    throw unwritableFile(file, error);
  }
  host.out(
    `${file} is in place: "kubectl sa-token <TAB>" completes where kubectl's own completion is set up\n`,
  );
  if (findOnPath(host, 'kubectl_complete-sa_token') === undefined)
    tell(host, `warning: ${into} is not on PATH`);
}
