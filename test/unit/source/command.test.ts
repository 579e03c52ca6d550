import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { commandSource } from '../../../src/source/command.ts';
import { fails } from '../../support/failure.ts';
import { sourceUrl } from '../../support/source-url.ts';
import { createHost, put, withParts } from '../../support/host.ts';
import { createSandbox } from '../../support/runner.ts';

const hint = 'run that command by hand: it must print the token and nothing else';

test('a text is for the shell, a list is run as it is', async (t) => {
  const host = withParts(createHost(t), { env: { PATH: process.env['PATH'], TOKEN: 'the-token' } });
  t.is<string | undefined, string>(
    await commandSource(host, 'printf "%s\\n" "$TOKEN" | tr t T').read(),
    'The-Token',
  );
  t.is<string | undefined, string>(await commandSource(host, ['printf', '%s', '$TOKEN']).read(), '$TOKEN');
});

test('it gets no stdin, the environment of the call, and is asked each time', async (t) => {
  const host = createHost(t);
  const log = put(host, 'log', '');
  const source = commandSource(
    withParts(host, { env: { LOG: log } }),
    'echo x >>"$LOG"; /bin/cat; echo the-token',
  );
  t.is(source.place, 'source-command');
  t.is<string | undefined, string>(await source.read(), 'the-token');
  t.is<string | undefined, string>(await source.read(), 'the-token');
  t.is(readFileSync(log, 'utf8'), 'x\nx\n');
});

test('nothing printed is no token', async (t) => {
  const host = createHost(t);
  for (const command of ['true', 'echo', 'printf " \\n"'])
    t.is(await commandSource(host, command).read(), undefined);
});

test('two lines are none, and not shown', async (t) => {
  const error = await fails(t, () => commandSource(createHost(t), 'echo secret-a; echo secret-b').read(), {
    code: 'bad-token',
    exitCode: 2,
    line: 'the output of source-command: holds more than one word or line; give the whole token of a ServiceAccount, and nothing else',
  });
  t.false(error.message.includes('secret'));
});

const fails3 = test.macro<[string | string[], string]>({
  async exec(t, command, problem) {
    await fails(t, () => commandSource(createHost(t), command).read(), {
      code: 'source-command-failed',
      exitCode: 3,
      line: `source-command ${problem}; ${hint}`,
    });
  },
  title: (given) => `a command that fails: ${given}`,
});

test('with an exit code', fails3, 'echo secret-a; exit 4', 'ended with exit code 4');
test('by a signal', fails3, 'kill -TERM $$', 'was ended by SIGTERM');
test('unknown to the shell', fails3, 'sa-token-no-such-program 2>/dev/null', 'ended with exit code 127');
test(
  'that is not there',
  fails3,
  ['sa-token-no-such-program'],
  'could not be started: sa-token-no-such-program is not there',
);
test('that is no program', fails3, ['/dev/null'], 'could not be started');
test('that prints without end', fails3, 'yes secret-word 2>/dev/null', 'printed more than a token');
test(
  'that prints without end through another',
  fails3,
  'yes secret-word 2>/dev/null | cat 2>/dev/null',
  'printed more than a token',
);

test('a command that hangs is ended, and so is the wait for what it started', async (t) => {
  const host = createHost(t);
  const done = join(host.home, 'done');
  for (const command of ['exec sleep 3', `sleep 3 | cat; touch ${done}`, 'sleep 3 & sleep 3']) {
    await fails(t, () => commandSource(host, command, 300).read(), {
      code: 'source-command-failed',
      exitCode: 3,
      line: `source-command did not end within 0.3 s; ${hint}`,
    });
  }
  t.false(existsSync(done));
});

test('in an exec hook it is run without what the client told us', async (t) => {
  const env = { KUBERNETES_EXEC_INFO: '{}', TOKEN: 'the-token' };
  const script = 'echo "${KUBERNETES_EXEC_INFO-none}-$TOKEN"';
  t.is<string | undefined, string>(
    await commandSource(withParts(createHost(t), { env }), script).read(),
    'none-the-token',
  );
});

test('its stderr is the person’s own, and not captured', async (t) => {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const script = `
    import { commandSource } from ${sourceUrl('src/source/command.ts')};
    import { systemHost } from ${sourceUrl('src/base/host.ts')};
    const token = await commandSource(systemHost(), 'echo touch your key >&2; echo the-token').read();
    process.stdout.write(token);`;
  const { code, stdout, stderr } = await sandbox.exec(process.execPath, [
    '--input-type=module',
    '--eval',
    script,
  ]);
  t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'the-token', stderr: 'touch your key\n' });
});

test('what outlives the call does not hold a pipe on its stderr', async (t) => {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const script = `
    import { commandSource } from ${sourceUrl('src/source/command.ts')};
    import { systemHost } from ${sourceUrl('src/base/host.ts')};
    const host = systemHost();
    const source = commandSource(host, 'sleep 60 & echo here >&2; echo the-token');
    host.out(await source.read());
    void commandSource(host, 'exec sleep 60').read();
    setTimeout(() => host.exit(), 500);`;
  const args = ['--input-type=module', '--eval', script];
  // The pipe's reader waits until nobody holds it any more.
  const result = await sandbox.exec(process.execPath, args, { timeoutMs: 30_000 });
  t.like(result, { code: 0, stdout: 'the-token', stderr: 'here\n', timedOut: false });
});
