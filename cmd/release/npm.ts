/**
 * Makes what npm ships, `dist/npm`: the program as ES modules beside their shell scripts, with the dependencies left
 * to npm. `npm run build`; the executables are `npm run package`'s.
 */
import { build } from 'esbuild';
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root, projectVersion } from './packages.ts';

const folder = join(root, 'dist/npm');
const program = 'kubectl-sa-token.js';
const shebang = '#!/usr/bin/env node\n';

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ['cmd/kubectl-sa-token.ts'],
  outdir: folder,
  bundle: true,
  // What an `import()` reaches stays in files of its own, so that the hook reads the warm lane only.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  packages: 'external',
  define: { SA_TOKEN_VERSION: JSON.stringify(projectVersion), SA_TOKEN_EXECUTABLE: 'false' },
  logLevel: 'warning',
});
await writeExecutable(program, shebang + (await readFile(join(folder, program), 'utf8')));
// npm links JavaScript on every platform; the shell scripts would not start on Windows.
const complete = `process.argv.splice(2, 0, '__complete');\nawait import('./${program}');\n`;
await writeExecutable('kubectl_complete-sa_token.js', shebang + complete);
// The fast lane, which a kubeconfig's hook on Unix names by its full path.
await copyFile(join(root, 'cmd/kubectl-sa-token'), join(folder, 'kubectl-sa-token'));
await chmod(join(folder, 'kubectl-sa-token'), 0o755);

async function writeExecutable(name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), text);
  await chmod(join(folder, name), 0o755);
}
