/** The manual page, read by mandoc: in good order, and with all that the program's own help has. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { manualPage } from '../../cmd/release/manual.ts';
import { commands } from '../../src/cli/command-list.ts';
import { exit } from '../../src/errors/codes.ts';
import { settingNames, variableOf } from '../../src/settings/table.ts';
import { execute } from '../support/child.ts';
import { onPath } from '../support/kubectl.ts';
import { testUnless } from '../support/require.ts';

const missing = onPath('mandoc') === undefined ? 'no mandoc on PATH' : undefined;

testUnless(missing)('mandoc finds nothing to complain about', async (t) => {
  t.is(await mandoc(t, '-T', 'lint', '-W', 'warning'), '');
});

testUnless(missing)('it tells of every command, flag, variable and exit code', async (t) => {
  // Without overstrikes, by which a terminal shows what is bold.
  const shown = (await mandoc(t, '-T', 'utf8', '-O', 'width=300')).replaceAll(/.\x08/gu, '');
  const wanted = [
    ...commands.map(({ usage }) => `kubectl sa-token ${usage}`),
    ...commands.flatMap(({ options }) => Object.keys(options)).map((name) => `--${name}`),
    ...settingNames.map((name) => `Variable: ${variableOf(name)}.`),
    ...commands.flatMap(({ examples }) =>
      examples.map(([line]) => line.replaceAll('$0', 'kubectl sa-token')),
    ),
  ];
  t.true(wanted.length > 100);
  t.deepEqual(
    wanted.filter((text) => !shown.includes(text)),
    [],
  );
  const [, after = ''] = shown.split('EXIT STATUS');
  t.deepEqual(
    [...after.matchAll(/^ +(\d) +\w/gm)].map(([, code]) => Number(code)),
    [0, ...Object.values(exit)],
  );
});

async function mandoc(t: ExecutionContext, ...words: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sa-token-manual-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'kubectl-sa-token.1');
  await writeFile(file, manualPage(new Date(0)));
  const { stdout, stderr } = await execute(['mandoc', ...words, file], {
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' },
  });
  return stdout + stderr;
}
