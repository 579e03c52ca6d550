/**
 * Makes what npm ships, `dist/npm`: the program as ES modules with all that it imports but the keychain module, whose
 * binary for each platform npm chooses, and the fast lane. `npm run build`; the executables are `npm run package`'s.
 */
import { build } from 'esbuild';
import { chmod, copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundledPackages, projectVersion, root, thirdPartyLicences } from './packages.ts';

const folder = join(root, 'dist/npm');
/** Where they come from. npm links JavaScript on every platform; the shell scripts would not start on Windows. */
const programs = {
  'kubectl-sa-token.js': 'cmd/npm/kubectl-sa-token.js',
  'kubectl_complete-sa_token.js': 'cmd/npm/kubectl_complete-sa_token.js',
  // The fast lane, which `kubeconfig` writes by its full path. Of the two names it has the one that kuberc can allow.
  'kubectl-sa_token': 'cmd/kubectl-sa-token',
};

await rm(folder, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { engine: 'cmd/kubectl-sa-token.ts' },
  outdir: folder,
  metafile: true,
  bundle: true,
  // What an `import()` reaches stays in files of its own, so that the hook reads the warm lane only.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  external: ['@napi-rs/keyring'],
  // For CommonJS among the packages, which calls it for Node's own modules.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module';const require = requireFrom(import.meta.url);",
  },
  define: { SA_TOKEN_VERSION: JSON.stringify(projectVersion), SA_TOKEN_EXECUTABLE: 'false' },
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
});
for (const [name, source] of Object.entries(programs)) {
  await copyFile(join(root, source), join(folder, name));
  await chmod(join(folder, name), 0o755);
}
await writeFile(
  join(folder, 'THIRD_PARTY_LICENSES'),
  thirdPartyLicences(bundledPackages(Object.keys(metafile.inputs))),
);
