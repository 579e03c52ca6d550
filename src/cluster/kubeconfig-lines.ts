/** The text of a user, as it is put into a kubeconfig: in lines, or in one line where the file is written so. */
import { Document, visit } from 'yaml';
import { lineEnd } from './yaml-text.ts';

/** Lines that each begin with a line end: one item of a list whose dashes are in the column `dash`. */
export function itemLines(
  text: string,
  name: string,
  value: object,
  dash: number,
  indentSeq: boolean,
): string {
  const margin = ' '.repeat(dash);
  const head = `${margin}- ${written({ name }, indentSeq)}`;
  return `${lineEnd(text)}${head}${userLines(text, value, dash + 2, indentSeq)}`;
}

/** `user:` in the column `at`, and what is below it. */
export function userLines(text: string, value: object, at: number, indentSeq: boolean): string {
  return `${lineEnd(text)}${' '.repeat(at)}user:${block(text, value, at + 2, indentSeq)}`;
}

export function block(text: string, value: object, indent: number, indentSeq: boolean): string {
  const lines = written(value, indentSeq).split('\n');
  return lines.map((line) => `${lineEnd(text)}${' '.repeat(indent)}${line}`).join('');
}

/** Text that kubectl, which reads YAML 1.1 and some more, could take for a number or a truth has quotes. */
function written(value: object, indentSeq: boolean): string {
  const document = new Document(value, { compat: 'yaml-1.1' });
  visit(document, {
    Scalar(_, node) {
      // go-yaml takes `0b-11` for a number too.
      if (typeof node.value === 'string' && /^[-+]?\.?\d/.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0, indentSeq }).trimEnd();
}
