/** `npm run verify:node` against a site of our own: what a releaser signed is taken, and nothing else is. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { locked, root, unpackLocked } from '../../cmd/release/packages.ts';
import { execute, type RunResult } from '../support/child.ts';
import { onPath } from '../support/kubectl.ts';
import { testUnless } from '../support/require.ts';
import { listening } from './listening.ts';
import { targets } from './release.ts';

const absent = ['gpg', 'gpgv'].filter((program) => onPath(program) === undefined);
const missing = absent.length > 0 ? `no ${absent.join(', ')} on PATH` : undefined;
const file = 'win-x64/node.exe';

for (const target of targets.filter(({ os }) => os === 'windows')) {
  testUnless(missing).serial('the Node of npm has to be the one that was signed', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'sa-token-origin-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const { version } = locked(target.node.name, target.node.lock);
    const site = join(folder, 'site', `v${version}`);
    await mkdir(join(site, 'win-x64'), { recursive: true });
    const node = join(
      await unpackLocked(target.node.name, folder, { lock: target.node.lock }),
      'bin/node.exe',
    );
    const genuine = await readFile(node);
    const releaser = newKey(folder, 'releaser');
    const verify = await verifier(t, join(folder, 'site'), target.name);
    const publish = async (content: Buffer, key: Key): Promise<void> => {
      await writeFile(join(site, file), content);
      const sum = createHash('sha256').update(content).digest('hex');
      await writeFile(join(site, 'SHASUMS256.txt.asc'), key.signed(`${sum}  ${file}\n`));
    };

    await publish(genuine, releaser);
    const taken = await verify(releaser);
    t.deepEqual(
      [taken.code, taken.stdout],
      [0, `${target.node.name}@${version} is the signed Node ${version}\n`],
    );

    t.not((await verify(newKey(folder, 'stranger'))).code, 0);

    await publish(Buffer.concat([genuine, Buffer.from('more')]), releaser);
    const other = await verify(releaser);
    t.is(other.code, 1);
    t.regex(other.stderr, /of npm is not the Node .* that was signed/);

    await writeFile(join(site, file), genuine);
    t.regex((await verify(releaser)).stderr, /is not the one that was signed/);
  });
}

interface Key {
  keyring: string;
  signed: (text: string) => Buffer;
}

/** A key of its own in a folder of its own. */
function newKey(folder: string, name: string): Key {
  const home = join(folder, name);
  execFileSync('mkdir', ['-m', '700', home]);
  const gpg = (words: string[], input?: string): Buffer =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', '--passphrase', '', ...words], {
      input,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  gpg(['--quick-generate-key', `${name}@localhost`, 'ed25519', 'sign', '1d']);
  const keyring = join(home, 'keyring.gpg');
  gpg(['--output', keyring, '--export']);
  return { keyring, signed: (text) => gpg(['--clearsign'], text) };
}

async function verifier(
  t: ExecutionContext,
  folder: string,
  target: string,
): Promise<(key: Key) => Promise<RunResult>> {
  const server = createServer(({ url = '/' }, response) => {
    createReadStream(join(folder, url))
      .on('error', () => response.destroy())
      .pipe(response);
  });
  const { port } = await listening(t, server);
  const script = join(root, 'cmd/release/verify-node.ts');
  const words = ['--target', target, '--site', `http://127.0.0.1:${port}`];
  return ({ keyring }) =>
    execute([process.execPath, script, ...words, '--keyring', keyring], {
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' },
      timeoutMs: 120_000,
    });
}
