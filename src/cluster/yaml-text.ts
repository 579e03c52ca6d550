/** Where things stand in the text of a YAML document: nodes, lines, columns, comments. And values as such text. */
import { isMap, isNode, isScalar, stringify, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';

/** The pair of a map with this key. */
export function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

/** Start and end of a node's own text. */
export function rangeOf(node: unknown): readonly [number, number] | undefined {
  const range = isNode(node) ? node.range : undefined;
  return range === undefined || range === null ? undefined : [range[0], range[1]];
}

/** Where the last value in a node ends; comments behind it are not part of it. */
export function contentEnd(node: unknown): number | undefined {
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1);
    return contentEnd(last?.value) ?? rangeOf(last?.key)?.[1];
  }
  return rangeOf(node)?.[1];
}

/** The dash of a list's last item; the document must have been parsed with its source tokens kept. */
export function lastDash(list: YAMLSeq): number | undefined {
  const token = list.srcToken;
  if (token?.type !== 'block-seq') return undefined;
  return token.items.flatMap(({ start }) => start).findLast(({ type }) => type === 'seq-item-ind')?.offset;
}

export function trimmed(text: string, from: number, to: number): number {
  return from + text.slice(from, to).trimEnd().length;
}

/** Behind a byte order mark, on the first line. */
export function lineStart(text: string, at: number): number {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  return start === 0 && text.startsWith('\ufeff') ? 1 : start;
}

export function column(text: string, at: number): number {
  return at - lineStart(text, at);
}

export function nextLine(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

/** Comments that are indented deeper than the list belong to its last item. */
export function pastComments(text: string, at: number, dash: number): number {
  const comment = /( *)#[^\n]*(?:\n|$)/y;
  for (let end = at; ; end = comment.lastIndex) {
    comment.lastIndex = end;
    const indent = comment.exec(text)?.[1];
    if (indent === undefined || indent.length <= dash) return end;
  }
}

export function lineEnd(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** A text as a value that kubectl, which reads YAML 1.1, takes for a text as well: `on`, `1e3` and `null` are quoted. */
export function scalar(text: string): string {
  // Go also takes numbers that YAML has no name for, such as 0XFF; all of them begin with a digit.
  return /^\d/.test(text)
    ? JSON.stringify(text)
    : stringify(text, { compat: 'yaml-1.1', lineWidth: 0 }).trimEnd();
}
