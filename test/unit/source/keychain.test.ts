import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { keychainItem, keychainService } from '../../../src/source/keychain.ts';
import { fails } from '../../support/failure.ts';
import { sourceUrl } from '../../support/source-url.ts';
import type { Environment } from '../../support/child.ts';
import { createHost } from '../../support/host.ts';
import {
  startKeychainSession,
  withoutSession,
  type KeychainOptions,
} from '../../support/keychain-session.ts';
import { testWith } from '../../support/require.ts';
import { createSandbox, repository, type Sandbox } from '../../support/runner.ts';

const withSecretService = testWith('secret-service');
const account = 'prod in /srv/sa-token.yaml';

/** A process of its own: the library keeps its connection to the bus. Verbs come as words, results go as JSON. */
const script = `
  import { keychainAccounts, keychainItem } from ${sourceUrl('src/source/keychain.ts')};
  import { describe } from ${sourceUrl('src/errors/error.ts')};
  import { systemHost } from ${sourceUrl('src/base/host.ts')};
  const host = systemHost();
  const item = keychainItem(host, ${JSON.stringify(account)});
  const put = (account) => keychainItem(host, account).write('x');
  const verbs = { ...item, put, accounts: async () => (await keychainAccounts(host)).sort() };
  const results = [];
  for (const word of process.argv.slice(1)) {
    const [verb, token] = word.split(':');
    try {
      results.push((await verbs[verb](token)) ?? null);
    } catch (error) {
      results.push({ code: error.code, exitCode: error.exitCode, line: describe(error) });
    }
  }
  process.stdout.write(JSON.stringify(results));`;

interface World {
  sandbox: Sandbox;
  run: (verbs: string[], env?: Environment) => Promise<unknown[]>;
}

async function setUp(t: ExecutionContext, env: Environment): Promise<World> {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const run: World['run'] = async (verbs, over = env) => {
    const words = ['--input-type=module', '--eval', script, '--', ...verbs];
    const { stdout, stderr } = await sandbox.exec(process.execPath, words, { env: over, cwd: repository });
    t.is(stderr, '');
    const results: unknown[] = JSON.parse(stdout);
    return results;
  };
  return { sandbox, run };
}

async function withSession(t: ExecutionContext, options?: KeychainOptions) {
  const session = await startKeychainSession(options);
  t.teardown(session.close);
  const world = await setUp(t, session.env);
  const attributes = ['service', keychainService, 'username', account];
  const tool = (verb: string, stdin?: string) =>
    world.sandbox.exec('secret-tool', [verb, ...(verb === 'store' ? ['--label=x'] : []), ...attributes], {
      env: session.env,
      ...(stdin === undefined ? {} : { stdin }),
    });
  return { ...world, session, tool };
}

withSecretService('a text is kept under the account, given back, and removed for good', async (t) => {
  const { run, tool } = await withSession(t);
  t.deepEqual(await run(['read', 'remove']), [null, false]);
  t.deepEqual(await run(['write:first', 'read', 'write:second', 'read']), [null, 'first', null, 'second']);
  t.is((await tool('lookup')).stdout, 'second');
  t.deepEqual(await run(['read', 'remove', 'read', 'remove']), ['second', true, null, false]);
  t.like(await tool('lookup'), { code: 1, stdout: '' });
});

withSecretService('a text of any length that is taken comes back whole', async (t) => {
  const { run } = await withSession(t);
  const long = 'x'.repeat(65_536);
  t.deepEqual(await run([`write:${long}`, 'read']), [null, long]);
});

withSecretService('the text of an item is given as it is, and not judged here', async (t) => {
  const { run, tool } = await withSession(t);
  await tool('store', 'secret-a\nsecret-b\n');
  t.deepEqual(await run(['read', 'remove', 'read']), ['secret-a\nsecret-b\n', true, null]);
});

withSecretService('the accounts of our own service are found, and no others', async (t) => {
  const { run, sandbox, session } = await withSession(t);
  const others = ['store', '--label=x', 'service', 'other', 'username', 'prod'];
  await sandbox.exec('secret-tool', others, { env: session.env, stdin: 'x' });
  t.deepEqual(await run(['accounts']), [[]]);
  t.deepEqual(await run(['put:prod', 'put:dev', 'write:x', 'accounts']), [
    null,
    null,
    null,
    ['dev', 'prod', account],
  ]);
});

const elsewhere =
  'keep the source token elsewhere with source-file, source-command (pass, op, vault, …) or source-env in the profile';

const unavailable = (why: string) => ({
  code: 'keychain-unavailable',
  exitCode: 6,
  line: `the keychain is not available: ${why}; ${why.includes('locked') ? 'unlock it, or ' : ''}${elsewhere}`,
});

withSecretService('without a D-Bus session every verb says so, and nothing is kept elsewhere', async (t) => {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const empty = join(sandbox.home, 'run');
  mkdirSync(empty);
  const { run } = await setUp(t, withoutSession(empty));
  const none = unavailable('there is no D-Bus session (DBUS_SESSION_BUS_ADDRESS is not set)');
  t.deepEqual(await run(['read', 'write:the-token', 'remove', 'accounts']), [none, none, none, none]);
  t.deepEqual(await run(['read']), [none]);
});

withSecretService('a D-Bus session that does not answer', async (t) => {
  const { run } = await setUp(t, { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none/bus' });
  const dead = unavailable('the D-Bus session does not answer');
  t.deepEqual(await run(['read', 'write:the-token', 'remove', 'accounts']), [dead, dead, dead, dead]);
});

/** A bus of its own, which starts nothing by itself. */
async function startBus(t: ExecutionContext): Promise<World> {
  const sandbox = await createSandbox();
  const address = `unix:path=${sandbox.home}/bus`;
  const config = join(sandbox.home, 'bus.conf');
  const policy = '<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>';
  writeFileSync(
    config,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>${address}</listen><policy context="default">${policy}</policy></busconfig>`,
  );
  const words = [`--config-file=${config}`, '--nofork', '--nopidfile', '--print-address=1'];
  const bus = spawn('dbus-daemon', words, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(async () => {
    const gone = once(bus, 'exit');
    bus.kill();
    await gone;
    await sandbox.cleanup();
  });
  await once(bus.stdout, 'data');
  return setUp(t, { DBUS_SESSION_BUS_ADDRESS: address });
}

withSecretService('a session without a Secret Service', async (t) => {
  const { run } = await startBus(t);
  const bare = unavailable('no Secret Service (gnome-keyring, KWallet, KeePassXC) runs in this session');
  t.deepEqual(await run(['read', 'write:the-token', 'remove', 'accounts']), [bare, bare, bare, bare]);
});

withSecretService('a keychain that is locked, with nobody there to unlock it', async (t) => {
  const { run, session } = await withSession(t);
  const locked = unavailable('it is locked, and nobody unlocked it');
  t.deepEqual(await run(['write:the-token']), [null]);
  await session.lock();
  t.deepEqual(await run(['read', 'write:the-token', 'remove', 'accounts']), Array(4).fill(locked));
});

withSecretService('a keychain without a default collection', async (t) => {
  const { run } = await withSession(t, { noDefaultCollection: true });
  const none = unavailable('it has no default collection (unlock it once, or make one in its own program)');
  t.deepEqual(await run(['read', 'write:the-token', 'remove']), [null, none, false]);
});

test('Windows takes 2560 bytes: a longer text is refused before anything is written', async (t) => {
  const host = createHost(t, { platform: 'win32' });
  await fails(t, () => keychainItem(host, account).write('x'.repeat(2561)), {
    code: 'keychain-too-small',
    exitCode: 6,
    line: `the token and its connection settings have 2561 bytes, and this keychain takes at most 2560; ${elsewhere}`,
  });
});
