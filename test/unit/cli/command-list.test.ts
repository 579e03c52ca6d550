import test from 'ava';
import { commands } from '../../../src/cli/command-list.ts';
import { flagOf, settingNames } from '../../../src/settings/table.ts';
import { createHost } from '../../support/host.ts';
import { runMain } from '../../support/in-process.ts';
import type { ExecutionContext } from 'ava';

async function run(t: ExecutionContext, ...argv: string[]): Promise<string> {
  const host = createHost(t, { argv });
  await runMain(host);
  const { out, err, exitCode } = host.written;
  t.deepEqual({ err, exitCode }, { err: '', exitCode: undefined }, argv.join(' '));
  return out;
}

const nameOf = (usage: string) => usage.split(' ')[0] ?? '';

test('help is what a bare call, -h and --help print, and it names every command', async (t) => {
  const bare = await run(t);
  t.is(await run(t, '--help'), bare);
  t.is(await run(t, '-h'), bare);
  t.is(await run(t, 'help'), bare);
  t.is(await run(t, 'help', 'login'), await run(t, 'login', '--help'));
  t.regex(bare, /^Act as a Kubernetes ServiceAccount: /);
  for (const { usage } of commands) t.true(bare.includes(`\n  kubectl sa-token ${usage} `), usage);
  const codes =
    '1 unexpected, 2 usage, 3 not logged in, 4 refused, 5 unreachable, 6 keychain, 7 unsafe file.';
  t.true(bare.replaceAll(/\s+/g, ' ').includes(`Exit codes: ${codes}`));
});

for (const { usage, summary, examples, aliases = [], options } of commands) {
  const name = nameOf(usage);
  test(`${name} --help says what it does, by which options, with examples`, async (t) => {
    const help = await run(t, ...name.split(' '), '--help');
    t.true(help.startsWith(`kubectl sa-token ${usage}\n\n`), help.slice(0, 100));
    t.true(help.replaceAll(/\s+/g, ' ').includes(summary));
    t.true(examples.length > 0);
    // Each on a line of its own, to be copied.
    for (const [line, what] of examples)
      t.true(help.includes(`\n  ${line.replaceAll('$0', 'kubectl sa-token')}\n      ${what}`), line);
    for (const option of Object.keys(options)) t.regex(help, new RegExp(`--${option}\\b`), option);
    for (const alias of aliases) t.is(await run(t, alias, '--help'), help);
    t.notRegex(help, /undefined|\[object/);
  });
}

test('get-token and login show every setting', async (t) => {
  for (const name of ['get-token', 'login']) {
    const help = await run(t, name, '--help');
    for (const setting of settingNames) t.regex(help, new RegExp(`--${flagOf(setting)}\\b`));
    t.regex(help, /-n, --namespace/);
  }
});

test('no line of help is wider than a terminal', async (t) => {
  for (const name of ['', ...commands.map(({ usage }) => nameOf(usage))])
    for (const line of (await run(t, ...(name === '' ? [] : [name]), '--help')).split('\n'))
      t.true(line.length <= 100, line);
});
