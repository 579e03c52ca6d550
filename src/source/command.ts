/** A source token that another program prints: pass, op, vault, gopass, a script. */
import { spawn } from 'node:child_process';
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
function run(host: Host, command: string | readonly string[], patience: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const [program = '', ...words] = typeof command === 'string' ? shell(host, command) : command;
    const child = spawn(program, words, {
      // It is not called as a hook, whatever called us.
      env: { ...host.env, KUBERNETES_EXEC_INFO: undefined },
      stdio: ['ignore', 'pipe', host.errIsTerminal() ? 'inherit' : 'pipe'],
      windowsHide: true,
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      try {
        host.err(text);
      } catch {
        // Nobody reads it.
      }
    });
    // A call that goes on without it, since it has a token that lives.
    const released = host.onExit(() => child.kill('SIGKILL'));
    // What a shell started may outlive it and hold the pipes: they are let go, not waited for.
    const letGo = (): void => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    const giveUp = (what: string): void => {
      child.kill('SIGKILL');
      letGo();
      reject(sourceCommandFailed(what));
    };
    const timer = setTimeout(() => giveUp(`did not end within ${patience / 1000} s`), patience);
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.length > largest) giveUp('printed more than a token');
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      const why = systemCode(error) === 'ENOENT' ? `: ${program} is not there` : '';
      reject(sourceCommandFailed(`could not be started${why}`, error));
    });
    // A child of its own that it left behind may hold the pipe; what was printed has been read long before.
    child.on('exit', () => {
      released();
      setTimeout(letGo, afterwards).unref();
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal !== null) reject(sourceCommandFailed(`was ended by ${signal}`));
      else if (code !== 0) reject(sourceCommandFailed(`ended with exit code ${code ?? 'unknown'}`));
      else resolve(output);
    });
  });
}

function shell(host: Host, command: string): string[] {
  return host.platform === 'win32' ? ['cmd.exe', '/d', '/s', '/c', command] : ['/bin/sh', '-c', command];
}
