/**
 * The product's sources as a few files: Node then starts in half the time, and opens so few files that the number of
 * each call is the same from run to run. A packaged binary is taken as it is.
 */
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { isPackaged, quoted } from '../../e2e/support/installation.ts';
import type { Scene } from '../../e2e/support/scene.ts';
import { repository } from '../../support/runner.ts';

const resolver = createRequire(import.meta.url);

/** Native, or large and not on the way: from node_modules, wherever the bundle lies. */
const leftOut: Plugin = {
  name: 'left-out',
  setup: (esbuild) => {
    esbuild.onResolve({ filter: /^@napi-rs\/keyring$|^@kubernetes\/client-node$/ }, ({ path }) => ({
      path: pathToFileURL(resolver.resolve(path)).href,
      external: true,
    }));
  },
};

/** Puts it behind the installed fast lane. */
export async function useBundle({ installed }: Scene): Promise<void> {
  if (isPackaged) return;
  const outdir = join(installed, 'engine');
  await build({
    absWorkingDir: repository,
    entryPoints: ['cmd/kubectl-sa-token.ts'],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    outExtension: { '.js': '.mjs' },
    plugins: [leftOut],
    // For packages that are CommonJS.
    banner: { js: `import{createRequire as make}from'node:module';const require=make(import.meta.url);` },
    define: { SA_TOKEN_VERSION: '"0.0.0"', SA_TOKEN_EXECUTABLE: 'false' },
    logLevel: 'warning',
  });
  const words = [process.execPath, join(outdir, 'kubectl-sa-token.mjs')].map(quoted).join(' ');
  await writeFile(join(installed, 'sa-token-engine'), `#!/bin/sh\nexec ${words} "$@"\n`);
}
