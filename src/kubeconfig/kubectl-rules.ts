/** What keeps kubectl from loading a kubeconfig at all: it reads YAML 1.1, in types that it does not bend (clientcmd api/v1). */
import { parseDocument, type Tags } from 'yaml';
import { unloadable } from '../errors/api-server.ts';
import { badKubeconfig } from '../errors/usage.ts';
import { isObject, listAt, objectAt, type JsonObject } from '../base/json.ts';

const lists = [
  ['users', 'user'],
  ['contexts', 'context'],
  ['clusters', 'cluster'],
] as const;
const texts: Readonly<Record<string, readonly string[]>> = {
  user: ['token', 'tokenFile', 'username', 'password', 'client-certificate', 'client-key'],
  context: ['cluster', 'user', 'namespace'],
  cluster: ['server', 'certificate-authority', 'tls-server-name', 'proxy-url'],
};

/**
 * The content as kubectl has it; null where there is none.
 *
 * @throws SaTokenError `bad-kubeconfig`
 */
export function loadable(file: string, text: string): unknown {
  const content = read(file, text);
  requireText(file, 'current-context', isObject(content) ? content['current-context'] : undefined);
  for (const [list, key] of lists) {
    const names = new Set<unknown>();
    for (const [at, item] of listAt(content, list).entries()) {
      const place = `${list}[${at}]`;
      const name = isObject(item) ? item['name'] : undefined;
      requireText(file, `${place}.name`, name);
      if (names.has(name)) throw unloadable(file, `${list} has the name ${JSON.stringify(name)} twice`);
      names.add(name);
      checkTexts(file, `${place}.${key}`, objectAt(item, key), texts[key] ?? []);
      checkExec(file, `${place}.${key}.exec`, objectAt(objectAt(item, key), 'exec'));
    }
  }
  return content;
}

function read(file: string, text: string): unknown {
  const document = parseDocument(text, { version: '1.1', customTags: asGo });
  const [broken] = document.errors;
  if (broken !== undefined)
    throw badKubeconfig(file, `is not YAML (${broken.message.split('\n')[0] ?? ''})`, broken);
  const content: unknown = document.toJS();
  if (content !== null && !isObject(content)) throw badKubeconfig(file, 'is not a kubeconfig');
  return content;
}

/** go-yaml leaves a date a text, and knows no base 60 (yaml.v2 resolve.go). */
function asGo(tags: Tags): Tags {
  return tags.filter(
    (tag) =>
      typeof tag === 'string' ||
      (!('format' in tag && tag.format === 'TIME') && !tag.tag.endsWith(':timestamp')),
  );
}

function checkExec(file: string, place: string, exec: JsonObject): void {
  checkTexts(file, place, exec, ['apiVersion', 'command', 'interactiveMode', 'installHint']);
  for (const [at, word] of listAt(exec, 'args').entries()) requireText(file, `${place}.args[${at}]`, word);
  for (const [at, pair] of listAt(exec, 'env').entries())
    checkTexts(file, `${place}.env[${at}]`, isObject(pair) ? pair : {}, ['name', 'value']);
  const info = exec['provideClusterInfo'];
  if (typeof (info ?? false) !== 'boolean')
    throw unloadable(
      file,
      `${place}.provideClusterInfo is neither true nor false`,
      'write it without quotes',
    );
}

function checkTexts(file: string, place: string, value: JsonObject, keys: readonly string[]): void {
  for (const key of keys) requireText(file, `${place}.${key}`, value[key]);
}

function requireText(file: string, place: string, value: unknown): void {
  if (value === undefined || value === null || typeof value === 'string') return;
  const taken = typeof value === 'object' ? 'a list or map' : JSON.stringify(value);
  throw unloadable(
    file,
    `${place} is no text to kubectl, which reads YAML 1.1 (${taken})`,
    'put quotes around it',
  );
}
