/** Names and values one below the other, as `kubectl describe` shows them. */
import { oneLine } from '../errors.ts';

/** A list is a line for each item. What has no value, and an empty list, is left out. */
export type Fields = readonly (readonly [string, string | readonly string[] | undefined])[];

/**
 * Lines with aligned values. Names and values may be of a token that nobody verified, or of a server: each is made one
 * line that a terminal prints as it is, so that none can forge another.
 */
export function fieldLines(fields: Fields, indent = ''): string {
  const shown = fields
    .map(([name, value]) => ({
      name: oneLine(name),
      lines: [value ?? []].flat().map((line) => oneLine(line)),
    }))
    .filter(({ lines }) => lines.length > 0);
  const width = Math.max(...shown.map(({ name }) => name.length)) + 3;
  return shown
    .flatMap(({ name, lines }) => lines.map((line, at) => (at === 0 ? name : '').padEnd(width) + line))
    .map((line) => `${(indent + line).trimEnd()}\n`)
    .join('');
}
