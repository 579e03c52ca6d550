/** A kubeconfig as it can be shown: every secret replaced, as `kubectl config view` does, and some more. */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml';
import { jwt } from '../errors.ts';
import { isPlugin } from './kubeconfig-file.ts';

const secretKeys = new Set([
  'token',
  'password',
  'client-key-data',
  'refresh-token',
  'id-token',
  'access-token',
  'client-secret',
]);

export function masked(text: string): string {
  const document = parseDocument(text);
  const secrets: Node[] = [];
  visit(document, {
    Pair(_, { key, value }, path) {
      if (isScalar(key)) secrets.push(...secretsOf(document, String(key.value), value, path.at(-1)));
    },
  });
  const shown = ranges(secrets).reduceRight((rest, [from, to]) => {
    const end = rest.slice(from, to).endsWith('\n') ? '\n' : '';
    return from === to ? rest : `${rest.slice(0, from)}REDACTED${end}${rest.slice(to)}`;
  }, text);
  // In a comment, say, and in any address.
  return shown.replaceAll(jwt, 'REDACTED').replaceAll(/:\/\/[^\s/"']*@/g, '://REDACTED@');
}

function secretsOf(document: Document, key: string, given: unknown, parent: unknown): Node[] {
  const value = meant(document, given);
  if (secretKeys.has(key)) return [value].filter(isNode);
  if (key === 'proxy-url') return isScalar(value) && String(value.value).includes('@') ? [value] : [];
  const items = isSeq(value) ? value.items.map((item) => meant(document, item)) : [];
  // The environment of a hook, and what a hook of others is told.
  if (key === 'env')
    return items
      .filter(isMap)
      .map((item) => meant(document, item.get('value', true)))
      .filter(isNode);
  const command: unknown = isMap(parent) ? parent.get('command') : undefined;
  return key === 'args' && !isPlugin(command) ? items.filter(isNode) : [];
}

/** What an alias stands for. */
function meant(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

/** In their order, none within another. */
function ranges(nodes: readonly Node[]): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  const all = nodes.flatMap(({ range }) => (range ? [[range[0], range[1]] as const] : []));
  for (const range of all.toSorted(([a, b], [c, d]) => a - c || d - b))
    if (range[0] >= (found.at(-1)?.[1] ?? 0)) found.push(range);
  return found;
}
