/** `completion`: scripts for shells, the installation for `kubectl sa-token <TAB>`, and the `__complete` that all of them call. */
import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../../base/config-file.ts';
import { findOnPath, pluginName } from '../../base/find-program.ts';
import type { Host } from '../../base/host.ts';
import { noPlugin, unwritableFile } from '../../errors/usage.ts';
import type { Command } from '../command.ts';
import { kubectlCompletion, scripts } from '../completion-scripts.ts';

export const completionCommand: Command = {
  usage: 'completion <WHAT>',
  summary: 'Print shell completion (bash, zsh, fish, powershell), or install it for "kubectl sa-token"',
  options: {},
  words: [...Object.keys(scripts), 'install'],
  examples: [
    ['$0 completion install', 'for "kubectl sa-token <TAB>": kubectl_complete-sa_token beside the plugin'],
    ['source <(kubectl sa-token completion bash)', 'for "kubectl-sa_token <TAB>"'],
  ],
  run: async (host, argv) => {
    const script = scripts[String(argv['WHAT'])];
    if (script === undefined) install(host);
    else host.out(script);
  },
};

/**
 * kubectl looks for this very name on PATH (kubernetes/kubectl pkg/cmd/plugin/plugin_completion.go); krew links one
 * file only.
 */
function install(host: Host): void {
  const plugin = findOnPath(host, pluginName);
  if (plugin === undefined) throw noPlugin(pluginName);
  const file = join(dirname(plugin), 'kubectl_complete-sa_token');
  try {
    replaceFile(file, kubectlCompletion, 0o755);
    chmodSync(file, 0o755);
  } catch (error) {
    throw unwritableFile(file, error);
  }
  host.out(
    `${file} is in place: "kubectl sa-token <TAB>" completes where kubectl's own completion is set up\n`,
  );
}
