import type { ExecutionContext } from 'ava';
import { mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startKeychainSession, withoutSession, type KeychainOptions } from './keychain-session.ts';
import { testWith } from './require.ts';
import { createSandbox, repository } from './runner.ts';

const withSecretService = testWith('secret-service');

/** A child of its own, as the product is one: the module keeps its connection for the life of the process. */
const KEYRING_SCRIPT = `
  import { Entry } from '@napi-rs/keyring';
  const entry = new Entry('service', 'account');
  const verb = process.argv.at(-1);
  try {
    if (verb === 'set') entry.setPassword('from the module');
    if (verb === 'get') process.stdout.write(String(entry.getPassword()));
  } catch (error) {
    process.stdout.write('failed: ' + error.message);
  }
`;

async function setUp(t: ExecutionContext, options?: KeychainOptions) {
  const [sandbox, session] = [await createSandbox(), await startKeychainSession(options)];
  t.teardown(() => Promise.all([sandbox.cleanup(), session.close()]));
  const { env } = session;
  // The module is found from the script's own place.
  const script = ['--input-type=module', '--eval', KEYRING_SCRIPT, '--'];
  const keyring = (verb: 'set' | 'get', over = env) =>
    sandbox.exec(process.execPath, [...script, verb], { env: over, cwd: repository });
  const attributes = ['service', 'service', 'username', 'account'];
  const store = (stdin: string) =>
    sandbox.exec('secret-tool', ['store', '--label=test', ...attributes], { env, stdin });
  const look = () => sandbox.exec('secret-tool', ['lookup', ...attributes], { env });
  return { sandbox, session, keyring, store, look };
}

withSecretService('an open keychain keeps what secret-tool and the native module put there', async (t) => {
  const { keyring, store, look } = await setUp(t);
  t.like(await look(), { code: 1, stdout: '' });
  t.is((await keyring('get')).stdout, 'null');
  t.is((await store('from the tool')).code, 0);
  t.is((await look()).stdout, 'from the tool');
  t.like(await keyring('set'), { code: 0, stdout: '' });
  t.is((await keyring('get')).stdout, 'from the module');
});

withSecretService('two sessions know nothing of one another', async (t) => {
  const [one, other] = [await setUp(t), await setUp(t)];
  await one.store('of the first');
  t.is((await other.look()).stdout, '');
});

withSecretService('a locked keychain fails at once, with nobody to ask', async (t) => {
  const { keyring, store } = await setUp(t, { locked: true });
  t.like(await store('x'), { code: 1, timedOut: false });
  t.regex((await keyring('set')).stdout, /^failed: .*unlock prompt was dismissed/);
  t.is((await keyring('get')).stdout, 'null', 'what is not there needs no key');
});

withSecretService('an open keychain can be locked with a secret in it', async (t) => {
  const { session, keyring, store } = await setUp(t);
  await store('x');
  await session.lock();
  t.regex((await keyring('get')).stdout, /^failed: /);
});

withSecretService('without a default collection nothing can be kept', async (t) => {
  const { keyring, store } = await setUp(t, { noDefaultCollection: true });
  t.is((await store('x')).code, 1);
  t.regex((await keyring('set')).stdout, /^failed: .*no result found/);
});

withSecretService('without a session there is no keychain', async (t) => {
  const { sandbox, keyring } = await setUp(t);
  const empty = join(sandbox.home, 'run');
  await mkdir(empty);
  t.regex((await keyring('set', withoutSession(empty))).stdout, /^failed: /);
});

withSecretService('close leaves no process and no file', async (t) => {
  const session = await startKeychainSession();
  const folder = session.env['XDG_RUNTIME_DIR'] ?? '';
  t.true((await processesOf(folder)) >= 2);
  await session.close();
  t.is(await processesOf(folder), 0);
  await t.throwsAsync(stat(dirname(folder)), { code: 'ENOENT' });
});

/** How many processes have the folder in their environment. */
async function processesOf(folder: string): Promise<number> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    ids.map((id) => readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')),
  );
  return environments.filter((environment) => environment.includes(folder)).length;
}
