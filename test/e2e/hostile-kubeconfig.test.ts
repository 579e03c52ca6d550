/**
 * Hostile kubeconfigs through kubectl. A kubeconfig names a profile and nothing else: what else it says is refused, or not
 * looked at where it is kubectl's own affair. Beside them the kubeconfigs that have to go on working.
 */
import test, { type ExecutionContext } from 'ava';
import { commands } from '../../src/cli/command-list.ts';
import { flagOf, settingNames, variableOf } from '../../src/settings/table.ts';
import { oldestAndNewest, type Kubectl } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { args } from './hostile-kubeconfig/args.ts';
import { benign } from './hostile-kubeconfig/benign.ts';
import type { Case } from './hostile-kubeconfig/case.ts';
import { changedBesideEntries, check } from './hostile-kubeconfig/check.ts';
import { data } from './hostile-kubeconfig/data.ts';
import { env } from './hostile-kubeconfig/env.ts';
import { prepareGround, type Ground } from './hostile-kubeconfig/ground.ts';

const withAll = testWith('secret-service', 'kubectl', 'sh');

interface Lane {
  ground?: Ground | undefined;
  /** Settles when the last row that was given to this lane is over. */
  last: Promise<unknown>;
}

/** Two rows at a time, each on a ground that rows share as long as none does harm to it. */
const lanes: [Lane, Lane] = [{ last: Promise.resolve() }, { last: Promise.resolve() }];
let rows = 0;

async function playRow(t: ExecutionContext, row: Case, build: Kubectl): Promise<void> {
  const lane = lanes[rows % 2 === 0 ? 0 : 1];
  rows += 1;
  const played = playAfter(lane.last, lane, t, row, build);
  lane.last = played.catch(() => undefined);
  await played;
}

async function playAfter(
  last: Promise<unknown>,
  lane: Lane,
  t: ExecutionContext,
  row: Case,
  build: Kubectl,
): Promise<void> {
  await last;
  const ground = (lane.ground ??= await prepareGround());
  const played = await ground.play(row, build);
  const spoilt = changedBesideEntries(played).length > 0;
  if (spoilt) lane.ground = undefined;
  try {
    await check(t, ground, row, played);
  } finally {
    if (spoilt) await ground.close();
  }
}

test.after.always(async () => {
  for (const { ground } of lanes) await ground?.close();
});

const builds = oldestAndNewest().toReversed();

for (const [kind, table] of Object.entries({ data, args, env, benign }))
  for (const row of table)
    for (const build of row.everyBuild ? builds : builds.slice(0, 1))
      withAll(`${kind}, kubectl 1.${build.minor}: ${row.title}`, (t) => playRow(t, row, build));

test('the table has every command, every flag of a setting and every variable', (t) => {
  const hostile: readonly Case[] = [...args, ...env];
  const words = new Set(hostile.flatMap(({ user }) => (user?.args ?? []).map((word) => word.split('=')[0])));
  const names = commands.flatMap(({ usage, aliases = [] }) => [usage.split(' ')[0], ...aliases]);
  t.deepEqual(
    [...names, ...settingNames.map((name) => `--${flagOf(name)}`)].filter((word) => !words.has(word)),
    [],
  );
  const variables = new Set(env.flatMap(({ user }) => Object.keys(user?.env ?? {})));
  t.deepEqual(
    settingNames.filter((name) => !variables.has(variableOf(name))),
    [],
  );
});
