/** A crash in mid-exchange, the source token in memory: no core file keeps it. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { PLUGIN, quoted } from '../e2e/support/installation.ts';
import { eventually, kill, processesOf } from '../e2e/support/processes.ts';
import { setScene, type Scene } from '../e2e/support/scene.ts';
import { testWith } from '../support/require.ts';
import { repository } from '../support/runner.ts';
import { findSecret } from '../support/secret-scan.ts';

const { serial } = testWith('strace');

/** Cores are allowed, as a careless administrator has it; the words follow. */
const CORES_ALLOWED = 'ulimit -c unlimited && cd "$HOME/tmp" && ';

const ways = {
  'by way of the fast lane': PLUGIN,
  'as a Node script, as under npm': [process.execPath, join(repository, 'cmd', 'kubectl-sa-token.ts')]
    .map(quoted)
    .join(' '),
};

for (const [what, command] of Object.entries(ways)) {
  serial(`a crash of the engine ${what} leaves no core`, (t) => crash(t, command));
}

async function crash(t: ExecutionContext, command: string): Promise<void> {
  const scene = await setScene(t);
  const { home, server, robot, sh } = scene;
  t.true((await coresOf(scene, t)) > 0 || !(await isInWorkingFolder()), 'this machine writes cores there');
  server.faults.next('stall');
  const running = sh(`${CORES_ALLOWED}exec ${command} get-token prod`);
  await eventually(() => (server.requests.length > 0 ? true : undefined));
  const engine = (await processesOf(home)).find(({ argv }) => argv.includes('get-token'));
  const limits = await readFile(`/proc/${engine?.pid}/limits`, 'utf8');
  t.regex(limits, /^Max core file size +0 +unlimited +bytes/m);
  const filter = await readFile(`/proc/${engine?.pid}/coredump_filter`, 'utf8');
  t.true(kill(engine?.pid, 'SIGABRT'));
  t.like(await running, { signal: 'SIGABRT', stdout: '', stderr: '' });
  t.is(filter.trim(), '00000000');
  t.deepEqual(await cores(home), []);
  const places = { roots: [join(home, 'tmp'), join(home, '.kube')] };
  t.deepEqual(await findSecret(robot.token, places), []);
}

/** What a crash of another program leaves: the check above can fail. */
async function coresOf({ home, sh }: Scene, t: ExecutionContext): Promise<number> {
  await sh(`${CORES_ALLOWED}sh -c 'kill -ABRT $$'`);
  const found = await cores(home);
  t.log(`a program that is not ours leaves ${found.length} core`);
  await sh('rm -f "$HOME"/tmp/*core*');
  return found.length;
}

async function cores(home: string): Promise<string[]> {
  return (await readdir(join(home, 'tmp'))).filter((name) => name.includes('core'));
}

/** Else they go to a program, or to a folder of the machine's own, which the limit keeps them from as well. */
async function isInWorkingFolder(): Promise<boolean> {
  return !/^[|/]/.test(await readFile('/proc/sys/kernel/core_pattern', 'utf8'));
}
