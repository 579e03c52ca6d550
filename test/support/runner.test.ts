import test, { type ExecutionContext } from 'ava';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testWith } from './require.ts';
import { createSandbox, productCommand } from './runner.ts';
import { inTerminal } from './terminal.ts';

const withShell = testWith('sh');
const withTerminal = testWith('sh', 'pty');

async function setUp(t: ExecutionContext) {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const sh = (script: string, options?: Parameters<typeof sandbox.exec>[2]) =>
    sandbox.exec('sh', ['-c', script], options);
  const shInTerminal = (script: string, options: Parameters<typeof sandbox.runInTerminal>[1] = {}) =>
    inTerminal(['sh', '-c', script], { cwd: sandbox.home, ...options, env: sandbox.env });
  return { sandbox, sh, shInTerminal };
}

withShell('exit code, signal and both streams come back', async (t) => {
  const { sh } = await setUp(t);
  t.like(await sh('echo out; echo err >&2; exit 7'), {
    code: 7,
    signal: null,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  t.like(await sh('kill -TERM $$'), { code: null, signal: 'SIGTERM' });
});

withShell('stdin is a text, empty, or a pipe that never ends', async (t) => {
  const { sh } = await setUp(t);
  t.is((await sh('cat', { stdin: 'hello' })).stdout, 'hello');
  t.is((await sh('cat; echo end')).stdout, 'end\n');
  t.like(await sh('cat', { stdin: { open: true }, timeoutMs: 100 }), { timedOut: true, signal: 'SIGKILL' });
  t.like(await sh('echo no reading', { stdin: { open: true } }), { code: 0, timedOut: false });
});

withShell('one that hangs is killed with its children', async (t) => {
  const { sh } = await setUp(t);
  const { timedOut, durationMs } = await sh('sleep 30 & sleep 30', { timeoutMs: 100 });
  t.true(timedOut);
  t.true(durationMs < 3000);
});

withShell('exec info is one line of JSON with its newline', async (t) => {
  const { sh } = await setUp(t);
  const { stdout } = await sh('printf %s "$KUBERNETES_EXEC_INFO"; printf .', {
    execInfo: { kind: 'ExecCredential' },
  });
  t.is(stdout, '{"kind":"ExecCredential"}\n.');
});

test.serial('nothing of the person’s environment gets in', async (t) => {
  const theirs = [
    'KUBECONFIG',
    'KUBECTL_SA_TOKEN_SERVER',
    'HTTPS_PROXY',
    'no_proxy',
    'DBUS_SESSION_BUS_ADDRESS',
  ];
  const before = theirs.map((name) => [name, process.env[name]] as const);
  for (const name of theirs) process.env[name] = 'theirs';
  t.teardown(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  const { sandbox } = await setUp(t);
  t.false(Object.values(sandbox.env).includes('theirs'));
  t.is(sandbox.env['HOME'], sandbox.home);
  const child = await sandbox.exec(process.execPath, ['-p', 'process.env.A + process.env.HOME'], {
    env: { A: 'a', HOME: undefined },
  });
  t.is(child.stdout, 'aundefined\n');
});

test.serial('the product is the sources, or the binary that SA_TOKEN_BIN names', async (t) => {
  const before = process.env['SA_TOKEN_BIN'];
  t.teardown(() => {
    if (before === undefined) delete process.env['SA_TOKEN_BIN'];
    else process.env['SA_TOKEN_BIN'] = before;
  });
  delete process.env['SA_TOKEN_BIN'];
  t.is(productCommand()[0], process.execPath);
  t.regex(productCommand()[1] ?? '', /kubectl-sa-token\.ts$/);
  const { sandbox } = await setUp(t);
  const binary = join(sandbox.home, 'binary');
  await writeFile(binary, '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
  process.env['SA_TOKEN_BIN'] = binary;
  t.is((await sandbox.run(['get-token', 'p'])).stdout, 'get-token p\n');
});

test('cleanup takes the home away', async (t) => {
  const sandbox = await createSandbox();
  await sandbox.cleanup();
  await t.throwsAsync(stat(sandbox.home), { code: 'ENOENT' });
});

withTerminal('a terminal echoes what is typed, unless told not to', async (t) => {
  const { shInTerminal } = await setUp(t);
  const script =
    'printf "name? "; read n; stty -echo; printf "word? "; read w; stty echo; echo; echo "$n ${#w}"; exit 4';
  const result = await shInTerminal(script, {
    script: [
      { expect: 'name? ', send: 'bob\r' },
      { expect: 'word? ', send: 'hidden\r' },
    ],
  });
  t.like(result, { code: 4, signal: null, echoAtStep: [true, false], echo: true, missed: null });
  t.is(result.transcript, 'name? bob\r\nword? \r\nbob 6\r\n');
});

withTerminal('a program that leaves the echo off is found out', async (t) => {
  const { shInTerminal } = await setUp(t);
  t.like(await shInTerminal('stty -echo'), { code: 0, echo: false });
});

withTerminal('Ctrl-C on the terminal, with stdout in a pipe', async (t) => {
  const { shInTerminal } = await setUp(t);
  const result = await shInTerminal('echo out; echo err >&2; sleep 9', {
    captureStdout: true,
    script: [{ expect: 'err', send: '\u0003' }],
  });
  t.like(result, { code: null, signal: 2, stdout: 'out\n' });
  t.false(result.transcript.includes('out'));
});

withTerminal('text that never comes is told, and the program killed', async (t) => {
  const { shInTerminal } = await setUp(t);
  const result = await shInTerminal('sleep 9', { script: [{ expect: 'hello' }], timeoutMs: 200 });
  t.like(result, { missed: 'hello', signal: 9 });
});
