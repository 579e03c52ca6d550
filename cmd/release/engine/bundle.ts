/** The program as the executable has it: a main script that loads chunks, one of them the whole warm lane. */
import { build, transform, type Metafile } from 'esbuild';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root, projectVersion } from '../packages.ts';

export interface Bundle {
  main: string;
  /** Name to text. */
  chunks: Map<string, string>;
  /** The files it was made from, relative to the repository. */
  inputs: string[];
}

const target = 'node24';
const entryPoint = 'cmd/kubectl-sa-token.ts';
const warmChunk = './warm.js';
const parameters = 'module, exports, require, engine';

/**
 * esbuild splits ES modules only, while an executable's main script imports built-ins only; so each chunk of the
 * split is turned into a CommonJS function, and `import()` into a call of the executable's own `require`.
 */
export async function bundleEngine(): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    outdir: 'out',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target,
    define: { SA_TOKEN_VERSION: JSON.stringify(projectVersion), SA_TOKEN_EXECUTABLE: 'true' },
    alias: { '@napi-rs/keyring': join(root, 'cmd/release/engine/keyring.ts') },
    legalComments: 'none',
    logLevel: 'warning',
  });
  const chunks = new Map<string, string>();
  for (const { path, text } of outputFiles) chunks.set(chunkName(path), await asCommonJs(text));
  const { entry, closure } = staticClosure(metafile);
  const warm = closure.map((name) => `${JSON.stringify(name)}: ${chunks.get(name)}`);
  for (const name of closure) chunks.delete(name);
  chunks.set(warmChunk, asFunction(`module.exports = {\n${warm.join(',\n')}\n};`));
  return {
    main: `${await requireSource()}\nrun(${JSON.stringify(entry)}, ${JSON.stringify(warmChunk)}, require);\n`,
    chunks,
    inputs: Object.keys(metafile.inputs),
  };
}

async function asCommonJs(module: string): Promise<string> {
  const { code } = await transform(withPlainExports(module), {
    format: 'cjs',
    platform: 'node',
    target,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'engine.url' },
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
  });
  return asFunction(code);
}

/**
 * A chunk's exports as one literal. esbuild's own way is helpers in each chunk that make getters of getters one by one,
 * which took a third of what a warm call takes over an empty program.
 */
function withPlainExports(module: string): string {
  return module.replace(/\nexport \{([^}]*)\};\s*$/, (_, list: string) => {
    const getters = list.split(',').map((each) => {
      const [local = '', name = local] = each.trim().split(' as ');
      return `get ${name}() { return ${local}; }`;
    });
    return `\nmodule.exports = { __esModule: true, ${getters.join(', ')} };\n`;
  });
}

function asFunction(body: string): string {
  return `(function (${parameters}) {${body}})`;
}

/** The entry's chunk and what it imports before it runs: the warm lane. */
function staticClosure({ outputs }: Metafile): { entry: string; closure: string[] } {
  const entry = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === entryPoint);
  if (entry === undefined) throw new Error(`esbuild made nothing of ${entryPoint}`);
  const closure = new Set<string>();
  const visit = (path: string): void => {
    if (closure.has(path)) return;
    closure.add(path);
    for (const { kind, path: next, external } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement' && external !== true) visit(next);
    }
  };
  visit(entry);
  return { entry: chunkName(entry), closure: [...closure].map(chunkName) };
}

function chunkName(path: string): string {
  return `./${basename(path)}`;
}

async function requireSource(): Promise<string> {
  const source = readFileSync(join(root, 'cmd/release/engine/loader.ts'), 'utf8').replace(
    'export function',
    'function',
  );
  const { code } = await transform(source, {
    loader: 'ts',
    target,
    minifyWhitespace: true,
    minifySyntax: true,
  });
  return code;
}
