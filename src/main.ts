/** Picks the lane: plain `get-token` calls go straight to the hook, everything else through yargs. */
import { talkative, type Host } from './base/host.ts';
import { readCall, readHookCall } from './credential/arguments.ts';
import { getToken, RepeatedFailure } from './credential/get-token.ts';
import { exit } from './errors/codes.ts';
import { codeOf, describe, exitCodeOf, systemCode } from './errors/error.ts';
import { talkativeNode } from './errors/machine.ts';
import { isHook } from './exec/info.ts';

export const program = 'kubectl-sa-token';

/** Runs the command in `host.argv` and ends the process: a failure is one line on standard error and the exit code. */
export async function main(host: Host): Promise<void> {
  try {
    if (talkative.some((name) => host.env[name])) throw talkativeNode(talkative);
    // In an exec hook nothing else runs, whatever the kubeconfig's args say.
    const call = isHook(host)
      ? readHookCall(host.argv)
      : host.argv[0] === 'get-token'
        ? readCall(host.argv.slice(1))
        : undefined;
    // Not through yargs: the words to complete are unfinished flags.
    if (call === undefined && host.argv[0] === '__complete')
      await (await import('./cli/complete.ts')).completeWords(host, host.argv.slice(1));
    else if (call === undefined) await (await import('./cli/program.ts')).run(host);
    else {
      // Where a promise is never settled Node ends without us, and not with 0: an empty answer would be taken for one.
      host.setExitCode(exit.unexpected);
      host.out(await getToken(host, call));
      host.setExitCode(0);
    }
  } catch (error) {
    fail(host, error);
  }
  // At once: nothing that still waits (a keychain that hangs, an idle socket) may hold kubectl.
  host.exit();
}

function fail(host: Host, error: unknown): void {
  if (error instanceof RepeatedFailure) {
    host.setExitCode(error.exitCode);
    return;
  }
  host.setExitCode(exitCodeOf(error));
  // Whoever read us has gone, as "| head" does: nothing is wrong, and nobody is there to be told.
  if (systemCode(error) === 'EPIPE') return;
  try {
    host.err(`${program}: ${describe(error)}\n`);
    host.trace(`code: ${codeOf(error) ?? 'unexpected'}`);
  } catch {
    // Nobody reads standard error; the exit code still tells.
  }
}
