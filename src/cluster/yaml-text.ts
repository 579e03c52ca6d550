/** Values as YAML text that kubectl reads as the same values. */
import { stringify } from 'yaml';

/** A text as a value that kubectl, which reads YAML 1.1, takes for a text as well: `on`, `1e3` and `null` are quoted. */
export function scalar(text: string): string {
  // Go also takes numbers that YAML has no name for, such as 0XFF; all of them begin with a digit.
  return /^\d/.test(text)
    ? JSON.stringify(text)
    : stringify(text, { compat: 'yaml-1.1', lineWidth: 0 }).trimEnd();
}
