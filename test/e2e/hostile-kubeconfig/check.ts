/** What each kind of outcome means: for the plugin, for kubectl, for the two servers, and for all that is stored. */
import type { ExecutionContext } from 'ava';
import { basename } from 'node:path';
import { existsSync } from 'node:fs';
import type { RunResult } from '../../support/child.ts';
import { TOKEN_PATH, ROBOT } from '../../support/robot.ts';
import { findSecret } from '../../support/secret-scan.ts';
import { checkCredential, checkFailure } from '../support/outcome.ts';
import type { Case, Refused, Served } from './case.ts';
import { OTHER, type Ground, type Played, type Run } from './ground.ts';
import { changed } from './snapshot.ts';

export async function check(
  t: ExecutionContext,
  ground: Ground,
  { outcome }: Case,
  played: Played,
): Promise<void> {
  const { scene, attacker, other, canary } = ground;
  t.false(existsSync(canary), 'nothing of the attacker was run');
  for (const { token } of [scene.robot, other]) {
    const texts = {
      attacker: attacker.received(),
      kubectl: `${played.kubectl.stdout}${played.kubectl.stderr}`,
    };
    t.deepEqual(await findSecret(token, { texts }), [], 'the source token stays where it is');
  }
  t.true(played.runs.length > 0, 'kubectl ran the plugin');
  if ('served' in outcome) checkServed(t, ground, outcome, played);
  else if ('refused' in outcome) checkRefused(t, ground, outcome, played);
  else checkUntrusted(t, ground, outcome.untrusted, played);
}

function checkRefused(
  t: ExecutionContext,
  { scene, attacker }: Ground,
  { refused, code = 2, noted }: Refused,
  played: Played,
): void {
  t.is(attacker.connections, 0, 'the attacker hears nothing');
  t.deepEqual(targets(scene.server.requests), [], 'neither does the server of the profile');
  const stored = changed(played.before, played.after);
  const strange = noted ? stored.filter((path) => !(isEntry(path) && path.endsWith('.failed'))) : stored;
  t.deepEqual(strange, [], 'nothing is stored, changed or removed');
  for (const run of played.runs) {
    checkFailure(t, asResult(run), { code, line: /./ });
    for (const word of refused) t.true(run.stderr.includes(word), `${run.stderr} names ${word}`);
  }
  checkKubectlFailed(t, played, code);
}

function checkUntrusted(
  t: ExecutionContext,
  { scene, attacker }: Ground,
  profile: string,
  played: Played,
): void {
  t.deepEqual(
    attacker.requests.filter((request) => !request.startsWith('CONNECT ')),
    [],
    'nothing in a tunnel',
  );
  t.deepEqual(targets(scene.server.requests), []);
  checkStored(t, profile, played);
  for (const run of played.runs) checkFailure(t, asResult(run), { code: 5, line: /not trusted: its CA/ });
  checkKubectlFailed(t, played, 5);
}

/** kubectl gives the exit code on, after the plugin's own line. */
function checkKubectlFailed(t: ExecutionContext, { kubectl, runs }: Played, code: number): void {
  t.is(kubectl.code, 1);
  t.is(kubectl.stdout, '');
  t.true(kubectl.stderr.startsWith(runs[0]?.stderr ?? 'no run'));
  t.regex(kubectl.stderr, new RegExp(`failed with exit code ${code}\\b`));
}

function checkServed(
  t: ExecutionContext,
  { scene, attacker }: Ground,
  outcome: Served,
  played: Played,
): void {
  const { served, kubectl, verbose } = outcome;
  const [run, ...more] = played.runs;
  t.is(more.length, 0, 'one run');
  const stderr = run?.stderr ?? '';
  if (verbose) t.regex(stderr, /exchange: POST/);
  const { token } = checkCredential(t, asResult({ ...run, ...(verbose ? { stderr: '' } : {}) }));
  checkExchange(t, scene.server.requests, served === 'staging' ? OTHER : ROBOT);
  checkStored(t, served, played);
  const reads = scene.server.requests.filter(({ method }) => method === 'GET');
  const heard = attacker.requests.filter((request) => !request.startsWith('CONNECT '));
  if (kubectl === undefined) t.is(attacker.connections, 0, 'the attacker hears nothing');
  else t.deepEqual(targets(reads), [], 'the cluster entry takes kubectl elsewhere');
  if (kubectl === 'attacker') {
    t.is(heard.length, 1, 'kubectl alone comes to the attacker');
    t.regex(heard[0] ?? '', /^GET \/.*version$/);
  } else t.deepEqual(heard, []);
  if (kubectl === 'fails') {
    t.is(played.kubectl.code, 1);
    return;
  }
  t.is(played.kubectl.code, 0);
  t.is(played.kubectl.stderr, stderr);
  t.regex(played.kubectl.stdout, /"gitVersion"/);
  const last = scene.server.requests.at(-1);
  if (kubectl === undefined) t.is(last?.headers.authorization, `Bearer ${token}`);
}

/** One exchange, for what the profile says and nothing more. */
function checkExchange(
  t: ExecutionContext,
  requests: Ground['scene']['server']['requests'],
  { namespace, name }: { namespace: string; name: string },
): void {
  const posts = requests.filter(({ method }) => method === 'POST');
  const path = TOKEN_PATH.replace('team-a', namespace).replace('robot', name);
  t.deepEqual(
    posts.map((post) => [post.path, post.status]),
    [[`/kubernetes${path}`, 201]],
  );
  const { spec } = JSON.parse(posts[0]?.body ?? '{}');
  t.deepEqual([spec.audiences ?? [], spec.boundObjectRef?.kind], [[], 'Secret'], 'as the profile says');
  t.true((spec.expirationSeconds ?? 3600) <= 3600);
}

const isEntry = (path: string): boolean => path.includes('/.kube/cache/sa-token/');

/** What a row stored, changed or removed that no next row may find so. */
export function changedBesideEntries({ before, after }: Played): string[] {
  return changed(before, after).filter((path) => !isEntry(path));
}

/** The entry of the profile, and nothing else. */
function checkStored(t: ExecutionContext, profile: string, { before, after }: Played): void {
  const own = (path: string): boolean => isEntry(path) && basename(path).startsWith(`${profile}.`);
  const others = changed(before, after).filter((path) => !own(path));
  t.deepEqual(others, [], 'nothing is stored, changed or removed but the entry');
}

/** Without tokens, for messages. */
const targets = (requests: Ground['scene']['server']['requests']): string[] =>
  requests.map(({ method, path }) => `${method} ${path}`);

function asResult(run: Partial<Run>): RunResult {
  return { code: -1, stdout: '', stderr: '', ...run, signal: null, timedOut: false, durationMs: 0 };
}
