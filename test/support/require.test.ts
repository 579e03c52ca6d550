import test, { type ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSandbox, repository } from './runner.ts';

/** A test that needs nginx, run by ava itself on a PATH without any program. */
async function runWithout(t: ExecutionContext, env: Record<string, string | undefined>) {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const helper = JSON.stringify(join(repository, 'test', 'support', 'require.ts'));
  const lines = [
    `import { requirement, testWith } from ${helper};`,
    `testWith('nginx')('proxies', (t) => t.fail('ran without nginx'));`,
    `testWith()('asks', (t) => { if (requirement(t, 'nginx')) t.fail('ran without nginx'); });`,
  ];
  await writeFile(join(sandbox.home, 'package.json'), '{"type":"module"}');
  await writeFile(
    join(sandbox.home, 'ava.config.js'),
    "export default { extensions: ['ts'], files: ['*.ts'] };",
  );
  await writeFile(join(sandbox.home, 'a.test.ts'), lines.join('\n'));
  const ava = join(repository, 'node_modules', 'ava', 'entrypoints', 'cli.js');
  return sandbox.exec(process.execPath, [ava, '--tap'], { env: { PATH: sandbox.home, ...env } });
}

test('what is missing is a skip that says so', async (t) => {
  const { code, stdout } = await runWithout(t, { CI: undefined });
  t.is(code, 0, stdout);
  t.regex(stdout, /^ok \d+ - proxies \(skipped: no nginx on PATH\) # SKIP$/m);
  t.regex(stdout, /skipped: no nginx on PATH/);
});

test('in CI it is a failure', async (t) => {
  const { code, stdout } = await runWithout(t, { CI: 'true' });
  t.is(code, 1);
  t.regex(stdout, /^not ok \d+ - proxies$/m);
  t.regex(stdout, /^not ok \d+ - asks$/m);
});
