/** All commands, in the order of the help. */
import type { Command } from './command.ts';
import { completionCommand } from './commands/completion.ts';
import { doctorCommand } from './commands/doctor.ts';
import { getTokenCommand } from './commands/get-token.ts';
import { inspectCommand } from './commands/inspect.ts';
import { kubeconfigCommand } from './commands/kubeconfig.ts';
import { listCommand } from './commands/list.ts';
import { loginCommand } from './commands/login.ts';
import { logoutCommand } from './commands/logout.ts';
import { manifestCommand } from './commands/manifest/manifest.ts';
import { reviewCommand } from './commands/review.ts';
import { versionCommand } from './commands/version.ts';
import { whoamiCommand } from './commands/whoami.ts';

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
