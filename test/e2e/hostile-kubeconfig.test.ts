/**
 * Hostile kubeconfigs through kubectl. A kubeconfig names a profile and nothing else: what else it says is refused, or not
 * looked at where it is kubectl's own affair. Beside them the kubeconfigs that have to go on working.
 */
import test from 'ava';
import { commands } from '../../src/cli/commands.ts';
import { settingNames, variableOf } from '../../src/settings/table.ts';
import { oldestAndNewest } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { args } from './hostile-kubeconfig/args.ts';
import { benign } from './hostile-kubeconfig/benign.ts';
import type { Case } from './hostile-kubeconfig/case.ts';
import { check } from './hostile-kubeconfig/check.ts';
import { data } from './hostile-kubeconfig/data.ts';
import { env } from './hostile-kubeconfig/env.ts';
import { prepareGround, type Ground } from './hostile-kubeconfig/ground.ts';

const withAll = testWith('secret-service', 'kubectl', 'sh');

interface Lane {
  ground?: Ground | undefined;
  /** Settles when the last row that was given to this lane is over. */
  last: Promise<unknown>;
}

/** Two rows at a time. A ground that a row failed on may be spoilt, and is not used again. */
const lanes: Lane[] = [{ last: Promise.resolve() }, { last: Promise.resolve() }];
let rows = 0;

function onGround(use: (ground: Ground) => Promise<void>): Promise<void> {
  const lane = lanes[rows % lanes.length];
  rows += 1;
  if (lane === undefined) throw new Error('no lane');
  const played = lane.last.then(async () => {
    lane.ground ??= await prepareGround();
    try {
      await use(lane.ground);
    } catch (error) {
      await lane.ground.close();
      lane.ground = undefined;
      throw error;
    }
  });
  lane.last = played.catch(() => undefined);
  return played;
}

test.after.always(() => Promise.all(lanes.map(({ ground }) => ground?.close())));

const builds = oldestAndNewest().toReversed();

for (const [kind, table] of Object.entries({ data, args, env, benign }))
  for (const row of table)
    for (const build of row.everyBuild ? builds : builds.slice(0, 1))
      withAll(`${kind}, kubectl 1.${build.minor}: ${row.title}`, (t) =>
        onGround(async (ground) => check(t, ground, row, await ground.play(row, build))),
      );

test('the table has every command, every flag of a setting and every variable', (t) => {
  const hostile: readonly Case[] = [...args, ...env];
  const words = new Set(hostile.flatMap(({ user }) => (user?.args ?? []).map((word) => word.split('=')[0])));
  const names = commands.flatMap(({ usage, aliases = [] }) => [usage.split(' ')[0], ...aliases]);
  t.deepEqual(
    [...names, ...settingNames.map((name) => `--${name}`)].filter((word) => !words.has(word)),
    [],
  );
  const variables = new Set(env.flatMap(({ user }) => Object.keys(user?.env ?? {})));
  t.deepEqual(
    settingNames.filter((name) => !variables.has(variableOf(name))),
    [],
  );
});
