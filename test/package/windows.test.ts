/** The archive for Windows, run by Wine: the whole life of a profile in Credential Manager, from a folder with blanks. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { execute } from '../support/child.ts';
import { testUnless } from '../support/require.ts';
import { startServer } from '../support/token-request-server.ts';
import { lacksChroots, onCopy } from './chroots.ts';
import { unpack, version } from './release.ts';
import { inWine, windowsHome, windowsPath, wineChroot } from './wine.ts';

const account = { namespace: 'team-a', name: 'robot' };
const missing =
  process.arch === 'x64' ? lacksChroots() : `Wine runs programs for x86-64, and this is ${process.arch}`;

const base = '/srv/Prögramme und Däten';
const plugin = `${base}/plugin`;
const profiles = `${windowsHome}/.kube/sa-token.yaml`;
/** In ASCII, since cmd.exe reads its scripts by the console's code page. */
const otherHome = '/srv/other home';
const credentials = String.raw`'HKEY_CURRENT_USER\Software\Wine\Credential Manager'`;

/** Name and command of each step, in the order in which they run; `$plugin` is the program. */
const steps = {
  version: '$plugin version',
  otherName: `wine '${plugin}/kubectl-sa-token.cmd' version`,
  completion: `wine '${plugin}/kubectl_complete-sa_token.cmd' ver`,
  login: `$plugin login prod --server "$server" --certificate-authority '${windowsPath(`${base}/ca.crt`)}' --token-file '${windowsPath(`${base}/robot.token`)}'`,
  stored: `wine reg query ${credentials} /s`,
  cold: '$plugin get-token prod --force-refresh',
  warm: '$plugin get-token prod',
  list: '$plugin list',
  kubeconfig: '$plugin kubeconfig prod',
  doctor: `WINEPATH='${windowsPath(plugin)}' $plugin doctor prod`,
  lineEnds: `sed -i 's/$/\\r/' '${profiles}' && $plugin get-token prod --force-refresh`,
  quotes: `cat '${base}/quoted.yaml' >>'${profiles}' && $plugin get-token quoted -o token`,
  home: `wine cmd /c '${windowsPath(`${base}/home.cmd`)}'`,
  logout: '$plugin logout prod',
  removed: `wine reg query ${credentials} /s`,
  loggedOut: '$plugin get-token prod',
};
type Step = keyof typeof steps;

testUnless(missing).serial('Windows: login, get-token, list, kubeconfig, doctor, logout', async (t) => {
  const layer = await mkdtemp(join(tmpdir(), 'sa-token-wine-'));
  t.teardown(() => rm(layer, { recursive: true, force: true }));
  const server = await startServer();
  t.teardown(() => server.close());
  const robot = await server.cluster.createRobot(account);
  const folder = join(layer, 'upper', base);
  await unpack('windows-amd64', join(layer, 'upper', plugin));
  await put(folder, 'ca.crt', server.caPem);
  await put(folder, 'robot.token', robot.token);
  await put(folder, 'tools/print token.cmd', `@if "%~1"=="two words" type "%~dp0..\\robot.token"\r\n`);
  const command = `"${windowsPath(`${base}/tools/print token.cmd`)}" "two words"`;
  const quoted = {
    server: server.url,
    namespace: account.namespace,
    'service-account': account.name,
    'certificate-authority': windowsPath(`${base}/ca.crt`),
    'source-command': command,
  };
  await put(folder, 'quoted.yaml', `  quoted: ${JSON.stringify(quoted)}\r\n`);
  await put(join(layer, 'upper', otherHome), '.kube/config', '');
  await put(
    join(layer, 'upper', otherHome),
    '.kube/sa-token.yaml',
    `profiles:\n  elsewhere: ${JSON.stringify(quoted)}\n`,
  );
  const [drive = '', path = ''] = windowsPath(otherHome).split(/(?<=^.:)/);
  const lines = [
    `@set HOMEDRIVE=${drive}`,
    `@set HOMEPATH=${path}`,
    '@"%~dp0plugin\\kubectl-sa_token.exe" list -o name',
  ];
  await put(folder, 'home.cmd', lines.map((line) => `${line}\r\n`).join(''));

  const ran = await runSteps(t, layer, server.url);
  for (const name of ['version', 'otherName'] as const)
    t.deepEqual(ran(name), { code: 0, out: `kubectl-sa-token v${version}\n`, err: '' });
  t.regex(ran('completion').out, /^version\t/);
  t.is(ran('login').code, 0, ran('login').err);
  t.regex(ran('stored').out, /kubectl-sa-token/);
  const { out: cold, err, code } = ran('cold');
  t.deepEqual([code, err], [0, '']);
  t.regex(cold, /^\{"kind":"ExecCredential",.*\}\n$/);
  t.deepEqual(ran('warm'), { code: 0, out: cold, err: '' });
  t.regex(ran('list').out, /^prod +team-a\/robot .*keychain/m);
  t.is(ran('kubeconfig').code, 0, ran('kubeconfig').err);
  const kubeconfig = await readFile(join(layer, 'upper', windowsHome, '.kube/config'), 'utf8');
  t.regex(kubeconfig, /command: .*kubectl-sa_token/);
  t.is(ran('doctor').code, 0, ran('doctor').out + ran('doctor').err);
  for (const check of ['path', 'profile', 'keychain', 'source', 'proxy', 'grant'])
    t.regex(ran('doctor').out, new RegExp(`^ok +${check} `, 'm'));
  t.deepEqual([ran('lineEnds').code, ran('lineEnds').err], [0, '']);
  t.deepEqual([ran('quotes').code, ran('quotes').err], [0, '']);
  t.regex(ran('quotes').out, /^eyJ/);
  t.deepEqual(ran('home'), { code: 0, out: 'elsewhere\n', err: '' });
  t.is(ran('logout').code, 0, ran('logout').err);
  t.notRegex(ran('removed').out, /kubectl-sa-token/);
  t.is(ran('loggedOut').code, 3);
  t.is(ran('loggedOut').out, '');
});

async function put(folder: string, name: string, text: string): Promise<void> {
  const file = join(folder, name);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
}

interface Ran {
  code: number;
  out: string;
  err: string;
}

/**
 * All in one session: what Credential Manager holds is in the memory of Wine's server until that ends. It stays between the
 * steps, since a program that starts while it ends loses it.
 */
async function runSteps(t: ExecutionContext, layer: string, server: string): Promise<(step: Step) => Ran> {
  const results = '/srv/results';
  // To files, since Wine's Node does not open the pipes of Linux.
  const commands = Object.entries(steps).map(([name, command]) => {
    const file = `${results}/${name}`;
    return `{ ${command.replaceAll('$plugin', `wine '${plugin}/kubectl-sa_token.exe'`)}; } >${file}.out 2>${file}.err </dev/null; echo $? >${file}.code`;
  });
  const script = [`server=${server}`, 'wineserver --persistent', `mkdir ${results}`, ...commands].join('\n');
  const words = [...onCopy(wineChroot(), layer, 'exec chroot "$root" "$@"'), 'sh', ...inWine(script)];
  t.timeout(1_200_000);
  const { code, stderr } = await execute(words, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    timeoutMs: 300_000,
  });
  t.is(code, 0, stderr);
  const read = (name: string, kind: string): Promise<string> =>
    readFile(join(layer, 'upper', results, `${name}.${kind}`), 'utf8');
  const found = new Map<string, Ran>();
  for (const name of Object.keys(steps)) {
    const [out, err] = [await read(name, 'out'), await read(name, 'err')];
    found.set(name, { code: Number(await read(name, 'code')), out, err });
  }
  return (step) => found.get(step) ?? { code: -1, out: '', err: '' };
}
