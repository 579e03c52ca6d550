/** What lies in the home after a fault, and what must be true of it. */
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Scene } from '../../e2e/support/scene.ts';

/** Paths below `.kube`, with the bytes; folders have none. */
export type State = Map<string, { mode: number; text: string | undefined }>;

/** People's own: the old bytes or the new ones, and nothing else. */
const KEPT = ['sa-token.yaml', 'config', 'config.sa-token-backup'];
const ENTRY =
  /^v2 \d+ \d+ [0-9a-f]{64}\n(?:\d+ [\d.]+ \/[^\n]+)?\n(?:\d+ [\d.]+ \/[^\n]+)?\n\{"kind":"ExecCredential",[^\n]*\}\}\n$/;

export async function save({ home, sandbox }: Scene): Promise<void> {
  await rm(join(home, 'saved'), { recursive: true, force: true });
  await sandbox.exec('cp', ['-a', join(home, '.kube'), join(home, 'saved')]);
}

/** With modes and times. */
export async function restore({ home, sandbox }: Scene): Promise<void> {
  // A profile file that is the same stays in its place: an entry knows it by its inode and times.
  const script = `
    if cmp -s saved/sa-token.yaml .kube/sa-token.yaml; then
      find .kube -mindepth 1 -maxdepth 1 ! -name sa-token.yaml -exec rm -rf {} +
      find saved -mindepth 1 -maxdepth 1 ! -name sa-token.yaml -exec cp -a {} .kube/ ';'
    else
      rm -rf .kube && cp -a saved .kube
    fi`;
  await sandbox.exec('sh', ['-c', `cd "$0" || exit; ${script}`, home]);
}

export async function look(home: string): Promise<State> {
  const root = join(home, '.kube');
  const state: State = new Map();
  for (const item of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(item.parentPath, item.name);
    const text = item.isFile() ? await readFile(path, 'utf8') : undefined;
    state.set(relative(root, path), { mode: (await stat(path)).mode & 0o7777, text });
  }
  return state;
}

/** What was lost, torn or laid open. */
export function damage(state: State, before: State, after: State): string[] {
  const found: string[] = [];
  for (const path of KEPT) {
    const now = state.get(path)?.text;
    const allowed = [before.get(path)?.text, after.get(path)?.text];
    if (!allowed.includes(now)) found.push(`${path} is neither the old one nor the new`);
  }
  for (const [path, { mode, text }] of state) {
    if ((mode & 0o077) !== 0) found.push(`${path} is open to others: ${mode.toString(8)}`);
    if (path.endsWith('.entry') && !ENTRY.test(text ?? '')) found.push(`${path} is half an entry`);
    if (path.endsWith('.until') && text !== '') found.push(`${path} is not a marker`);
  }
  return found;
}

/** Drafts that a killed process left, without what is random in their names. */
export function drafts(state: State): string[] {
  return [...state.keys()]
    .filter((path) => path.endsWith('.tmp'))
    .map((path) => path.replace(/\.[0-9a-f]{8,12}\.tmp$/, '.*.tmp'));
}

export function locks(state: State): string[] {
  return [...state.keys()].filter((path) => path.endsWith('.lock'));
}
