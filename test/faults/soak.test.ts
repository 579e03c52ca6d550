/** 200 processes in waves against a proxy that fails, stalls and revokes at random: no wrong answer, nothing left over. */
import test, { type ExecutionContext } from 'ava';
import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { entryPath, age, AGING } from '../e2e/support/cached.ts';
import { quoted } from '../e2e/support/installation.ts';
import { allGone } from '../e2e/support/processes.ts';
import { execInfo, setScene, type Scene } from '../e2e/support/scene.ts';
import type { RunResult } from '../support/child.ts';
import { ROBOT } from '../support/robot.ts';
import { isBound } from '../support/api-server/tokens.ts';
import type { Fault } from '../support/token-request-server.ts';
import { chance, type Chance } from './support/chance.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const WAVES = 10;
const SIZE = 20;
const LIMIT_MS = 80_000;
const SESSION = { namespace: ROBOT.namespace, name: 'session' };
const SETTINGS = {
  'bound-object-kind': 'Secret',
  'bound-object-name': SESSION.name,
  timeout: '4s',
  audience: [ISSUER],
};

const FAULTS: [Fault, ...Fault[]] = [
  { status: 500 },
  ...(['too-many-requests', 'reset', 'internal-error', 'garbage-chunks'] as const),
  ...([{ html: 200 }, { html: 503 }, { delayMs: 400 }, { delayMs: 1500 }, 'stall', 'empty-404'] as const),
  ...([
    { shortenTo: 700 },
    { shortenTo: 120 },
    { wrongAudience: 'other' },
    { wrongSubject: 'other' },
  ] as const),
];

interface Answered {
  result: RunResult;
  audience: string;
  /** Epoch ms. */
  at: number;
}

test('soak: 200 processes, each with a right answer or a right failure', async (t) => {
  const seed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000);
  t.log(`seed ${seed} (SOAK_SEED)`);
  const random = chance(seed);
  const scene = await setScene(t, { profile: SETTINGS });
  scene.server.cluster.createSecret(SESSION);
  const began = Date.now();
  const answers: Answered[] = [];
  for (let wave = 0; wave < WAVES && Date.now() - began < LIMIT_MS; wave += 1) {
    await unsettle(scene, random);
    answers.push(...(await Promise.all(Array.from({ length: SIZE }, () => call(scene, random)))));
  }
  const failures = answers.filter(({ result }) => result.code !== 0);
  for (const answer of answers) await judge(t, scene, answer);
  const { requests, exchanges, granted } = scene.server;
  t.log(
    `${answers.length} calls in ${Math.round((Date.now() - began) / 1000)} s: ${answers.length - failures.length} answered, ` +
      `${failures.length} failed; ${requests.length} requests, ${exchanges} reached the API server, ${granted} tokens granted`,
  );
  t.true(answers.length === WAVES * SIZE || Date.now() - began >= LIMIT_MS);
  t.true(requests.length < answers.length * 2, 'far from three tries for each call');
  await settled(t, scene);
});

/** What happens between two waves. */
async function unsettle({ server, home }: Scene, { pick, under }: Chance): Promise<void> {
  const { cluster, faults } = server;
  faults.clear();
  cluster.allow(ROBOT);
  if (under(0.3)) cluster.createSecret(SESSION);
  if (under(0.2)) cluster.deny(ROBOT, 'serviceaccounts/token');
  for (let count = under(0.8) ? 12 : 0; count > 0; count -= 1) faults.next(pick(FAULTS));
  const dead = { serve: -600, life: 0 };
  const left = pick([undefined, AGING, { serve: -600, life: 50 }, dead, dead]);
  // There may be no entry yet.
  if (left !== undefined) await age(home, left).catch(() => undefined);
}

async function call(scene: Scene, { pick }: Chance): Promise<Answered> {
  const get = ['get-token', 'prod'];
  // What follows keeps sh from becoming the engine: each call is a client of its own.
  const engine = `${quoted(join(scene.installed, 'sa-token-engine'))} get-token prod; exit $?`;
  const [audience, run] = pick<[string, () => Promise<RunResult>]>([
    ['', () => scene.hook({ timeoutMs: 60_000 })],
    ['', () => scene.plugin(get, { timeoutMs: 60_000 })],
    ['', () => scene.sh(engine, { execInfo: execInfo(), timeoutMs: 60_000 })],
    ['', () => scene.hook({ apiVersion: 'v1beta1', timeoutMs: 60_000 })],
    ['vault', () => scene.plugin([...get, '--audience', 'vault'], { timeoutMs: 60_000 })],
  ]);
  const result = await run();
  return { result, audience, at: Date.now() };
}

async function judge(
  t: ExecutionContext,
  { server }: Scene,
  { result, audience, at }: Answered,
): Promise<void> {
  const { code, stdout, stderr } = result;
  if (code !== 0) {
    t.is(stdout, '');
    t.regex(stderr, /^kubectl-sa-token: [^\n]+\n$/);
    t.true(code === 4 || code === 5, `${code}: ${stderr}`);
    t.notRegex(stderr, /eyJ/);
    return;
  }
  t.is(stderr, '');
  const { status }: { status: { token: string; expirationTimestamp: string } } = JSON.parse(stdout);
  const claims = await server.cluster.settings.signer.verify(status.token);
  if (claims === undefined || !isBound(claims)) return t.fail('not a token of this server');
  t.is(claims.sub, 'system:serviceaccount:team-a:robot');
  t.deepEqual(claims.aud, [audience === '' ? server.issuer : audience]);
  t.true((claims.exp ?? 0) * 1000 > at, 'it lives');
  t.true(
    Date.parse(status.expirationTimestamp) <= (claims.exp ?? 0) * 1000,
    'and not for longer than it says',
  );
}

/** All is well again: the next call succeeds, and no lock, draft or process is left. */
async function settled(t: ExecutionContext, scene: Scene): Promise<void> {
  scene.server.faults.clear();
  scene.server.cluster.allow(ROBOT);
  scene.server.cluster.createSecret(SESSION);
  t.deepEqual(await allGone(scene.home, 20_000), []);
  t.is((await scene.plugin(['get-token', 'prod', '--force-refresh'])).code, 0);
  t.is((await scene.hook()).code, 0);
  const folder = dirname(entryPath(scene.home));
  const files = await readdir(folder);
  t.deepEqual(
    files.filter((file) => /\.(?:lock|tmp)$/.test(file)),
    [],
  );
  for (const file of files.filter((each) => each.endsWith('.renewing'))) {
    const milliseconds = Date.now() - (await stat(join(folder, file))).mtimeMs;
    t.true(milliseconds < 90_000, `${file} is of a renewal that failed ${milliseconds} ms ago`);
    t.regex(await readFile(join(folder, file), 'utf8'), /^\d+\n$/);
  }
  t.log(`left: ${files.map((file) => file.replace(/[0-9a-f]{16,}/, '*')).join(', ')}`);
}
