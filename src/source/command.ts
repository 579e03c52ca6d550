/** A source token that another program prints: pass, op, vault, gopass, a script. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemCode } from '../errors/error.ts';
import { sourceCommandFailed } from '../errors/machine.ts';
import type { Host } from '../base/host.ts';
import { cleanToken, sourcePatience, type Source } from './source.ts';

/** What is read of a command that has ended, milliseconds. */
const afterwards = 500;
const largest = 128 * 1024;

/**
 * @param command - a text for the shell, or words that are run as they are
 * @param patience - how long it may take, in milliseconds
 */
export function commandSource(
  host: Host,
  command: string | readonly string[],
  patience: number = sourcePatience,
): Source {
  return {
    place: 'source-command',
    read: async () => cleanToken(await run(host, command, patience), 'the output of source-command'),
  };
}

/**
 * Its stderr is the person's own (a prompt may be written there); its stdout is the token and is never shown. A stderr that
 * is a pipe is not handed down: what outlives this call would hold it, and its reader wait.
 */
async function run(host: Host, command: string | readonly string[], patience: number): Promise<string> {
  const shell = typeof command === 'string';
  const [program = '', ...words] = shell ? [command] : command;
  const child = spawn(program, words, {
    // /bin/sh, or cmd.exe with the text as it stands between its own quotes.
    shell,
    // It is not called as a hook, whatever called us.
    env: { ...host.env, KUBERNETES_EXEC_INFO: undefined },
    stdio: ['ignore', 'pipe', host.errIsTerminal() ? 'inherit' : 'pipe'],
    timeout: patience,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    try {
      host.err(text);
    } catch {
      // Nobody reads it.
    }
  });
  let [output, whyKilled] = ['', `did not end within ${patience / 1000} s`];
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    if (output.length <= largest) return;
    whyKilled = 'printed more than a token';
    child.kill('SIGKILL');
  });
  // What a shell started may outlive it and hold the pipes; what was printed has been read long before.
  child.on('exit', () => {
    setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, afterwards).unref();
  });
  // A call that goes on without it, since it has a token that lives.
  const released = host.onExit(() => child.kill('SIGKILL'));
  const [code, signal] = await once(child, 'close').catch((error: unknown) => {
    const why = systemCode(error) === 'ENOENT' && !shell ? `: ${program} is not there` : '';
    throw sourceCommandFailed(`could not be started${why}`, error);
  });
  released();
  if (child.killed) throw sourceCommandFailed(whyKilled);
  if (signal !== null) throw sourceCommandFailed(`was ended by ${String(signal)}`);
  if (code !== 0) throw sourceCommandFailed(`ended with exit code ${String(code)}`);
  return output;
}
