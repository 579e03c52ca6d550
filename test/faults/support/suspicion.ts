/** Tokens of a run, and the places they were found in that they have no business in. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findSecret } from '../../support/secret-scan.ts';
import type { Signer } from '../../support/api-server/tokens.ts';

interface Looked {
  what: string;
  args: string[];
  result: { stdout: string; stderr: string };
  /** Of strace. */
  log: string;
  roots: string[];
}

export class Suspicion {
  readonly found: string[] = [];
  readonly files = new Set<string>();
  /** Where tokens were met that belong there; else nothing would have been looked at. */
  readonly seen = { steps: 0, processes: 0, writes: 0, bytes: 0, answers: 0, entries: 0 };
  readonly #looked = new Set<string>();
  readonly #sources: string[];
  /** Of what the server gave, also of what nobody was shown. */
  readonly #issued = new Set<string>();

  constructor(signer: Signer, sources: string[]) {
    this.#sources = sources;
    const sign = signer.sign.bind(signer);
    signer.sign = async (claims) => {
      const token = await sign(claims);
      this.#issued.add(token);
      return token;
    };
  }

  async search({ what, args, result, log, roots }: Looked): Promise<void> {
    this.seen.steps += 1;
    this.seen.processes += log.match(/^\d+ +execve\(/gm)?.length ?? 0;
    this.seen.writes += log.match(/^\d+ +p?write/gm)?.length ?? 0;
    // A token that was given as a word is there as that word.
    // (The damaged one is the real one but for its end.)
    const given = this.#sources.filter((token) => args.includes(token));
    for (const token of [...this.#sources, ...this.#issued]) {
      const isSource = this.#sources.includes(token);
      const hidden: Record<string, string> = { stderr: result.stderr };
      if (result.stdout.includes(token) && !isSource && args[0] === 'get-token') this.seen.answers += 1;
      else hidden['stdout'] = result.stdout;
      for (const { where, form } of await findSecret(token, { texts: hidden }))
        this.#blame(what, `${kindOf(isSource)} on ${where} (${form})`);
      if (!isSource || given.length === 0) this.#searchLog(what, log, token, isSource);
    }
    for (const root of roots) await this.#searchFiles(what, root);
  }

  summary(): string {
    const { steps, processes, writes, bytes, answers, entries } = this.seen;
    return (
      `${steps} steps, ${this.#sources.length + this.#issued.size} tokens: looked at ${processes} command lines with ` +
      `their environments, ${writes} writes, ${this.files.size} files (${Math.round(bytes / 1024)} KiB read in all); ` +
      `met on stdout of get-token ${answers} times, in entries ${entries} times; elsewhere ${this.found.length} times`
    );
  }

  /** Started with it, or written to something that is neither the answer nor the draft of an entry. */
  #searchLog(what: string, log: string, token: string, isSource: boolean): void {
    const pieces = token.split('.').at(-1)?.match(/.{24}/g) ?? [];
    for (const line of log.split('\n')) {
      if (!pieces.some((piece) => line.includes(piece))) continue;
      // Also of a hook that a client library inside the product runs.
      const isHook = line.includes(', "{\\"kind\\":\\"ExecCredential\\"');
      const isAnswer = /^\d+ +write\(1</.test(line) && (isHook || what.startsWith('get-token'));
      const isEntry = /^\d+ +write\(\d+<[^>]*\.entry\.[0-9a-f]+\.tmp>/.test(line);
      if (isSource || !(isAnswer || isEntry))
        this.#blame(what, `${kindOf(isSource)} in ${line.slice(0, 80)}`);
    }
  }

  async #searchFiles(what: string, root: string): Promise<void> {
    for (const item of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (!item.isFile()) continue;
      const file = join(item.parentPath, item.name);
      const { mode, ino, size, mtimeNs } = await stat(file, { bigint: true });
      const stamp = `${file} ${ino} ${mtimeNs} ${size}`;
      // It was looked at, and no later token can be in it.
      if (this.#looked.has(stamp)) continue;
      this.#looked.add(stamp);
      this.files.add(file);
      this.seen.bytes += Number(size);
      const isEntry = file.endsWith('.entry') && (mode & 0o077n) === 0n;
      for (const token of [...this.#sources, ...this.#issued]) {
        const isSource = this.#sources.includes(token);
        const hits = await findSecret(token, { roots: [file] });
        if (hits.length > 0 && isEntry && !isSource) this.seen.entries += 1;
        else for (const { form } of hits) this.#blame(what, `${kindOf(isSource)} in ${item.name} (${form})`);
      }
    }
  }

  #blame(what: string, how: string): void {
    const words = this.#sources.reduce((text, token) => text.replaceAll(token, '[source token]'), what);
    this.found.push(`${words}: ${how}`);
  }
}

function kindOf(isSource: boolean): string {
  return isSource ? 'the source token' : 'an issued token';
}
