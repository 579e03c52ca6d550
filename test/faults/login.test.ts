/** Login and logout that die, or whose disk fails, at each call they make on a file. The source token is in a file. */
import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Scene } from '../e2e/support/scene.ts';
import { entryPath } from '../e2e/support/cached.ts';
import type { RunResult } from '../support/child.ts';
import { testWith } from '../support/require.ts';
import { breakOff } from './support/operation.ts';

const { serial } = testWith('strace');
const profileFile = ({ home }: Scene) => join(home, '.kube', 'sa-token.yaml');

const logIn = ({ server, caFile, tokenFile }: Scene): string[] => {
  const flags = ['--server', server.url, '--certificate-authority', caFile, '--source-file', tokenFile];
  return ['login', 'prod', ...flags, '--duration', '2h'];
};

/** Other profiles, comments, entries of this profile and of another, and what dead processes left. */
async function livedIn(scene: Scene): Promise<void> {
  const other =
    'profiles: # all of them\n  # Of the other team.\n  other:\n    server: https://other.example\n';
  const ours = `  prod: # ours\n    server: ${scene.server.url}\n    namespace: team-a\n    service-account: robot\n`;
  const more = `    certificate-authority: ${scene.caFile}\n    source-file: ${scene.tokenFile} # kept by hand\n`;
  await writeFile(profileFile(scene), `${other}${ours}${more}`, { mode: 0o600 });
  await scene.hook();
  await scene.hook({ args: ['get-token', 'prod', '--audience', 'vault'] });
  for (const draft of ['entry.0123456789ab.tmp', 'lock.0123456789ab.tmp'])
    await writeFile(entryPath(scene.home, 'prod', draft), 'half', { mode: 0o600 });
}

/** A logout that left a token that is served would be none. */
async function nothingCached(scene: Scene, result: RunResult): Promise<RunResult> {
  const left = (await readdir(dirname(entryPath(scene.home)))).filter((file) => /^prod[@.]/.test(file));
  return left.length === 0 ? result : { ...result, code: 1, stderr: `left: ${left.join(', ')}` };
}

const works = {
  next: async (scene: Scene) => {
    const login = await scene.plugin(logIn(scene));
    if (login.code !== 0) return login;
    const call = await scene.hook();
    return { ...call, durationMs: login.durationMs };
  },
  sweep: async (scene: Scene) => scene.plugin(['logout', 'prod']),
};

serial('login, the first: nothing is lost', (t) =>
  breakOff(t, {
    name: 'login, the first',
    args: logIn,
    prepare: (scene) => rm(profileFile(scene)),
    completes: true,
    ...works,
  }),
);

serial('login again: nothing is lost', (t) =>
  breakOff(t, { name: 'login again', args: logIn, prepare: livedIn, completes: true, ...works }),
);

serial('logout: nothing is lost, and what was removed stays removed', (t) =>
  breakOff(t, {
    name: 'logout',
    args: () => ['logout', 'prod'],
    prepare: livedIn,
    completes: true,
    next: async (scene) => nothingCached(scene, await scene.plugin(['logout', 'prod'])),
    sweep: works.sweep,
  }),
);

serial('logout --forget: nothing is lost of the other profiles', (t) =>
  breakOff(t, {
    name: 'logout --forget (writes the profile file)',
    args: () => ['logout', 'prod', '--forget'],
    prepare: async (scene) => {
      await livedIn(scene);
      await appendFile(profileFile(scene), '  last: {} # the last\n');
    },
    completes: false,
    next: async (scene) => {
      const again = await scene.plugin(['logout', 'prod', '--forget']);
      // The profile may be gone already.
      return again.code === 2 ? { ...again, code: 0 } : nothingCached(scene, again);
    },
    sweep: async (scene) => {
      const login = await scene.plugin(logIn(scene));
      return login.code === 0 ? scene.plugin(['logout', 'prod', '--forget']) : login;
    },
  }),
);
