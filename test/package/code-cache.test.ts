/** V8 takes a code cache from the same version under the same flags only, and else compiles without a word. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleEngine } from '../../cmd/release/engine/bundle.ts';
import { makeExecutable, toolsFor } from '../../cmd/release/engine/executable.ts';
import { isHost } from '../../cmd/release/platforms.ts';
import { execute } from '../support/child.ts';
import { testUnless } from '../support/require.ts';
import { alpine, inAlpine, lacksAlpine } from './alpine.ts';
import { targets } from './release.ts';

/** The executable's main script, which tries each cache as cmd/release/engine/loader.ts does. */
const tryEach = `
  const { getAssetKeys, getRawAsset } = require('node:sea');
  const { Script } = require('node:vm');
  for (const name of getAssetKeys().filter((key) => key.endsWith('.js'))) {
    const options = { filename: name, cachedData: Buffer.from(getRawAsset(name + '.cache')) };
    const script = new Script(Buffer.from(getRawAsset(name)).latin1Slice(), options);
    console.log(name, script.cachedDataRejected ? 'rejected' : 'accepted');
  }
`;

const hosts = targets.filter(isHost);
testUnless(hosts.length === 0 ? 'no archive is for this platform' : undefined)(
  'the V8 of each executable that this machine makes a code cache for accepts it, chunk by chunk',
  async (t) => {
    for (const target of hosts) {
      const needsMusl = target.wheel !== undefined;
      if (needsMusl && lacksAlpine() !== undefined) continue;
      const root = needsMusl ? alpine('amd64') : '';
      const folder = await mkdtemp(join(needsMusl ? join(root, 'tmp') : tmpdir(), 'sa-token-code-cache-'));
      t.teardown(() => rm(folder, { recursive: true, force: true }));
      const bundle = { ...(await bundleEngine()), main: tryEach };
      const tools = await toolsFor(target, folder);
      const program = (await makeExecutable(target, bundle, tools, folder)).slice(root.length);
      const { stdout } = await execute(needsMusl ? inAlpine(root, [program]) : [program], {
        env: { PATH: process.env['PATH'] ?? '', LD_LIBRARY_PATH: tools.node.folder.slice(root.length) },
      });
      t.deepEqual(
        stdout.trimEnd().split('\n').toSorted(),
        [...bundle.chunks.keys()].map((name) => `${name} accepted`).toSorted(),
        target.name,
      );
    }
  },
);
