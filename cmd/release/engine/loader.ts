/**
 * The executable's main script: its own `require`. All of the program is in assets, which cost nothing until they are
 * asked for: the warm lane in one, each other chunk in one of its own, compiled from V8's code cache where the build
 * made one. The text of this function is the script, so it reaches nothing outside itself.
 */
import type * as Sea from 'node:sea';
import type * as Url from 'node:url';
import type * as Vm from 'node:vm';

interface Module {
  exports: unknown;
}
interface Engine {
  /** What `import.meta.url` stands for. */
  readonly url: string;
}
/** What a chunk is once it is compiled. */
type Chunk = (module: Module, exports: unknown, require: (name: string) => unknown, engine: Engine) => void;

/** @param builtin - what Node gives an executable for `require`: built-ins only */
export function run(entry: string, warmAsset: string, builtin: NodeJS.Require): void {
  const { getRawAsset, getAssetKeys }: typeof Sea = builtin('node:sea');
  const { Script }: typeof Vm = builtin('node:vm');
  const assets = new Set(getAssetKeys());
  const loaded = new Map<string, Module>();
  // Asked for by cold code only, and making it takes a while.
  const engine = {
    get url() {
      const { pathToFileURL }: typeof Url = builtin('node:url');
      return pathToFileURL(process.execPath).href;
    },
  };
  const compile = (name: string): Chunk => {
    const cache = `${name}.cache`;
    const cachedData = assets.has(cache) ? Buffer.from(getRawAsset(cache)) : undefined;
    // ASCII: esbuild escapes the rest.
    const source = Buffer.from(getRawAsset(name)).toString('latin1');
    return new Script(source, { filename: name, ...(cachedData && { cachedData }) }).runInThisContext();
  };
  const warm: { exports: Record<string, Chunk> } = { exports: {} };
  const require = (name: string): unknown => {
    if (!name.startsWith('./')) return builtin(name);
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const module: Module = { exports: {} };
    loaded.set(name, module);
    const chunk = warm.exports[name] ?? compile(name);
    chunk(module, module.exports, require, engine);
    return module.exports;
  };
  compile(warmAsset)(warm, warm.exports, require, engine);
  require(entry);
}
