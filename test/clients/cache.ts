/** Where built programs are: outside the tree, in a folder for each state of their sources, locks and toolchain. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HERE, missingTool, RECIPES, type Program, type Recipe } from './programs.ts';

export const CACHE = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
  'kubectl-sa-token',
  'clients',
);

/** Every program, with what builds it. */
export const PROGRAMS = RECIPES.flatMap((recipe) => recipe.programs.map((program) => ({ recipe, program })));

/** The folder of what was built, which is there when it was built; beside it NAME.failed says why it could not be. */
export function placeOf(recipe: Recipe): string {
  const hash = createHash('sha256');
  // What is done is part of the key: a changed command builds anew.
  const places = { into: 'into', shared: 'shared' };
  hash.update(JSON.stringify([recipe.fetch(places), recipe.compile(places)]).replaceAll(HERE, ''));
  for (const source of recipe.sources) hash.update(readFileSync(join(HERE, source)));
  const [program = '', ...words] = recipe.toolchain ?? [];
  if (program !== '') hash.update(execFileSync(program, words, { stdio: ['ignore', 'pipe', 'pipe'] }));
  const key = hash.digest('hex').slice(0, 12);
  return join(CACHE, `${recipe.name}-${process.platform}-${process.arch}-${key}`);
}

export const failureNote = (place: string): string => `${place}.failed`;

/** How to start a program, or the reason why it cannot be started. */
export function findProgram(name: Program['name']): { command: string[] } | { missing: string } {
  const found = PROGRAMS.find(({ program }) => program.name === name);
  if (found === undefined) throw new Error(`nothing builds ${name}`);
  const { recipe, program } = found;
  const missing = missingTool(recipe);
  if (missing !== undefined) return { missing };
  if (recipe.toolchain === undefined) return { command: program.command('') };
  const place = placeOf(recipe);
  if (existsSync(place)) return { command: program.command(place) };
  const note = failureNote(place);
  return {
    missing: existsSync(note) ? readFileSync(note, 'utf8') : 'not built: run `npm run build:clients`',
  };
}
