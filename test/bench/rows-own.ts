/** Our own rows, and what they are held against: the smallest process, a script, and Node. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Programs } from './programs.ts';
import { holds, type Entry, type Row } from './rows.ts';
import { execInfo, type Home, type Scene } from './scene.ts';

/** @param programs - of ours, or why there are none */
export function ownRows(scene: Scene, programs: Programs | string): Entry[] {
  const { one, thousand, source } = scene;
  const base: Row[] = [
    { id: 'true', title: '/bin/true', command: { argv: ['/bin/true'], env: one.env, cwd: one.folder } },
    { id: 'sh-cat', title: 'a sh script that runs cat on an entry', command: shCat(scene) },
    {
      id: 'node',
      title: 'node -e 0',
      command: { argv: [process.execPath, '-e', '0'], env: one.env, cwd: one.folder },
    },
  ];
  const where = source === 'keychain' ? 'the keychain' : 'a file, as there is no Secret Service here';
  const titles = {
    bare: 'bare Node executable',
    post: 'bare Node executable, one POST over TLS',
    lane: 'fast lane, warm',
    'lane-hook': 'fast lane, warm, as client-go runs it',
    engine: 'engine, warm',
    cold: `cold exchange (TLS, POST; source token from ${where})`,
    'lane-1000': 'fast lane, warm, 1,000 profiles',
    'engine-1000': 'engine, warm, 1,000 profiles',
    'cold-1000': 'cold exchange, 1,000 profiles',
  };
  if (typeof programs === 'string') {
    return [...base, ...Object.entries(titles).map(([id, title]) => ({ id, title, missing: programs }))];
  }
  const plugin = join(programs.installed, 'kubectl-sa_token');
  const engine = join(programs.installed, 'sa-token-engine');
  const hook = { KUBERNETES_EXEC_INFO: execInfo };
  const row = (id: keyof typeof titles, parts: Omit<Row, 'id' | 'title'>): Row => ({
    id,
    title: titles[id],
    ...parts,
  });
  return [
    ...base,
    row('bare', { command: { argv: [programs.bare], env: one.env, cwd: one.folder } }),
    row('post', { command: post(scene, programs.post), exchanges: true }),
    row('lane', { command: one.getToken(plugin), ...warm(one) }),
    row('lane-hook', { command: one.getToken(plugin, hook), ...warm(one) }),
    row('engine', { command: one.getToken(engine), ...warm(one) }),
    row('cold', { command: one.getToken(plugin), ...cold(one) }),
    row('lane-1000', { command: thousand.getToken(plugin), ...warm(thousand) }),
    row('engine-1000', { command: thousand.getToken(engine), ...warm(thousand) }),
    row('cold-1000', { command: thousand.getToken(plugin), ...cold(thousand) }),
  ];
}

function warm(home: Home): Pick<Row, 'wrong'> {
  return { wrong: (answer) => holds(cachedToken(home))(answer) };
}

function cold(home: Home): Pick<Row, 'before' | 'exchanges'> {
  return { before: () => home.forget(), exchanges: true };
}

function post({ server, ca, token, one }: Scene, program: string): Row['command'] {
  const url = `${server.url}/api/v1/namespaces/team-a/serviceaccounts/robot/token`;
  return { argv: [program, url, ca, token], env: one.env, cwd: one.folder };
}

/** A file of the entry's size that no row takes away. */
function shCat({ folder, one }: Scene): Row['command'] {
  const [script, answer] = [join(folder, 'cat.sh'), join(folder, 'answer')];
  writeFileSync(answer, 'x'.repeat(1200));
  writeFileSync(script, '#!/bin/sh\ncat "$1"\nexit 0\n');
  chmodSync(script, 0o755);
  return { argv: [script, answer], env: one.env, cwd: one.folder };
}

export function cachedToken({ folder }: Home): string {
  const entry = readFileSync(join(folder, '.kube', 'cache', 'sa-token', 'prod.entry'), 'utf8');
  return /"token":"([^"]+)"/.exec(entry)?.[1] ?? '';
}
