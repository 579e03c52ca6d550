/**
 * One run of every command under strace: what each process was started with, what it wrote and where, its standard
 * error and all files afterwards are searched for the tokens.
 */
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands } from '../../src/cli/command-list.ts';
import { PLUGIN } from '../e2e/support/installation.ts';
import { allGone } from '../e2e/support/processes.ts';
import { execInfo, setScene } from '../e2e/support/scene.ts';
import { findKubectls } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { ROBOT } from '../support/robot.ts';
import { inTerminal } from '../support/terminal.ts';
import { Suspicion } from './support/suspicion.ts';

const { serial } = testWith('strace', 'secret-service', 'pty');

interface Step {
  args: string[];
  stdin?: string;
  /** Typed at the prompt. */
  typed?: string;
  /** As client-go calls it. */
  hook?: boolean;
  code?: number;
}

const EVERYTHING = ['-f', '-y', '-s', '20000', '-v', '-e', 'trace=execve,write,pwrite64,writev'];

serial('every command, and no token but where it belongs', async (t) => {
  const scene = await setScene(t, { keychain: true });
  const { home, sandbox, server, robot } = scene;
  await scene.writeKubeconfig();
  // doctor runs kubectl: a plain build, where one on PATH would ask the server itself, and keep the answer.
  const [plain] = findKubectls();
  if (plain !== undefined) await symlink(plain.path, join(scene.installed, 'kubectl'));
  const input = join(home, 'input');
  await mkdir(input, { mode: 0o700 });
  await writeFile(join(input, 'token'), robot.token, { mode: 0o600 });
  const bad = `${robot.token.slice(0, -40)}${'A'.repeat(40)}`;
  const suspicion = new Suspicion(server.cluster.settings.signer, [robot.token, bad]);
  const log = join(input, 'strace.log');
  const steps = stepsOf(['--server', server.url, '--certificate-authority', scene.caFile], {
    token: robot.token,
    file: join(input, 'token'),
    secret: `${ROBOT.namespace}/${robot.secretName}`,
    bad,
  });
  for (const { args, stdin, typed, hook, code } of steps) {
    const words = ['-o', log, ...EVERYTHING, PLUGIN, ...args];
    const result =
      typed === undefined
        ? await sandbox.exec('strace', words, {
            ...(stdin === undefined ? {} : { stdin }),
            ...(hook ? { execInfo: execInfo() } : {}),
          })
        : await atPrompt(['strace', ...words], typed, sandbox.env);
    const what = args.join(' ').replaceAll(home, '~').replace(/:\d+/, '');
    if (code !== undefined) t.is(result.code, code, `${what}: ${result.stderr}`);
    t.deepEqual(await allGone(home, 10_000), []);
    const roots = [join(home, '.kube'), join(home, 'tmp'), scene.keychainFolder ?? ''];
    await suspicion.search({ what, args, result, log: await readFile(log, 'utf8'), roots });
  }
  t.deepEqual(await openFiles(join(home, '.kube'), suspicion), []);
  t.log(suspicion.summary());
  t.true(suspicion.seen.answers > 8 && suspicion.seen.entries > 4, 'it finds tokens where they are');
  t.deepEqual(suspicion.found, []);
});

/** In the order of a person's days. */
function stepsOf(
  flags: string[],
  { token, file, secret, bad }: { token: string; file: string; secret: string; bad: string },
): Step[] {
  const outputs = ['exec-credential', 'token', 'header', 'json'];
  const named = new Set(['login', 'get-token', 'logout']);
  return [
    { args: ['login', 'prod', ...flags, '--token-stdin'], stdin: `${token}\n`, code: 0 },
    { args: ['login', 'filed', ...flags, '--token-file', file, '-v'], code: 0 },
    { args: ['login', 'typed', ...flags], typed: token, code: 0 },
    { args: ['login', 'linked', ...flags, '--source-file', file], code: 0 },
    { args: ['get-token', 'prod'], hook: true, code: 0 },
    { args: ['login', 'secret', ...flags, '--from-secret', secret], code: 0 },
    ...outputs.map((output) => ({ args: ['get-token', 'prod', '-o', output, '-v'], code: 0 })),
    ...outputs.map((output) => ({ args: ['get-token', 'linked', '-o', output, '--force-refresh'], code: 0 })),
    { args: ['get-token', 'prod', '--force-refresh', '-v'], code: 0 },
    { args: ['get-token', 'prod', '-v'], hook: true, code: 0 },
    { args: ['get-token', 'prod', '--audience', 'vault', '-v'], code: 0 },
    { args: ['login', 'again', '--from-profile', 'prod', '-v'], code: 0 },
    { args: ['get-token', 'prod', '--server', 'https://localhost:1', '-v'], code: 2 },
    { args: ['get-token', 'prod', token], hook: true, code: 2 },
    { args: ['logout', '--all'], hook: true, code: 2 },
    { args: ['login', 'prod', '--token-stdin', '--no-verify'], stdin: bad, code: 2 },
    { args: ['get-token', 'prod', '--cache', 'keychain'], code: 0 },
    { args: ['get-token', 'prod', '--cache', 'none', '-v'], code: 0 },
    ...commands.flatMap(({ usage }) => {
      const name = usage.split(' ')[0] ?? '';
      if (named.has(name)) return [];
      return [['prod'], ['prod', '-v', '-o', 'json'], [], ['nobody'], [token]].map((words) => ({
        args: [name, ...words],
      }));
    }),
    { args: ['list', '-o', 'wide'], code: 0 },
    { args: ['kubeconfig', 'prod', '--user', 'robot', '--dry-run'], code: 0 },
    { args: ['login', 'prod', '--token-stdin'], stdin: bad, code: 4 },
    { args: ['login', 'prod', '--token-stdin', '-v'], stdin: `${token} ${token}`, code: 2 },
    { args: ['login', 'prod', '--server', token, '--token-stdin', '-v'], stdin: token, code: 2 },
    {
      args: ['login', 'other', '--server', 'https://localhost:1/kubernetes', '--token-stdin'],
      stdin: token,
      code: 5,
    },
    { args: ['get-token', token], code: 2 },
    { args: ['get-token', 'prod', '--no-such', token], code: 2 },
    { args: ['get-token', 'prod', '--namespace', 'other', '-v'] },
    { args: ['logout', 'prod'], code: 0 },
    { args: ['get-token', 'prod', '-v'], hook: true },
    { args: ['logout', '--all', '--forget'], code: 0 },
  ];
}

async function atPrompt(argv: string[], typed: string, env: Record<string, string>) {
  const script = [{ expect: '(not shown): ', send: `${typed}\r` }];
  const { code, transcript } = await inTerminal(argv, { env, cwd: env['HOME'] ?? '/', script });
  return { code, stdout: '', stderr: transcript };
}

/** Files of ours that others could read. */
async function openFiles(folder: string, { files }: Suspicion): Promise<string[]> {
  const open: string[] = [];
  for (const file of files) {
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && file.startsWith(folder) && (found.mode & 0o077) !== 0) open.push(file);
  }
  return open;
}
