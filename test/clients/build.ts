/**
 * Builds the missing test clients into the cache (`npm run build:clients`). Five to eight minutes in all on two busy cores;
 * nothing at all when they are there. A registry that cannot be reached is noted, and the tests skip that client.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { CACHE, failureNote, placeOf } from './cache.ts';
import { missingTool, RECIPES, type Recipe, type Step } from './programs.ts';

mkdirSync(CACHE, { recursive: true });
for (const recipe of RECIPES) {
  if (recipe.toolchain === undefined) continue;
  const missing = missingTool(recipe);
  if (missing !== undefined) console.error(`test clients: ${recipe.name} is left out: ${missing}`);
  else if (!existsSync(placeOf(recipe))) build(recipe, placeOf(recipe));
}

function build(recipe: Recipe, place: string): void {
  const started = Date.now();
  // Built beside its place and renamed when whole; a venv and a class path bear that.
  const into = `${place}.${process.pid}`;
  mkdirSync(into);
  process.once('exit', () => rmSync(into, { recursive: true, force: true }));
  rmSync(failureNote(place), { force: true });
  for (const step of recipe.fetch({ into, shared: CACHE })) {
    // A registry that stumbles gets a second chance.
    const problem = run(step) && run(step);
    if (problem === undefined) continue;
    writeFileSync(failureNote(place), `its packages could not be fetched: ${problem}`);
    return console.error(`test clients: ${recipe.name} is left out: no packages: ${problem}`);
  }
  for (const step of recipe.compile({ into, shared: CACHE })) {
    const problem = run(step);
    if (problem === undefined) continue;
    process.exitCode = 1;
    return console.error(`test clients: ${recipe.name} could not be built: ${problem}`);
  }
  renameSync(into, place);
  console.error(`test clients: built ${recipe.name} in ${Math.round((Date.now() - started) / 1000)} s`);
}

/** Nicely, as others may be at work here. Returns the last line of what went wrong. */
function run({ command, cwd, env }: Step): string | undefined {
  const options = { cwd, env: { ...process.env, ...env }, encoding: 'utf8' } as const;
  const { status, signal, stdout, stderr, error } = spawnSync('nice', ['-n', '15', ...command], options);
  if (status === 0) return undefined;
  process.stderr.write(stderr ?? '');
  const lines = stripVTControlCharacters(`${stdout ?? ''}\n${stderr ?? ''}`)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const told = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
  return error?.message ?? told ?? `${command[0]} ended with ${signal ?? `exit code ${status}`}`;
}
