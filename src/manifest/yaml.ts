/** Text put into YAML: as a scalar that reads back as that text, and further to the right. */
import { stringify } from 'yaml';

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** A text as a value that kubectl, which reads YAML 1.1, takes for a text as well: `on`, `1e3` and `null` are quoted. */
export function scalar(text: string): string {
  // Go also takes numbers that YAML has no name for, such as 0XFF; all of them begin with a digit.
  return /^\d/.test(text)
    ? JSON.stringify(text)
    : stringify(text, { compat: 'yaml-1.1', lineWidth: 0 }).trimEnd();
}

/** Empty lines stay empty. */
export function indent(text: string, spaces: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(spaces));
}

/** How an object of a namespace begins; more of its metadata may follow. */
export function head(apiVersion: string, kind: string, name: string, namespace: string): string {
  return `apiVersion: ${apiVersion}
kind: ${kind}
metadata:
  name: ${scalar(name)}
  namespace: ${scalar(namespace)}
`;
}
