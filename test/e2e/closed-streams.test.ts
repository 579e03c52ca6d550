/** A client that goes away, or gives streams that are closed or full: an honest exit code, no stack, nothing lost. */
import test, { type ExecutionContext } from 'ava';
import { testWith } from '../support/require.ts';
import { readCached } from './support/cached.ts';
import { checkCredential, checkFailure } from './support/outcome.ts';
import { setScene, type Scene } from './support/scene.ts';

const HOOK = 'kubectl-sa_token get-token prod';
/** The fast lane answers the first where the entry is fresh, the engine the second. */
const LANES = { 'the plain call': HOOK, 'the engine': `${HOOK} -o exec-credential` };

async function warm(t: ExecutionContext): Promise<Scene> {
  const scene = await setScene(t);
  checkCredential(t, await scene.hook());
  return scene;
}

test('the reader of stdout is gone: no stack, and not a success', async (t) => {
  const scene = await warm(t);
  for (const [what, command] of Object.entries(LANES)) {
    // The reader ends before the first byte is written.
    const script = `{ sleep 0.3; ${command}; echo "code $?" >&2; } | true`;
    const result = await scene.sh(script);
    // The shell that is the fast lane dies of SIGPIPE, as every program that does not look away from it.
    t.regex(result.stderr, /^code (?:1|141)\n$/, what);
  }
});

test('stdout is closed or full: one line at most, and not a success', async (t) => {
  const scene = await warm(t);
  for (const [what, command] of Object.entries(LANES)) {
    const full = await scene.sh(`${command} >/dev/full`);
    checkFailure(t, full, { code: 1, line: /cannot write to standard output/ }, what);
    // Node opens what is closed; sh does not.
    const closed = await scene.sh(`${command} >&-`);
    if (closed.code !== 0)
      checkFailure(t, closed, { code: 1, line: /cannot write to standard output/ }, what);
  }
});

test('what was exchanged for a reader that is gone is kept for the next', async (t) => {
  const scene = await setScene(t);
  scene.server.faults.next({ delayMs: 500 });
  await scene.sh(`${HOOK} | true`);
  t.is(scene.server.granted, 1);
  const { token } = (await readCached(scene.home)).credential.status;
  t.is(checkCredential(t, await scene.hook()).token, token);
  t.is(scene.server.exchanges, 1);
});

test('stderr is closed or full: the exit code still tells', async (t) => {
  const scene = await setScene(t);
  for (const to of ['2>&-', '2>/dev/full', '2>&- >&-']) {
    const result = await scene.sh(`kubectl-sa_token get-token nope ${to}`);
    t.like(result, { code: 2, stdout: '', stderr: '' }, to);
  }
  const success = await scene.sh(`${HOOK} 2>&-`);
  checkCredential(t, success);
});

test('stdin is closed, or never ends', async (t) => {
  const scene = await setScene(t);
  checkCredential(t, await scene.sh(`${HOOK} <&-`));
  checkCredential(t, await scene.hook({ stdin: { open: true }, timeoutMs: 10_000 }));
});

testWith('secret-service')('a login whose stdin is closed', async (t) => {
  const scene = await setScene(t, { keychain: true });
  const login = await scene.sh('kubectl-sa_token login prod --server https://localhost --token-stdin <&-');
  checkFailure(t, login, { code: 2, line: /the token: is empty/ });
});

test('a slow reader gets all of it', async (t) => {
  const scene = await warm(t);
  for (const [what, command] of Object.entries(LANES)) {
    const result = await scene.sh(`${command} | { sleep 0.5; cat; }`);
    t.truthy(checkCredential(t, result, what));
  }
});
