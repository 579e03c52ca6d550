/**
 * The terminal: tables, structured output and the hidden prompt.
 * Rules: results go to standard output, talk to standard error; a line is lower-case without a full stop; a secret is never echoed.
 */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Host } from '../base/host.ts';
import { oneLine } from '../errors/error.ts';
import { interrupted, noTerminal } from '../errors/usage.ts';
import type { Arguments } from './command.ts';

/** Columns padded to their widest cell, three spaces apart, as kubectl prints. */
export function tableOf(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('');
}

/**
 * A result on standard output: JSON or YAML where `-o` asks for it, else lines for people.
 *
 * @param lines - makes these lines; they have their own ends
 */
export async function print(
  host: Host,
  { output }: Arguments,
  value: unknown,
  lines: () => string,
): Promise<void> {
  if (output === 'yaml') host.out((await import('./yaml.ts')).stringify(value));
  else host.out(output === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : lines());
}

/** A line for the person, beside the results. */
export function tell(host: Host, line: string): void {
  host.err(`${line}\n`);
}

/**
 * Asks for a secret; nothing that is typed appears.
 *
 * @throws SaTokenError `no-terminal` where there is none, `interrupted` on Ctrl-C or Ctrl-D
 */
export async function askHidden(host: Host, question: string): Promise<string> {
  if (!host.stdin.isTTY) throw noTerminal();
  return ask(host, question, () => undefined);
}

/** One line from the terminal. readline keeps the terminal's state and gives it back on close; it echoes into `echo`. */
function ask(host: Host, question: string, echo: (text: string) => void): Promise<string> {
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      echo(String(chunk));
      done();
    },
  });
  const lines = createInterface({ input: host.stdin, output, terminal: true, historySize: 0 });
  // Node itself gives the terminal back on SIGTERM, but not on SIGHUP.
  const release = host.holdSignals(() => lines.close());
  host.err(question);
  return new Promise<string>((resolve, reject) => {
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      host.err('\n');
      reject(interrupted());
    });
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
  }).finally(release);
}

/**
 * Asks a question that has "no" as its answer unless the person types "y" or "yes".
 *
 * @returns undefined where there is no terminal
 * @throws SaTokenError `interrupted` on Ctrl-C or Ctrl-D
 */
export async function confirm(host: Host, question: string): Promise<boolean | undefined> {
  if (!host.stdin.isTTY) return undefined;
  const answer = await ask(host, `${question} [y/N] `, (text) => host.err(text));
  return /^\s*y(?:es)?\s*$/i.test(answer);
}

/** All of standard input, for commands that say so. At most 128 KiB. */
export async function readInput(host: Host): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of host.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > 128 * 1024) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A list is a line for each item. What has no value, and an empty list, is left out. */
export type Fields = readonly (readonly [string, string | readonly string[] | undefined])[];

/**
 * Lines with aligned values. Names and values may be of a token that nobody verified, or of a server: each is made one
 * line that a terminal prints as it is, so that none can forge another.
 */
export function fieldLines(fields: Fields, indent = ''): string {
  const shown = fields
    .map(([name, value]) => ({
      name: oneLine(name),
      lines: [value ?? []].flat().map((line) => oneLine(line)),
    }))
    .filter(({ lines }) => lines.length > 0);
  const width = Math.max(...shown.map(({ name }) => name.length)) + 3;
  return shown
    .flatMap(({ name, lines }) => lines.map((line, at) => (at === 0 ? name : '').padEnd(width) + line))
    .map((line) => `${(indent + line).trimEnd()}\n`)
    .join('');
}
