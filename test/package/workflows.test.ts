/** The workflows that GitHub runs: in good order by actionlint, and no more rights or secrets in a step than it needs. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { goPrograms } from '../../cmd/release/go-programs.ts';
import { execute } from '../support/child.ts';
import { onPath } from '../support/kubectl.ts';
import { testUnless } from '../support/require.ts';
import { repository } from '../support/runner.ts';

interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<string, { permissions?: Record<string, string>; steps: { uses?: string; run?: string }[] }>;
}

const workflowIn = (text: string): Workflow => parse(text);
const files = globSync('.github/workflows/*.yml', { cwd: repository }).toSorted();
const read = (file: string): string => readFileSync(join(repository, file), 'utf8');
const workflows = files.map((file) => ({ file, workflow: workflowIn(read(file)) }));
const commands = workflows.flatMap(({ workflow }) =>
  Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? [])),
);

const absent = ['go', 'shellcheck'].filter((program) => onPath(program) === undefined);
testUnless(absent.length > 0 ? `no ${absent.join(', ')} on PATH` : undefined)(
  'actionlint, with shellcheck for the commands, finds nothing to complain about',
  async (t) => {
    t.timeout(600_000);
    const folder = goPrograms(join(import.meta.dirname, 'actionlint'), [
      'github.com/rhysd/actionlint/cmd/actionlint',
    ]);
    const checked = await execute([join(folder, 'actionlint'), ...files], {
      cwd: repository,
      env: { PATH: process.env['PATH'] ?? '' },
      timeoutMs: 120_000,
    });
    t.deepEqual([checked.code, checked.stdout, checked.stderr], [0, '', '']);
  },
);

test('every action is named by a commit, with its version beside it', (t) => {
  const used = files.flatMap((file) => read(file).match(/^.*\buses: .*$/gm) ?? []);
  t.true(used.length > 10);
  t.deepEqual(
    used.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)),
    [],
  );
});

test('a job has the rights that it needs, and no other', (t) => {
  const rights = workflows.flatMap(({ file, workflow }) => [
    [file, workflow.permissions],
    ...Object.entries(workflow.jobs).flatMap(([job, { permissions }]) =>
      permissions === undefined ? [] : [[`${file} ${job}`, permissions]],
    ),
  ]);
  t.deepEqual(Object.fromEntries(rights), {
    '.github/workflows/ci.yml': { contents: 'read' },
    '.github/workflows/release.yml': {},
    '.github/workflows/release.yml check': { contents: 'read' },
    '.github/workflows/release.yml package': { contents: 'read' },
    '.github/workflows/release.yml draft': { attestations: 'write', contents: 'write', 'id-token': 'write' },
    '.github/workflows/release.yml npm': { contents: 'read', 'id-token': 'write' },
    '.github/workflows/release.yml krew': { contents: 'read' },
    '.github/workflows/release.yml image': { contents: 'read', packages: 'write' },
  });
});

test('what commands name is there, and nothing is pasted into them', (t) => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
  const text = commands.join('\n');
  const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script);
  t.deepEqual(new Set(named), new Set(['verify:node', 'package']));
  t.deepEqual(
    named.filter((script) => scripts[script] === undefined),
    [],
  );
  const paths = [...text.matchAll(/(?:^|[\s/"])((?:cmd|\.ci)\/[\w./-]+)/g)].map(([, path = '']) => path);
  t.true(paths.length >= 3);
  t.deepEqual(
    paths.filter((path) => !existsSync(join(repository, path))),
    [],
  );
  t.false(text.includes('${{'));
});
