/**
 * Where a row is played: a person who is logged in with two profiles, an attacker who listens, and a folder with what was
 * downloaded from the attacker. Between kubectl and the plugin a script writes down what each run said and how it ended.
 */
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { SecretToken } from '../../support/api-server/resources.ts';
import type { RunOptions } from '../../support/child.ts';
import { startAttacker, type Attacker } from '../../support/attacker.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';
import { writeKubeconfig, type Kubectl } from '../../support/kubectl.ts';
import { entryPath } from '../support/cached.ts';
import { PLUGIN, quoted } from '../support/installation.ts';
import { setScene, usualProfile, type Scene } from '../support/scene.ts';
import type { Case } from './case.ts';
import { snapshot, type Snapshot } from './snapshot.ts';

export interface Ground {
  scene: Scene;
  attacker: Attacker;
  /** The account of profile `staging`; that of all others is the scene's robot. */
  other: SecretToken;
  /** Exists once a command of the attacker's was run. */
  canary: string;
  play: (row: Case, build: Kubectl) => Promise<Played>;
  close: () => Promise<void>;
}

/** How one run of the plugin ended. */
export interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Played {
  kubectl: Run;
  runs: Run[];
  before: Snapshot;
  after: Snapshot;
}

export const OTHER = { namespace: 'team-b', name: 'other' };
const FAR = 'far.example:6443';

type Values = Readonly<Record<string, string>>;

export async function prepareGround(): Promise<Ground> {
  const endings: (() => unknown)[] = [];
  const teardown = (end: () => unknown) => endings.push(end);
  const close = async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  };
  try {
    const scene = await setScene({ teardown }, { keychain: true });
    const attacker = await startAttacker(['attacker.example', 'far.example']);
    teardown(attacker.close);
    const proxy = await startConnectProxy({ names: { [FAR]: scene.server.port } });
    teardown(proxy.close);
    const other = await scene.server.cluster.createRobot(OTHER);
    const values = await writeFiles(scene, attacker, proxy.url);
    await logIn(scene, other, values);
    const recorder = await writeRecorder(scene);
    const play: Ground['play'] = (row, build) => playRow({ scene, attacker, values, recorder }, row, build);
    return { scene, attacker, other, canary: join(scene.home, 'canary'), play, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function playRow(
  {
    scene,
    attacker,
    values,
    recorder,
  }: Pick<Ground, 'scene' | 'attacker'> & { values: Values; recorder: string },
  row: Case,
  build: Kubectl,
): Promise<Played> {
  const { user = {}, cluster = {}, outcome } = filled(row, values);
  const { server, home, sandbox } = scene;
  const ownCa = 'caFile' in cluster || cluster.insecureSkipTlsVerify ? {} : { caPem: server.caPem };
  await writeKubeconfig({
    path: join(home, '.kube', 'config'),
    server: server.apiUrl,
    ...ownCa,
    ...cluster,
    user: { exec: { command: PLUGIN, args: ['get-token', 'prod'], ...user } },
  });
  // A refusal is to leave the entry as it is; a credential is to come from the server.
  if ('served' in outcome) await forgetEntry(home, outcome.served);
  if ('untrusted' in outcome) await forgetEntry(home, outcome.untrusted);
  await rm(join(recorder, 'runs'), { recursive: true, force: true });
  await mkdir(join(recorder, 'runs'));
  server.reset();
  attacker.reset();
  const roots = [home, join(scene.keychainFolder ?? '', 'data')];
  const before = await snapshot(roots, join(recorder, 'runs'));
  const PATH = [join(recorder, 'bin'), sandbox.env['PATH']].join(delimiter);
  const { code, stdout, stderr } = await scene.kubectl(build, ['get', '--raw', '/version'], {
    env: { PATH },
  });
  const after = await snapshot(roots, join(recorder, 'runs'));
  return { kubectl: { code: code ?? -1, stdout, stderr }, runs: await readRuns(recorder), before, after };
}

/** `{NAME}` in any text of the row becomes that value. */
function filled(row: Case, values: Values): Case {
  const text = JSON.stringify(row).replaceAll(/\{([a-z]\w*)\}/gi, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for {${name}} in "${row.title}"`);
    return JSON.stringify(value).slice(1, -1);
  });
  return JSON.parse(text);
}

async function forgetEntry(home: string, profile: string): Promise<void> {
  const folder = join(entryPath(home), '..');
  for (const file of await readdir(folder))
    if (file.startsWith(`${profile}.`)) await rm(join(folder, file), { recursive: true });
}

/** What lies in the home beside the plugin's own files; returns the values for `{NAME}`. */
async function writeFiles(
  { server, robot, home, caFile }: Scene,
  attacker: Attacker,
  proxy: string,
): Promise<Values> {
  const downloads = join(home, 'downloads');
  const authorities = join(downloads, 'authorities');
  await mkdir(authorities, { recursive: true });
  const attackerUrl = `https://localhost:${attacker.port}`;
  const canary = join(home, 'canary');
  const junk = robot.token.replace(/[^.]+$/, (signature) => 'A'.repeat(signature.length));
  const write = async (name: string, text: string) => {
    const path = join(downloads, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const attackerCaFile = join(authorities, 'ca.pem');
  await writeFile(attackerCaFile, attacker.caPem);
  const prod = {
    server: attackerUrl,
    'certificate-authority': attackerCaFile,
    namespace: 'team-a',
    'service-account': 'robot',
  };
  const attackerKubeconfig = join(downloads, 'config');
  await writeKubeconfig({
    path: attackerKubeconfig,
    server: attackerUrl,
    caPem: attacker.caPem,
    user: { token: 'x' },
  });
  return {
    home,
    api: server.apiUrl,
    server: server.url,
    ca: server.caPem,
    caFile,
    proxy,
    canary,
    junk,
    attackerUrl,
    attackerCaFile,
    attackerKubeconfig,
    attackerProxy: `http://localhost:${attacker.port}`,
    attackerCa: attacker.caPem,
    attackerCaData: Buffer.from(attacker.caPem).toString('base64'),
    attackerFolder: authorities,
    attackerCertificate: await write('tls.crt', attacker.certificate.certPem),
    attackerKey: await write('tls.key', attacker.certificate.keyPem),
    attackerScript: await write(
      'module.cjs',
      `require('node:fs').writeFileSync(${JSON.stringify(canary)}, '')\n`,
    ),
    attackerProfiles: await write('sa-token.yaml', stringify({ profiles: { prod } })),
    junkFile: await write('token', junk),
    otherProfiles: join(home, 'profiles.yaml'),
  };
}

/**
 * `prod` and `staging` in the keychain, with a fresh entry each, and the `prod` of another profile file; all others have
 * their source elsewhere.
 */
async function logIn(
  scene: Scene,
  other: SecretToken,
  { attackerUrl = '', otherProfiles = '' }: Values,
): Promise<void> {
  const { server, robot, home, caFile, tokenFile, sandbox } = scene;
  const file = join(home, '.kube', 'sa-token.yaml');
  const plugin = async (args: string[], options: RunOptions = {}) => {
    const { code, stderr } = await scene.plugin(args, options);
    if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  };
  for (const [profile, token, config] of [
    ['prod', robot.token, file],
    ['staging', other.token, file],
    ['prod', robot.token, otherProfiles],
  ] as const)
    await plugin(
      ['login', profile, '--server', server.url, '--certificate-authority', caFile, '--token-stdin'],
      { stdin: token, env: { KUBECTL_SA_TOKEN_CONFIG: config === file ? undefined : config } },
    );
  await writeFile(tokenFile, robot.token, { mode: 0o600 });
  sandbox.env['CI_TOKEN'] = robot.token;
  const { 'source-file': _, ...usual } = usualProfile(scene);
  const { 'certificate-authority': __, ...system } = usual;
  const source = { 'source-file': tokenFile };
  const { profiles }: { profiles: Record<string, object> } = parse(await readFile(file, 'utf8'));
  Object.assign(profiles, {
    'from-file': { ...usual, ...source },
    'from-command': { ...usual, 'source-command': `cat ${quoted(tokenFile)}` },
    'from-env': { ...usual, 'source-env': 'CI_TOKEN' },
    far: { ...usual, ...source, server: `https://${FAR}/kubernetes`, 'tls-server-name': 'localhost' },
    'taken-over': { ...system, ...source, server: `${attackerUrl}/kubernetes` },
  });
  await writeFile(file, stringify({ profiles }), { mode: 0o600 });
  for (const profile of ['prod', 'staging']) await plugin(['get-token', profile]);
}

/** Returns its folder: `bin` with the plugin's name, `runs` with what the runs left. */
async function writeRecorder({ home, installed }: Scene): Promise<string> {
  const folder = join(home, 'recorder');
  await mkdir(join(folder, 'bin'), { recursive: true });
  const script = [
    '#!/bin/sh',
    `run=${quoted(join(folder, 'runs'))}/$$`,
    `${quoted(join(installed, PLUGIN))} "$@" >"$run.stdout" 2>"$run.stderr"`,
    'code=$?',
    'echo $code >"$run.code"',
    'cat "$run.stdout"',
    'cat "$run.stderr" >&2',
    'exit $code',
  ];
  await writeFile(join(folder, 'bin', PLUGIN), `${script.join('\n')}\n`);
  await chmod(join(folder, 'bin', PLUGIN), 0o755);
  return folder;
}

async function readRuns(recorder: string): Promise<Run[]> {
  const folder = join(recorder, 'runs');
  const ids = (await readdir(folder))
    .filter((name) => name.endsWith('.code'))
    .map((name) => name.slice(0, -5));
  const read = (id: string, what: string) => readFile(join(folder, `${id}.${what}`), 'utf8');
  return Promise.all(
    ids.map(async (id) => ({
      code: Number(await read(id, 'code')),
      stdout: await read(id, 'stdout'),
      stderr: await read(id, 'stderr'),
    })),
  );
}
