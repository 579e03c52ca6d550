import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { findOnPath } from '../../../src/base/find-program.ts';
import { createHost, put, withParts, type TestHost } from '../../support/host.ts';

function setUp(t: ExecutionContext): { host: TestHost; find: (...folders: string[]) => string | undefined } {
  const host = createHost(t);
  const find = (...folders: string[]) =>
    findOnPath(withParts(host, { env: { PATH: folders.join(delimiter) } }), 'tool');
  return { host, find };
}

function program(host: TestHost, path: string): string {
  const file = put(host, path, '#!/bin/sh\n');
  chmodSync(file, 0o755);
  return file;
}

test('the first that can be run is found, and links are not followed', (t) => {
  const { host, find } = setUp(t);
  const first = program(host, 'a/tool');
  program(host, 'b/tool');
  const folder = (name: string) => join(host.home, name);
  t.is(find(folder('none'), folder('a'), folder('b')), first);
  mkdirSync(folder('links'));
  symlinkSync(first, folder('links/tool'));
  t.is(find(folder('links'), folder('a')), folder('links/tool'));
  symlinkSync('nowhere', folder('b/other'));
  t.is(find(folder('none')), undefined);
});

test('what cannot be run, is a folder, or lies in a relative folder is not found', (t) => {
  const { host, find } = setUp(t);
  put(host, 'data/tool', '');
  put(host, 'folder/tool/x', '');
  program(host, 'bin/tool');
  t.is(find(join(host.home, 'data'), join(host.home, 'folder'), '', '.', 'bin'), undefined);
  t.is(findOnPath(withParts(host, { env: {} }), 'tool'), undefined);
});

test('on Windows endings are tried', (t) => {
  const { host } = setUp(t);
  const file = program(host, 'bin/tool.exe');
  const env = { PATH: join(host.home, 'bin') };
  t.is(findOnPath(withParts(host, { env, platform: 'win32' }), 'tool'), file);
  t.is(findOnPath(withParts(host, { env }), 'tool'), undefined);
});
