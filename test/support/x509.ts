/**
 * The three functions of the reflect-metadata proposal that tsyringe, the container inside @peculiar/x509, asks for
 * before it loads; then that library itself.
 */
type Key = string | symbol;

const metadata = new WeakMap<object, Map<Key, unknown>>();

function getOwnMetadata(key: Key, target: object): unknown {
  return metadata.get(target)?.get(key);
}

function getMetadata(key: Key, target: object | null): unknown {
  let at = target;
  while (at !== null) {
    if (metadata.get(at)?.has(key)) return getOwnMetadata(key, at);
    at = Object.getPrototypeOf(at);
  }
  return undefined;
}

function defineMetadata(key: Key, value: unknown, target: object): void {
  const own = metadata.get(target) ?? new Map<Key, unknown>();
  metadata.set(target, own.set(key, value));
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata });

export const x509 = await import('@peculiar/x509');
