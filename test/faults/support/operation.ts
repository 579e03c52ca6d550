/** One operation of the product, broken off at each of its system calls in turn. */
import type { ExecutionContext } from 'ava';
import type { RunResult } from '../../support/child.ts';
import { findSecret } from '../../support/secret-scan.ts';
import { allGone } from '../../e2e/support/processes.ts';
import { setScene, type HookOptions, type Scene, type SceneOptions } from '../../e2e/support/scene.ts';
import { useBundle } from './bundle.ts';
import { damage, drafts, locks, look, restore, save, type State } from './state.ts';
import { isSame, nameOf, trace, type Effect, type SystemCall, type Traced } from './strace.ts';
import { Tally } from './tally.ts';

export interface Operation {
  name: string;
  args: (scene: Scene) => string[];
  options?: HookOptions;
  scene?: SceneOptions;
  /** Of the run that nothing disturbs. */
  exitCode?: number;
  /** What there is before; its `.kube` is put back before each run. */
  prepare: (scene: Scene) => Promise<void>;
  /** What else is put back. */
  reset?: (scene: Scene) => Promise<void>;
  /** More to find wrong after the fault. */
  check?: (scene: Scene, result: RunResult) => Promise<string[]>;
  /** What a person does next; it has to succeed. */
  next: (scene: Scene) => Promise<RunResult>;
  /** Where the next run ends: with the files of the undisturbed run. */
  completes: boolean;
  /** What at last removes the locks and drafts of dead processes. */
  sweep: (scene: Scene) => Promise<RunResult>;
}

interface Bench extends Operation {
  home: Scene;
  before: State;
  after: State;
  usualMs: number;
  /** By how much the numbers of `openat` differed the last time from those of the undisturbed run. */
  shift: number;
}

/** A lock whose holder died may cost this much over the usual time. */
const HELD_UP_MS = 1500;

/** Tries them all; the table of what was tried. Nothing may be lost. */
export async function breakOff(t: ExecutionContext, operation: Operation): Promise<void> {
  const home = await setScene(t, operation.scene);
  await useBundle(home);
  await operation.prepare(home);
  await save(home);
  const before = await look(home.home);
  await operation.reset?.(home);
  const { result, calls } = await trace(home, operation.args(home), operation.options);
  t.is(result.code, operation.exitCode ?? 0, result.stderr);
  await allGone(home.home, 10_000);
  const bench = {
    ...operation,
    home,
    before,
    after: await look(home.home),
    usualMs: result.durationMs,
    shift: 0,
  };
  const tally = new Tally();
  for (const call of calls) {
    for (const effect of effectsOf(call)) await tryOne(bench, call, effect, tally);
  }
  t.log(`${operation.name}\n${tally.table()}`);
  t.true(tally.killed + tally.failed > 4 * tally.missed, 'nearly all were met');
  t.deepEqual(tally.lost, []);
}

function effectsOf({ name, changes }: SystemCall): Effect[] {
  if (!changes) return ['EIO'];
  if (/^(?:openat|open|creat)$/.test(name)) return ['KILL', 'ENOSPC', 'EACCES'];
  if (/write/.test(name)) return ['KILL', 'ENOSPC', 'EIO'];
  return ['KILL', name === 'fsync' ? 'EIO' : 'EACCES'];
}

/** V8 opens some files of its own at times, so that the numbers of the calls after them differ. */
const SHIFTS = [0, -1, 1, -2, 2, -3, 3, -4, 4];

/** Until it hits; and again when it was held up, since that may have been the machine. */
async function tryOne(bench: Bench, call: SystemCall, effect: Effect, tally: Tally): Promise<void> {
  const shifts = [...new Set([bench.shift, ...SHIFTS]), bench.shift];
  let lost: string[] | undefined;
  let heldUp = 0;
  for (let shift = shifts.shift(); shift !== undefined; shift = shifts.shift()) {
    const inject = { call: { ...call, when: Math.max(1, call.when + shift) }, effect };
    const traced = await afresh(bench, inject);
    if (!isSame(traced.hit, call)) continue;
    if (call.path.includes('*') && call.name === 'openat') bench.shift = shift;
    lost = await judge(bench, traced, effect, tally);
    if (lost.length === 0 || !lost.every((each) => each.startsWith('held up'))) break;
    bench.usualMs = Math.max(bench.usualMs, (await afresh(bench)).result.durationMs);
    heldUp += 1;
    if (heldUp === 3) break;
    shifts.unshift(shift);
  }
  if (lost === undefined) return tally.miss(call);
  tally.add(
    call,
    effect,
    lost.map((each) => `${effect} at ${nameOf(call)}: ${each}`),
  );
}

/** A run from the state before, to its very end. */
async function afresh(bench: Bench, inject?: { call: SystemCall; effect: Effect }): Promise<Traced> {
  const { home: scene } = bench;
  await restore(scene);
  await bench.reset?.(scene);
  const traced = await trace(scene, bench.args(scene), bench.options, inject);
  await allGone(scene.home, 10_000);
  return traced;
}

async function judge(bench: Bench, { result }: Traced, effect: Effect, tally: Tally): Promise<string[]> {
  const { home: scene, before, after } = bench;
  const lost = [...(await streams(bench, result, effect)), ...((await bench.check?.(scene, result)) ?? [])];
  const broken = await look(scene.home);
  lost.push(...damage(broken, before, after));
  const next = await bench.next(scene);
  if (next.code !== 0) lost.push(`the next run fails with ${next.code}: ${next.stderr}`);
  if (next.durationMs > HELD_UP_MS + 3 * bench.usualMs)
    lost.push(`held up: the next run took ${Math.round(next.durationMs)} ms`);
  await allGone(scene.home, 10_000);
  const mended = await look(scene.home);
  lost.push(...damage(mended, bench.completes ? after : before, after));
  return [...lost, ...(await sweep(bench, mended, tally))];
}

/** Nothing waits for a dead process's lock, so one may lie there until the next that needs it. */
async function sweep(bench: Bench, mended: State, tally: Tally): Promise<string[]> {
  if (drafts(mended).length + locks(mended).length === 0) return [];
  const { code, stderr, durationMs } = await bench.sweep(bench.home);
  const swept = await look(bench.home.home);
  tally.drafts(drafts(mended), drafts(swept));
  const lost = locks(swept).map((path) => `not removed: ${path}`);
  if (code !== 0) lost.push(`the run that sweeps up fails with ${code}: ${stderr}`);
  if (durationMs > HELD_UP_MS + 3 * bench.usualMs) lost.push(`held up for ${Math.round(durationMs)} ms`);
  return lost;
}

/** A whole answer or none; one line for a failure; never a token. */
async function streams(bench: Bench, result: RunResult, effect: Effect): Promise<string[]> {
  const { code, signal, stdout, stderr } = result;
  const found: string[] = [];
  if (effect === 'KILL' && signal !== 'SIGKILL') found.push(`it ended with ${code} when it was killed`);
  if (effect !== 'KILL' && code !== 0) {
    if (stdout !== '') found.push('a failure, and words on stdout');
    if (!/^kubectl-sa-token: [^\n]+\n$/.test(stderr)) found.push(`not one line: ${stderr}`);
    if (code === null || code === 1) found.push(`exit code ${code}: ${stderr}`);
  }
  if (signal === 'SIGKILL' && stdout !== '' && !stdout.endsWith('\n')) found.push('half an answer');
  if (/eyJ[\w-]{8}/.test(stderr)) found.push('a token on stderr');
  const hits = await findSecret(bench.home.robot.token, { texts: { stdout, stderr } });
  if (hits.length > 0) found.push('the source token is printed');
  return found;
}
