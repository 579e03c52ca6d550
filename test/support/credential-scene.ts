/** The hook in this process: a server, and a home with one profile whose source token lies in a file. */
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { getToken } from '../../src/credential/get-token.ts';
import { callByYargs } from './yargs-call.ts';
import { readCall } from '../../src/credential/arguments.ts';
import { entryFile } from '../../src/cache/folder.ts';
import type { Host } from '../../src/base/host.ts';
import { createHost, put, withParts, type TestHost } from './host.ts';
import { withRobot, type Scene as Robot } from './robot.ts';
import type { ServerOptions } from './token-request-server.ts';

export interface Scene extends Robot {
  host: TestHost;
  /** Writes the profile file; it is then newer than every entry. */
  writeProfile: (more?: string) => void;
  /** Runs `get-token` with these words. */
  hook: (words?: string[], parts?: Partial<Host>) => Promise<Answer>;
}

export interface Answer {
  kind: string;
  apiVersion: string;
  status: { token: string; expirationTimestamp: string };
}

export const profilePath = '.kube/sa-token.yaml';

export async function setScene(t: ExecutionContext, options?: ServerOptions): Promise<Scene> {
  const robot = await withRobot(t, options);
  const host = createHost(t);
  put(host, 'ca.crt', robot.server.caPem);
  put(host, 'token', robot.robot.token);
  let edits = 0;
  const writeProfile = (more = ''): void => {
    const file = put(
      host,
      profilePath,
      `profiles:
  prod:
    server: ${robot.server.url}
    certificate-authority: ~/ca.crt
    source-file: ~/token
    timeout: 20
${more}`,
    );
    // Each edit is newer than the one before, and older than what comes after it.
    edits += 1;
    const then = Date.now() / 1000 - 60 + edits;
    utimesSync(file, then, then);
  };
  writeProfile();
  const hook: Scene['hook'] = async (words = ['prod'], parts = {}) => {
    const call = readCall(words) ?? (await callByYargs(host, words));
    if (call === undefined) throw new Error(`help: ${words.join(' ')}`);
    const answer: Answer = JSON.parse(await getToken(withParts(host, parts), call));
    return answer;
  };
  return { ...robot, host, writeProfile, hook };
}

/** The entry as if it had been issued `seconds` ago for an hour. */
export function age({ host }: Scene, seconds: number, name = 'prod'): void {
  const file = entryFile(host, name);
  const [first = '', ...rest] = readFileSync(file, 'utf8').split('\n');
  const issued = Math.floor(Date.now() / 1000) - seconds;
  const head = first.replace(/^v2 \d+ \d+/, `v2 ${issued + 2880} ${issued + 3600}`);
  writeFileSync(file, [head, ...rest].join('\n'));
}

/** As an edit that changes nothing, dated before what comes next. */
export function touchProfile({ host }: Scene): void {
  const now = Date.now() / 1000;
  utimesSync(join(host.home, profilePath), now - 10, now - 10);
}

/** As if the token had been issued so long ago that a client which comes back may force an exchange. */
export function hasServed({ host }: Scene, name = 'prod'): void {
  const file = entryFile(host, name, 'retry');
  if (existsSync(file))
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"since":[\d.]+/, '"since":1'));
}
