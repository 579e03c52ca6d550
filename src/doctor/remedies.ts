/** What to do, as sentences and as commands that a shell takes as they are. */
import { sourceKind } from '../source/source.ts';
import type { Facts } from './facts.ts';

/** Where the next source token has to go. */
export function renewSource(facts: Facts): string {
  const settings = facts.settings();
  const kind = sourceKind(settings);
  if (kind === 'file') return `put a new one into ${settings.sourceFile}`;
  if (kind === 'env') return `set the variable ${settings.sourceEnv} to a new one`;
  if (kind === 'command') return 'see that what source-command prints is a new one';
  return `log in with a new one: kubectl sa-token login ${facts.given().profile ?? 'PROFILE'}`;
}
