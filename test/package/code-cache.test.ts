/** V8 takes a code cache from the same version under the same flags only, and else compiles without a word. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleEngine } from '../../cmd/release/engine/bundle.ts';
import { builderNode, makeExecutable } from '../../cmd/release/engine/executable.ts';
import { execute } from '../support/child.ts';
import { testUnless } from '../support/require.ts';
import { hostTarget } from './release.ts';

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

const target = hostTarget();
testUnless(target === undefined ? 'no archive is for this platform' : undefined)(
  "the executable's V8 accepts the code cache of every chunk",
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'sa-token-code-cache-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    if (target === undefined) return;
    const bundle = { ...(await bundleEngine()), main: tryEach };
    const program = await makeExecutable(target, bundle, await builderNode(target, folder), folder);
    const { stdout } = await execute([program], { env: {} });
    t.deepEqual(
      stdout.trimEnd().split('\n').toSorted(),
      [...bundle.chunks.keys()].map((name) => `${name} accepted`).toSorted(),
    );
  },
);
