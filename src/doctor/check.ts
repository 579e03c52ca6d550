/** What a check is, and how checks run: in order, each once, those that hang on a failed one not at all. */
import { exit, type ErrorCode, type ExitCode } from '../errors/codes.ts';
import { oneLine, ours } from '../errors/error.ts';

export type State = 'ok' | 'warn' | 'fail' | 'skip';

export interface Finding {
  readonly state: State;
  /** What was seen. */
  readonly detail: string;
  /** What to do, one line. */
  readonly remedy?: string | undefined;
  /** A text to apply or to put into a file, where the remedy speaks of one. */
  readonly apply?: string | undefined;
  /** Of a failure. */
  readonly exitCode?: ExitCode | undefined;
  /** Of the error, where it was one. */
  readonly code?: ErrorCode | undefined;
}

export interface Check<Facts> {
  readonly name: string;
  /** Checks that have to have passed, or not to have been needed. */
  readonly needs: readonly string[];
  /** An error of ours that is thrown is a failure with its words. */
  readonly look: (facts: Facts) => Promise<Finding> | Finding;
}

export interface CheckResult extends Finding {
  readonly name: string;
}

export const ok = (detail: string): Finding => ({ state: 'ok', detail });
export const warn = (detail: string, remedy: string): Finding => ({ state: 'warn', detail, remedy });
/** Not needed here; what hangs on it runs. */
export const notNeeded = (detail: string): Finding => ({ state: 'skip', detail });
export const fail = (
  detail: string,
  remedy: string,
  exitCode: ExitCode = exit.usage,
  apply?: string,
): Finding => ({ state: 'fail', detail, remedy, exitCode, apply });

/** Runs all checks and hands each result over as soon as it is there. */
export async function runChecks<Facts>(
  checks: readonly Check<Facts>[],
  facts: Facts,
  onResult: (result: CheckResult) => void,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const blocked = new Set<string>();
  for (const { name, needs, look } of checks) {
    const missing = needs.find((need) => blocked.has(need));
    const finding =
      missing === undefined ? await caught(() => look(facts)) : notNeeded(`not tried: needs ${missing}`);
    if (missing !== undefined || finding.state === 'fail') blocked.add(name);
    const result = { name, ...finding, ...printable(finding) };
    results.push(result);
    onResult(result);
  }
  return results;
}

/** What was seen may be of a server, or of a token that nobody verified. */
function printable({ detail, remedy }: Finding): Pick<Finding, 'detail' | 'remedy'> {
  return { detail: oneLine(detail), ...(remedy === undefined ? {} : { remedy: oneLine(remedy) }) };
}

async function caught(look: () => Promise<Finding> | Finding): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    const { message, hint, exitCode, code } = ours(error);
    // The account and the address are the same for all checks.
    const detail = message.replace(/^(?:[a-z0-9.-]+\/[a-z0-9.-]+@)?https?:\/\/\S+: /, '');
    return { ...fail(detail, hint ?? 'correct it as the line says', exitCode), code };
  }
}
