/** Names that are nearly those of settings: in keys of a profile, and in variables that nobody reads. */
import type { Host } from '../host.ts';
import { settingNames, variableOf } from './table.ts';

/** The name that was meant: the same but for its case, dashes, underscores, or an s at its end. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  return names.find((name) => bare(name) === bare(word));
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '').replace(/s$/, '');
}

/** Variables with our prefix that are none of ours, each in words. Their values are not looked at. */
export function strangeVariables({ env }: Host): string[] {
  const known = [...settingNames.map(variableOf), 'KUBECTL_SA_TOKEN_PROFILE', 'KUBECTL_SA_TOKEN_CONFIG'];
  return Object.keys(env)
    .filter((name) => name.startsWith('KUBECTL_SA_TOKEN_') && !known.includes(name))
    .map((name) => `the variable ${name} is no setting${meaning(nearest(name, known))}`);
}

function meaning(name: string | undefined): string {
  return name === undefined ? '' : ` (did you mean ${name}?)`;
}
