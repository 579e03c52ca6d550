/** The layout of the design (section 6), held against the imports that the sources really have. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'ava';
import { repository } from './support/runner.ts';

interface Import {
  from: string;
  /** A path from the repository's root, or the name of a package or built-in. */
  to: string;
  /** Erased before anything runs. */
  typeOnly: boolean;
  /** `import(…)`: loaded when it is reached. */
  lazy: boolean;
}

const sources = globSync('{cmd,src}/**/*.ts', { cwd: repository }).sort();
const code = new Map(
  sources.map((file) => [file, withoutComments(readFileSync(join(repository, file), 'utf8'))]),
);
const imports = sources.flatMap(importsOf);

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(),])\/\/[^\n]*/g, '');
}

function importsOf(from: string): Import[] {
  const text = code.get(from) ?? '';
  const found: Import[] = [];
  const add = (to: string | undefined, typeOnly: boolean, lazy: boolean): void => {
    if (to !== undefined) found.push({ from, to: resolved(from, to), typeOnly, lazy });
  };
  // `import { type X }` stays as `import {}`: only `import type` is erased.
  const statement = /^(?:import|export)(?<type> type)? (?:[^;'"=]*? from )?'(?<to>[^']+)';/gm;
  for (const { groups } of text.matchAll(statement))
    add(groups?.['to'], groups?.['type'] !== undefined, false);
  for (const [, to] of text.matchAll(/\bimport\('([^']+)'\)/g)) add(to, false, true);
  return found;
}

function resolved(from: string, to: string): string {
  return to.startsWith('.') ? relative(repository, join(repository, dirname(from), to)) : to;
}

/** Everything that is loaded before the first line of `file` runs, and by which way. */
function closure(file: string): Map<string, string[]> {
  const ways = new Map([[file, [file]]]);
  for (const [at, way] of ways)
    for (const { to, typeOnly, lazy, from } of imports)
      if (from === at && !typeOnly && !lazy && !ways.has(to)) ways.set(to, [...way, to]);
  return ways;
}

/** From the top of the design's arrows down. */
const floors: [string, number][] = [
  ['cmd/', 0],
  ['src/cli/', 1],
  ['src/doctor/', 2],
  ['src/credential/', 3],
  ['src/exchange/', 4],
  ['src/entry/', 5],
  ['src/source/', 5],
  ['src/cluster/', 5],
  ['src/settings/', 6],
  ['src/', 7],
];

function placeOf(file: string): [folder: string, floor: number] {
  const found = floors.find(([folder]) => file.startsWith(folder));
  if (found === undefined) throw new Error(`${file} is in no folder of the design`);
  return found;
}

test('the imports are found', (t) => {
  t.true(imports.length > 200);
  t.true(imports.some(({ lazy }) => lazy) && imports.some(({ typeOnly }) => typeOnly));
  // Where they are, the walk does find them.
  t.true(closure('src/credential/miss.ts').has('yaml'));
  t.true(closure('src/exchange/issue.ts').has('node:https'));
});

test('the warm lane loads built-ins only, and none that opens a connection or starts a program', (t) => {
  const ways = closure('cmd/kubectl-sa-token.ts');
  t.true(ways.has('src/credential/get-token.ts') && ways.has('src/entry/entry.ts'));
  const allowed = /^(?:cmd\/|src\/|node:(?:crypto|fs|os|path)$)/;
  const reached = [...ways].filter(([to]) => !allowed.test(to)).map(([, way]) => way.join(' → '));
  t.deepEqual(reached, []);
});

test('the warm lane does not load what a fresh entry needs nothing of', (t) => {
  const ways = closure('cmd/kubectl-sa-token.ts');
  const cold =
    /^src\/(?:cluster|exchange|source)\/|^src\/settings\/(?:profiles|resolve)|^src\/credential\/(?:miss|keep|fallback|renewal|log-)|src\/entry\/(?:store|keychain)/;
  t.deepEqual(
    [...ways.values()].filter((way) => cold.test(way.at(-1) ?? '')).map((way) => way.join(' → ')),
    [],
  );
});

test('what is loaded late is a file of ours: in the executable a CommonJS package would have no names', (t) => {
  const packages = imports.filter(({ lazy, to }) => lazy && !/^(?:cmd\/|src\/|node:)/.test(to));
  // The keychain's library has an adapter of its own there (.ci/keyring-native.ts).
  t.deepEqual([...new Set(packages.map(({ to }) => to))], ['@napi-rs/keyring']);
});

test('no V8 flag changes in a running engine', (t) => {
  // V8 ended one call in a thousand whose RegExps were compiled under other flags than they ran under.
  t.deepEqual(
    imports.filter(({ to }) => to === 'node:v8').map(({ from }) => from),
    [],
  );
});

test('the engine’s entry is an adapter of some lines', (t) => {
  t.true(readFileSync(join(repository, 'cmd/kubectl-sa-token.ts'), 'utf8').split('\n').length <= 40);
});

test('arrows point down: no folder reaches back up', (t) => {
  const wrong = imports.filter(({ from, to }) => {
    if (!/^(?:cmd|src)\//.test(to) || to.startsWith('src/failures/')) return false;
    // Words for failures name targets and settings, and nothing above.
    if (from.startsWith('src/failures/')) return !/^src\/(?:settings\/|errors|json)/.test(to);
    return placeOf(from)[1] > placeOf(to)[1];
  });
  t.deepEqual(
    wrong.map(({ from, to }) => `${from} → ${to}`),
    [],
  );
});

test('folders on one floor do not know each other both ways', (t) => {
  const across = imports.flatMap(({ from, to }) => {
    if (!to.startsWith('src/') || `${from} ${to}`.includes('src/failures/')) return [];
    const [[folder, floor], [other, below]] = [placeOf(from), placeOf(to)];
    return folder !== other && floor === below ? [`${folder} → ${other}`] : [];
  });
  t.deepEqual(
    across.filter((arrow) => across.includes(arrow.split(' → ').toReversed().join(' → '))),
    [],
  );
});

test('each package is used by the folders that it is for', (t) => {
  const homes: Record<string, RegExp> = {
    yargs: /^src\/cli\/program\.ts$/,
    yaml: /^src\/(?:settings\/profile(?:s|-document)|cluster\/\S+|cli\/yaml)\.ts$/,
    '@kubernetes/client-node': /^src\/cluster\//,
    '@napi-rs/keyring': /^src\/source\/keychain\.ts$/,
    jose: /^src\//,
  };
  for (const { from, to, typeOnly } of imports) {
    if (typeOnly || /^(?:cmd\/|src\/|node:)/.test(to)) continue;
    const home = homes[to];
    if (home === undefined) t.fail(`${from} → ${to}: a package that the design does not name`);
    else t.regex(from, home, to);
  }
});

test('process, the clock and fetch are touched in src/host.ts and src/process.ts only', (t) => {
  const outside =
    /\bprocess\.|\bprocess\b(?=\)| as |;)|\bDate\.now\b|\bnew Date\(\)|(?<![.\w])fetch\(|'node:process'/;
  for (const file of sources.filter((source) => source !== 'src/host.ts' && source !== 'src/process.ts')) {
    const line = (code.get(file) ?? '').split('\n').find((each) => outside.test(withoutTexts(each)));
    t.is(line, undefined, file);
  }
});

function withoutTexts(line: string): string {
  return line.replaceAll(/'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g, (text) =>
    text === "'node:process'" ? text : "''",
  );
}

test('the tests that SECURITY.md names for its claims are there', (t) => {
  const named = readFileSync(join(repository, 'SECURITY.md'), 'utf8').match(/`test\/[^`]+`/g) ?? [];
  const files = [...new Set(named.map((each) => each.replaceAll('`', '')))];
  t.true(files.length > 15);
  t.deepEqual(
    files.filter((file) => !existsSync(join(repository, file))),
    [],
  );
});
