/** All commands, in the order of the help. */
import type { Command } from './command.ts';
import { completionCommand } from './completion.ts';
import { getTokenCommand } from './get-token.ts';
import { kubeconfigCommand } from './kubeconfig.ts';
import { listCommand } from './list.ts';
import { loginCommand } from './login.ts';
import { logoutCommand } from './logout.ts';
import { manifestCommand } from './manifest.ts';
import { versionCommand } from './version.ts';

export const commands: readonly Command[] = [
  loginCommand,
  getTokenCommand,
  listCommand,
  logoutCommand,
  kubeconfigCommand,
  manifestCommand,
  completionCommand,
  versionCommand,
];
