/** All commands, in the order of the help. */
import type { Command } from './command.ts';
import { completionCommand } from './completion.ts';
import { doctorCommand } from './doctor.ts';
import { getTokenCommand } from './get-token.ts';
import { inspectCommand } from './inspect.ts';
import { kubeconfigCommand } from './kubeconfig.ts';
import { listCommand } from './list.ts';
import { loginCommand } from './login.ts';
import { logoutCommand } from './logout.ts';
import { manifestCommand } from './manifest.ts';
import { reviewCommand } from './review.ts';
import { versionCommand } from './version.ts';
import { whoamiCommand } from './whoami.ts';

export const commands: readonly Command[] = [
  loginCommand,
  getTokenCommand,
  listCommand,
  logoutCommand,
  kubeconfigCommand,
  inspectCommand,
  reviewCommand,
  whoamiCommand,
  doctorCommand,
  manifestCommand,
  completionCommand,
  versionCommand,
];
