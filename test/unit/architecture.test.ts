/** The layout of the repository, held against the imports that the sources really have. No source is exempt. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'ava';
import { build, type Metafile } from 'esbuild';
import { repository } from '../support/runner.ts';

interface Import {
  from: string;
  /** A path from the repository's root, or the name of a package or built-in. */
  to: string;
  /** Erased before anything runs. */
  typeOnly: boolean;
  /** `import(…)`: loaded when it is reached. */
  lazy: boolean;
}

/** An import leads down, or to another folder of the same floor that does not lead back. */
const floors: Record<string, number> = {
  'cmd/': 14,
  'src/main.ts': 13,
  'src/cli/': 12,
  'src/doctor/': 11,
  'src/review/': 10,
  'src/api/': 9,
  'src/kubeconfig/': 8,
  'src/credential/': 7,
  'src/login/': 7,
  'src/exchange/': 6,
  'src/cache/': 6,
  'src/http/': 5,
  'src/source/': 5,
  'src/token/': 5,
  'src/exec/': 4,
  'src/settings/': 3,
  'src/base/': 2,
  'src/errors/': 1,
  'src/manifest/': 1,
};

/** The only files that a package may be imported by, types aside. */
const homes: Record<string, RegExp> = {
  yargs: /^src\/cli\/program\.ts$/,
  yaml: /^src\/(?:settings\/profile\S*|kubeconfig\/\S+|api\/(?:client|context)|manifest\/yaml|cli\/yaml)\.ts$/,
  '@kubernetes/client-node': /^src\/api\//,
  '@napi-rs/keyring': /^src\/source\/keychain\.ts$/,
  jose: /^src\/(?:token|review|api)\//,
};

/** Tests of more than one source, or of none. */
const withoutSource = [
  'architecture',
  'documents',
  'growth',
  'cli/bad-input',
  'cli/from-context',
  'cli/login-over',
  'cli/timeouts',
  'errors/words',
  'http/memory',
];

const entry = 'cmd/kubectl-sa-token.ts';
/** The build is a program of its own: it imports nothing of the sources, and they nothing of it. */
const release = 'cmd/release/';
const files = globSync('{cmd,src}/**/*.ts', { cwd: repository }).sort();
const sources = files.filter((file) => !file.startsWith(release));
const code = new Map(files.map((file) => [file, withoutComments(text(file))]));
const imports = files.flatMap(importsOf);
const own = imports.filter(({ from }) => !from.startsWith(release));

function text(file: string): string {
  return readFileSync(join(repository, file), 'utf8');
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(),])\/\/[^\n]*/g, '');
}

/** Every import, types and `import()` included, which a bundler's list leaves out. */
function importsOf(from: string): Import[] {
  const source = code.get(from) ?? '';
  const found: Import[] = [];
  const add = (to: string | undefined, typeOnly: boolean, lazy: boolean): void => {
    // A text with a gap in it is code that the build writes, and no import.
    if (to?.includes('$') === false) found.push({ from, to: resolved(from, to), typeOnly, lazy });
  };
  // `import { type X }` stays as `import {}`: only `import type` is erased.
  const statement = /^(?:import|export)(?<type> type)? (?:[^;'"=]*? from )?'(?<to>[^']+)';/gm;
  for (const { groups } of source.matchAll(statement))
    add(groups?.['to'], groups?.['type'] !== undefined, false);
  for (const { groups } of source.matchAll(/(?<type>typeof )?\bimport\('(?<to>[^']+)'\)/g))
    add(groups?.['to'], groups?.['type'] !== undefined, groups?.['type'] === undefined);
  return found;
}

function resolved(from: string, to: string): string {
  return to.startsWith('.') ? relative(repository, join(repository, dirname(from), to)) : to;
}

function placeOf(file: string): string {
  const found = Object.keys(floors).find((place) => file.startsWith(place));
  if (found === undefined) throw new Error(`${file} is on no floor`);
  return found;
}

function floorOf(file: string): number {
  return floors[placeOf(file)] ?? 0;
}

function isOurs(path: string): boolean {
  return /^(?:cmd|src)\//.test(path);
}

function arrows(list: readonly Import[]): string[] {
  return list.map(({ from, to }) => `${from} → ${to}`);
}

/** What esbuild sees loaded before the first line of the entry runs: our files, and what is not ours. */
async function warmClosure(): Promise<{ modules: Set<string>; externals: Set<string> }> {
  const { metafile } = await build({
    absWorkingDir: repository,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'out',
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  });
  const modules = new Set([entry]);
  const externals = new Set<string>();
  for (const file of modules)
    for (const { path, kind, external } of importsIn(metafile, file)) {
      if (kind !== 'import-statement') continue;
      if (external === true) externals.add(path);
      else modules.add(path);
    }
  return { modules, externals };
}

function importsIn({ inputs }: Metafile, file: string): Metafile['inputs'][string]['imports'] {
  return inputs[file]?.imports ?? [];
}

test('the imports are found', (t) => {
  t.true(own.length > 200);
  t.true(own.some(({ lazy }) => lazy) && own.some(({ typeOnly }) => typeOnly));
  t.deepEqual(
    imports.filter(({ to }) => isOurs(to) && !files.includes(to)).map(({ to }) => to),
    [],
  );
});

test('every folder of src/ has a floor, and every floor a folder', (t) => {
  const places = new Set(sources.map(placeOf));
  t.deepEqual([...places].toSorted(), Object.keys(floors).toSorted());
});

test('src/README.md has the same floors', (t) => {
  const rows = [...text('src/README.md').matchAll(/^\| (\d+) +\| `([\w./-]+)`/gm)];
  t.deepEqual(
    Object.fromEntries(
      rows.map(([, floor, place = '']) => [place === 'cmd/' ? place : `src/${place}`, Number(floor)]),
    ),
    floors,
  );
});

test('imports lead down', (t) => {
  t.deepEqual(arrows(own.filter(({ from, to }) => isOurs(to) && floorOf(from) < floorOf(to))), []);
});

test('folders on one floor do not import each other both ways', (t) => {
  const across = own.flatMap(({ from, to }) => {
    if (!isOurs(to)) return [];
    const [folder, other] = [placeOf(from), placeOf(to)];
    return folder !== other && floors[folder] === floors[other] ? [`${folder} → ${other}`] : [];
  });
  t.deepEqual(
    across.filter((arrow) => across.includes(arrow.split(' → ').toReversed().join(' → '))),
    [],
  );
});

test('the program does not import the build; the build imports what the manual and the completions say', (t) => {
  const words = new Set([`${release}manual.ts`, `${release}linux-packages.ts`]);
  const across = imports.filter(
    ({ from, to }) => isOurs(to) && from.startsWith(release) !== to.startsWith(release),
  );
  t.deepEqual(arrows(across.filter(({ from }) => !words.has(from))), []);
});

test('no import leads back to where it came from, types and import() included', (t) => {
  const next = new Map(
    files.map((file) => [
      file,
      imports.filter(({ from, to }) => from === file && isOurs(to)).map(({ to }) => to),
    ]),
  );
  const circles = files.flatMap((file) => {
    const ways = new Map((next.get(file) ?? []).map((to) => [to, [file, to]]));
    for (const [at, way] of ways)
      for (const to of next.get(at) ?? []) if (!ways.has(to)) ways.set(to, [...way, to]);
    const circle = ways.get(file);
    // Each once: by its file that comes first.
    return circle === undefined || circle.some((each) => each < file) ? [] : [circle.join(' → ')];
  });
  t.deepEqual(circles, []);
});

test('get-token with a fresh entry loads built-ins only, and none that connects or starts a program', async (t) => {
  const { modules, externals } = await warmClosure();
  t.true(modules.has('src/credential/get-token.ts') && modules.has('src/cache/entry.ts'));
  t.deepEqual(
    [...externals].filter((name) => !/^node:(?:crypto|fs|os|path)$/.test(name)),
    [],
  );
  const cold =
    /^src\/(?:api|doctor|exchange|http|kubeconfig|login|manifest|review|source|token)\/|^src\/settings\/(?:profile|resolve|target)|^src\/credential\/(?:miss|keep|fallback|renewal)/;
  t.deepEqual(
    [...modules].filter((file) => cold.test(file)),
    [],
  );
  const lines = [...modules].reduce((sum, file) => sum + text(file).split('\n').length - 1, 0);
  t.log(`${modules.size} modules, ${lines} lines, ${[...externals].toSorted().join(' ')}`);
});

test('what is loaded late is a file of ours: in the executable a CommonJS package would have no names', (t) => {
  const packages = own.filter(({ lazy, to }) => lazy && !/^(?:cmd\/|src\/|node:)/.test(to));
  // The keychain's library has an adapter of its own there (cmd/release/engine/keyring.ts).
  t.deepEqual([...new Set(packages.map(({ to }) => to))], ['@napi-rs/keyring']);
});

test('no V8 flag changes in a running engine', (t) => {
  // V8 ended one call in a thousand whose RegExps were compiled under other flags than they ran under.
  t.deepEqual(
    own.filter(({ to }) => to === 'node:v8').map(({ from }) => from),
    [],
  );
});

test('the engine’s entry is an adapter of some lines', (t) => {
  t.true(text(entry).split('\n').length <= 40);
});

test('each package is imported by the files that it is for', (t) => {
  const strangers = own.filter(
    ({ from, to, typeOnly }) =>
      !typeOnly && !isOurs(to) && !to.startsWith('node:') && homes[to]?.test(from) !== true,
  );
  t.deepEqual(arrows(strangers), []);
  const unused = Object.keys(homes).filter((name) => !own.some(({ to }) => to === name));
  t.deepEqual(unused, []);
});

test('process, the clock and fetch are touched in src/base/host.ts only', (t) => {
  const outside =
    /\bprocess\.|\bprocess\b(?=\)| as |;)|\bDate\.now\b|\bnew Date\(\)|(?<![.\w])fetch\(|'node:process'/;
  const found = sources
    .filter((file) => file !== 'src/base/host.ts')
    .flatMap((file) => (code.get(file) ?? '').split('\n').map((line) => `${file}: ${line.trim()}`))
    .filter((line) => outside.test(withoutTexts(line)));
  t.deepEqual(found, []);
});

function withoutTexts(line: string): string {
  return line.replaceAll(/'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g, (each) =>
    each === "'node:process'" ? each : "''",
  );
}

/** `src/NAME.ts`, or a program of `cmd/`. */
function hasSource(name: string): boolean {
  return [`src/${name}.ts`, name, `${name}.ts`].some((file) => existsSync(join(repository, file)));
}

test('test/unit has the folders and names of src/', (t) => {
  const tests = globSync('test/unit/**/*', { cwd: repository }).filter((file) => /\.\w+$/.test(file));
  const names = tests.map((file) => file.replace(/^test\/unit\//, '').replace(/\.test\.ts$/, ''));
  t.deepEqual(
    names.filter((name) => !hasSource(name) && !withoutSource.includes(name)),
    [],
  );
  t.deepEqual(
    withoutSource.filter((name) => !names.includes(name)),
    [],
  );
});
