/** What a command is: its words for the help, its options, and what it does with a host and parsed arguments. */
import type { Options } from 'yargs';
import type { Host } from '../base/host.ts';

export type Arguments = Readonly<Record<string, unknown>>;

export interface Command {
  /** `NAME [ARGUMENT]`, as yargs takes it. */
  readonly usage: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly options: Readonly<Record<string, Options>>;
  /** Command lines and what they do; shown by `--help`. */
  readonly examples: readonly (readonly [string, string])[];
  /** What the positional argument may be, where it is no profile. */
  readonly words?: readonly string[];
  run(host: Host, argv: Arguments): Promise<void>;
}

/** The command of this name, or of this other name. */
export function findCommand(list: readonly Command[], word: string | undefined): Command | undefined {
  return list.find(({ usage, aliases = [] }) => [usage.split(' ')[0], ...aliases].includes(word));
}
