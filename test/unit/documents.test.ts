/** What the documents say of the tree, held against the tree: sections, paths, links, codes, settings, commands. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { objectAt, parseJson } from '../../src/base/json.ts';
import { commands } from '../../src/cli/command-list.ts';
import { errorCodes, exit } from '../../src/errors/codes.ts';
import { flagOf, settingNames, variableOf } from '../../src/settings/table.ts';
import { repository } from '../support/runner.ts';

const documents = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  '.github/CONTRIBUTING.md',
  'docs/keychains.md',
  'src/CONTRACTS.md',
  'src/README.md',
  'cmd/README.md',
  'test/README.md',
  'test/clients/README.md',
];
const programs = text('cmd/README.md');

function text(file: string): string {
  return readFileSync(join(repository, file), 'utf8');
}

function isThere(path: string): boolean {
  return existsSync(join(repository, path));
}

function sectionOf(document: string, heading: string): string {
  const [, after = ''] = document.split(`\n## ${heading}\n`);
  return after.split('\n## ')[0] ?? '';
}

/** Words in backticks, those of code blocks left out. */
function quoted(document: string): string[] {
  const prose = document.replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].flatMap(([, words = '']) => words.split(' '));
}

/** Paths from the repository's root, as far as a word begins like one. */
function rootPaths(document: string): string[] {
  return [...new Set(quoted(document).filter((word) => /^(?:src|cmd|test|\.ci|\.github)\//.test(word)))];
}

test('the paths that documents name are there', (t) => {
  const named = documents.flatMap((file) => rootPaths(text(file)).map((path) => ({ file, path })));
  t.true(named.length > 30);
  t.true(named.filter(({ file }) => file === 'SECURITY.md').length > 15);
  t.deepEqual(
    named.filter(({ path }) => !isThere(path)).map(({ file, path }) => `${file}: ${path}`),
    [],
  );
});

test('the paths that src/README.md and cmd/README.md name from their own folder are there', (t) => {
  for (const folder of ['src', 'cmd']) {
    const own = quoted(text(`${folder}/README.md`)).filter((word) => /^[a-z-]+(?:\/[\w.-]*)+$/.test(word));
    t.true(own.length > 1);
    t.deepEqual(
      own.filter((path) => !isThere(join(folder, path)) && !isThere(path)),
      [],
    );
  }
});

test('the picture in src/README.md names files that are there, each once', (t) => {
  const [, picture = ''] = /^```\n([\s\S]*?)^```/m.exec(text('src/README.md')) ?? [];
  const files = picture.match(/[\w-]+\/[\w-]+\.ts/g) ?? [];
  t.true(files.length > 15);
  t.deepEqual(
    files.filter((file) => !isThere(join('src', file)) && !isThere(file)),
    [],
  );
  t.is(new Set(files).size, files.length);
});

test('links between documents lead somewhere', (t) => {
  const links = documents.flatMap((file) =>
    [...text(file).matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, to = '']) => ({ file, to })),
  );
  t.true(links.length > 5);
  t.deepEqual(
    links.filter(({ file, to }) => !isThere(join(dirname(file), to))).map(({ file, to }) => `${file}: ${to}`),
    [],
  );
});

test('the npm scripts that documents name are there', (t) => {
  const scripts = objectAt(parseJson(text('package.json')), 'scripts');
  const named = documents.flatMap((file) =>
    [...text(file).matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script),
  );
  t.true(named.length > 5);
  t.deepEqual(
    named.filter((script) => scripts[script] === undefined),
    [],
  );
});

test('the commands that documents and the krew manifest name are there', (t) => {
  const known = new Set(commands.flatMap(({ usage, aliases = [] }) => [usage.split(' ')[0], ...aliases]));
  const named = [...documents, 'plugin.yaml'].flatMap((file) =>
    [...text(file).matchAll(/kubectl[- ]sa[-_]token ([a-z-]+)/g)].map(([, word = '']) => ({ file, word })),
  );
  t.true(named.length > 20);
  t.deepEqual(
    named.filter(({ word }) => !known.has(word)).map(({ file, word }) => `${file}: ${word}`),
    [],
  );
});

test('cmd/README.md has every error code, with its exit code, and no other', (t) => {
  const rows = [...sectionOf(programs, 'Exit codes and error codes').matchAll(/^\| (\d) .*\|$/gm)];
  const told = rows.flatMap(([row = '', exitCode]) =>
    [...(row.split('|')[3] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, code]) => `${exitCode} ${code}`),
  );
  t.deepEqual(
    rows.map(([, exitCode]) => Number(exitCode)),
    Object.values(exit),
  );
  t.deepEqual(
    told.toSorted(),
    Object.entries(errorCodes)
      .map(([code, exitCode]) => `${exitCode} ${code}`)
      .toSorted(),
  );
});

test('README.md has every exit code that a person can act on', (t) => {
  const told = [...sectionOf(text('README.md'), 'When it fails').matchAll(/^\| (\d) /gm)];
  t.deepEqual(
    told.map(([, exitCode]) => Number(exitCode)),
    Object.values(exit).filter((exitCode) => exitCode !== exit.unexpected),
  );
});

test('cmd/README.md has every setting and its variable, and no other', (t) => {
  const rows = [
    ...sectionOf(programs, 'Variables').matchAll(/^\| `([a-z-]+)` +\| `(KUBECTL_SA_TOKEN_\w+)`/gm),
  ];
  t.deepEqual(
    rows.map(([, name, variable]) => `${name} ${variable}`),
    settingNames.map((name) => `${flagOf(name)} ${variableOf(name)}`),
  );
  const all = programs.match(/KUBECTL_SA_TOKEN_[A-Z]\w*/g) ?? [];
  t.deepEqual(
    [...new Set(all)].toSorted(),
    [...settingNames.map(variableOf), 'KUBECTL_SA_TOKEN_CONFIG', 'KUBECTL_SA_TOKEN_PROFILE'].toSorted(),
  );
});

test('cmd/README.md has every command', (t) => {
  const outputs = sectionOf(programs, 'Outputs');
  const names = commands.map(({ usage }) => usage.split(' ')[0] ?? '');
  t.deepEqual(
    names.filter((name) => !new RegExp(`\`${name}(?: -o \\w+)?\``).test(outputs)),
    [],
  );
});

interface Line {
  readonly file: string;
  readonly line: string;
}

/** Lines of the sources and tests; but not of this file, which has the patterns in it. */
function sourceLines(): Line[] {
  return globSync('{cmd,src,test}/**/*.ts', { cwd: repository })
    .filter((file) => !file.endsWith('/documents.test.ts'))
    .flatMap((file) =>
      text(file)
        .split('\n')
        .map((line) => ({ file, line: line.trim() })),
    );
}

function isComment({ line }: Line): boolean {
  return /^(?:\/?\*|\/\/)/.test(line);
}

test('comments cite other repositories by their full name, and no paper that only their author has', (t) => {
  const lost =
    /(?<!src\/)\b[Cc]ontracts \d|\b[Dd]esign(?:'s)?,? section|\b(?:AM|AS|CB|CG|KC|KK|NG) (?:pkg\/|\w+\.go|\w+\/)/;
  t.deepEqual(
    sourceLines()
      .filter((each) => isComment(each) && lost.test(each.line))
      .map(({ file, line }) => `${file}: ${line}`),
    [],
  );
});

test('the sections of src/CONTRACTS.md that are cited are there', (t) => {
  const sections = new Set(
    [...text('src/CONTRACTS.md').matchAll(/^#+ (\d+(?:\.\d+)?)\.? /gm)].map(([, number]) => number),
  );
  const prose = documents.map((file) => ({ file, line: text(file) }));
  const cited = [...sourceLines().filter(isComment), ...prose].flatMap(({ file, line }) =>
    [...line.matchAll(/CONTRACTS\.md ((?:\d+(?:\.\d+)?(?:, | and | to |-)?)+)/g)].flatMap(([, list = '']) =>
      (list.match(/\d+(?:\.\d+)?/g) ?? []).map((number) => ({ file, number })),
    ),
  );
  t.true(cited.length > 10);
  t.deepEqual(
    cited.filter(({ number }) => !sections.has(number)).map(({ file, number }) => `${file}: ${number}`),
    [],
  );
});

test('the documents that sources name are there', (t) => {
  const named = sourceLines().flatMap(({ file, line }) =>
    [...line.matchAll(/(?<![\w/.-])(?:(?:src|cmd|test)\/)?[A-Z]{4,}\.md\b/g)].map(([path]) => ({
      file,
      path,
    })),
  );
  t.true(named.length > 5);
  t.deepEqual(
    named.filter(({ path }) => !isThere(path)).map(({ file, path }) => `${file}: ${path}`),
    [],
  );
});
