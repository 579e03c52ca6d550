/** How often a client that gets nowhere makes the plugin ask: seldom, whatever the client does. */
import test, { type ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import type { RunResult } from '../support/child.ts';
import { oldestAndNewest } from '../support/kubectl.ts';
import { testWith } from '../support/require.ts';
import { entryPath, hasServed } from './support/cached.ts';
import { checkCredential, checkFailure } from './support/outcome.ts';
import { execInfo, setScene, type HookOptions } from './support/scene.ts';

const withKubectl = testWith('kubectl');
const GET_PODS = ['get', 'pods', '-n', 'team-a'];
const REMEMBERED_MS = 10_000;
const OUR_LINE = /^kubectl-sa-token: /gm;
const API = /^\/(?:api|apis|version)(?:\/|$)/;

const refusals = {
  'the proxy refuses': { status: 403, body: 'no' },
  'the API server refuses': { status: 401, body: '{"kind":"Status","message":"Unauthorized","code":401}' },
  'the proxy leads elsewhere': { html: 404 },
} as const;

/**
 * Each is told once, and one request was made for each, or fewer; unless a machine is so busy that kubectl takes longer
 * for its six tries than a refusal is remembered.
 */
function checkToldOnce(t: ExecutionContext, results: RunResult[], requests: number): void {
  const lines = results.map(({ stderr }) => stderr.match(OUR_LINE)?.length ?? 0);
  const most = results.map(({ durationMs }) => 1 + Math.floor(durationMs / REMEMBERED_MS));
  if (most.every((limit) => limit === 1)) t.deepEqual(lines, most, results[0]?.stderr);
  t.true(lines.every((count, index) => count >= 1 && count <= (most[index] ?? 1)));
  const told = lines.reduce((sum, count) => sum + count, 0);
  t.true(requests >= 1 && requests <= told, `${requests} requests, ${told} lines`);
}

for (const build of oldestAndNewest()) {
  for (const [what, fault] of Object.entries(refusals)) {
    withKubectl.serial(
      `kubectl 1.${build.minor} get pods when ${what}: one TokenRequest, our line once`,
      async (t) => {
        const scene = await setScene(t);
        scene.server.faults.next(fault, 1000);
        await scene.writeKubeconfig();
        const result = await scene.kubectl(build, GET_PODS);
        t.like(result, { code: 1, stdout: '' });
        checkToldOnce(t, [result], scene.server.requests.length);
        scene.server.requests.length = 0;
        const again = await scene.kubectl(build, ['get', '--raw', '/version']);
        checkToldOnce(t, [again], scene.server.requests.length);
      },
    );
  }

  withKubectl.serial(`three kubectl 1.${build.minor} at once are refused: each is told once`, async (t) => {
    const scene = await setScene(t);
    scene.server.faults.next({ status: 403, body: 'no' }, 1000);
    await scene.writeKubeconfig();
    const results = await Promise.all([1, 2, 3].map(() => scene.kubectl(build, GET_PODS)));
    checkToldOnce(t, results, scene.server.requests.length);
  });

  withKubectl.serial(`kubectl 1.${build.minor} meets constant 401: one exchange a rung`, async (t) => {
    const scene = await setScene(t);
    await scene.writeKubeconfig();
    checkCredential(t, await scene.hook());
    await hasServed(scene.home);
    scene.server.faults.next({ status: 401, body: '{"kind":"Status","code":401}' }, 1000, API);
    const began = performance.now();
    for (const _ of [1, 2, 3]) {
      const { code, stdout, stderr } = await scene.kubectl(build, GET_PODS);
      t.is(code, 1);
      t.is(stdout, '');
      t.notRegex(stderr, OUR_LINE);
      t.regex(stderr, /must be logged in|Unauthorized|provide credentials/);
    }
    t.true(scene.server.requests.length > 10, 'kubectl tried');
    // The first at once, the next when ten, twenty and sixty more seconds have gone by.
    const seconds = (performance.now() - began) / 1000;
    const most = 2 + [10, 30, 90, 150].filter((each) => seconds >= each).length;
    t.true(scene.server.exchanges >= 2 && scene.server.exchanges <= most, `${scene.server.exchanges}`);
  });
}

/** Comes back on each 401, as kr8s, lightkube and pykube do. */
const comesBack: Record<string, HookOptions> = {
  'with exec info, without the newline': {
    execInfo: undefined,
    env: { KUBERNETES_EXEC_INFO: JSON.stringify(execInfo()) },
  },
  'without exec info': { execInfo: undefined },
};
for (const [what, options] of Object.entries(comesBack)) {
  test(`a client ${what} that comes back is given a new token within two returns, and then seldom`, async (t) => {
    const scene = await setScene(t);
    const call = async (): Promise<string> => {
      const result = await scene.hook({ sameClient: true, ...options });
      return checkCredential(t, result).token;
    };
    const first = await call();
    await hasServed(scene.home);
    const next = [await call(), await call()];
    t.not(next[1], first);
    t.is(scene.server.exchanges, 2);
    const began = performance.now();
    for (let count = 0; count < 20; count += 1) await call();
    const seconds = (performance.now() - began) / 1000;
    const most = 3 + [5, 15, 35, 95].filter((each) => seconds >= each).length;
    t.true(scene.server.exchanges <= most, `${scene.server.exchanges} exchanges in ${seconds} s`);
  });
}

test('a script that prints the token comes back without end, and forces no exchange', async (t) => {
  const scene = await setScene(t);
  for (const _ of [1, 2, 3]) {
    const args = ['get-token', 'prod', '-o', 'token'];
    t.like(await scene.hook({ sameClient: true, execInfo: undefined, args }), { code: 0, stderr: '' });
    await hasServed(scene.home);
  }
  t.is(scene.server.exchanges, 1);
});

test('a long-lived client whose token expired is given what others had renewed', async (t) => {
  const scene = await setScene(t);
  checkCredential(t, await scene.hook({ sameClient: true }));
  const renewed = await scene.plugin(['get-token', 'prod', '--force-refresh', '-o', 'token']);
  t.is(renewed.code, 0);
  const { token } = checkCredential(t, await scene.hook({ sameClient: true }));
  t.is(token, renewed.stdout.trim());
  t.is(scene.server.exchanges, 2);
});

test('a note of clients that is garbage, huge or not a file costs the rule and not the call', async (t) => {
  const scene = await setScene(t);
  const { token } = checkCredential(t, await scene.hook());
  const note = entryPath(scene.home, 'prod', 'clients');
  for (const text of ['', 'x', '9 '.repeat(50_000), '-1 $(id) ../..\n', `0 ${process.pid}\0\n`]) {
    await writeFile(note, text);
    t.is(checkCredential(t, await scene.hook(), text.slice(0, 20)).token, token);
    await writeFile(entryPath(scene.home, 'prod', 'retry'), text);
    t.is(checkCredential(t, await scene.hook(), text.slice(0, 20)).token, token);
  }
  t.is(scene.server.exchanges, 1);
});

test('a login ends what was remembered of a refusal', async (t) => {
  const scene = await setScene(t);
  scene.server.faults.next({ status: 403, body: 'no' });
  checkFailure(t, await scene.hook({ sameClient: true }), { code: 4, line: /answered 403/ });
  t.like(await scene.hook({ sameClient: true }), { code: 4, stdout: '', stderr: '' });
  t.is(scene.server.requests.length, 1);
  t.is((await scene.plugin(['login', 'prod'])).code, 0);
  checkCredential(t, await scene.hook({ sameClient: true }));
});
