/** Tests for which a machine may lack a tool: skipped with the reason in their title, and failed in CI. */
import test, { type Implementation } from 'ava';

/** @param reason - what is missing; undefined when nothing is */
export function testNeeding(
  reason: string | undefined,
  title: string,
  implementation: Implementation<[]>,
): void {
  if (reason === undefined) test.serial(title, implementation);
  else if (process.env['CI']) test(title, (t) => t.fail(`CI has to have it: ${reason}`));
  else test.skip(`${title} (skipped: ${reason})`, implementation);
}
