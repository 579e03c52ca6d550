/** The product as people install it: a folder with the plugin under both its names, to be put on PATH. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repository } from '../../support/runner.ts';

/** What kubectl looks up for `kubectl sa-token`, and what kubeconfigs name. */
export const PLUGIN = 'kubectl-sa_token';

/** True when SA_TOKEN_BIN names a packaged binary; its folder is then the root of the unpacked archive. */
export const isPackaged = Boolean(process.env['SA_TOKEN_BIN']);

/**
 * Returns the folder. The sources have the shape of the archive too: the fast lane, and beside it an engine, which is
 * two words of sh around Node.
 */
export async function install(home: string): Promise<string> {
  const binary = process.env['SA_TOKEN_BIN'];
  if (binary) return dirname(binary);
  const folder = join(home, 'installed');
  await mkdir(folder);
  for (const name of ['kubectl-sa-token', PLUGIN])
    await copyFile(join(repository, 'cmd', 'kubectl-sa-token'), join(folder, name));
  const engine = join(repository, 'cmd', 'kubectl-sa-token.ts');
  const script = `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(engine)} "$@"\n`;
  await writeFile(join(folder, 'sa-token-engine'), script, { mode: 0o755 });
  return folder;
}

/** A word for sh. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
