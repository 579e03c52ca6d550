/** The archive, unpacked on the oldest and the newest Debian with nothing installed beside its base system. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execute } from '../support/child.ts';
import { testUnless } from '../support/require.ts';
import { startServer } from '../support/token-request-server.ts';
import { chroot, inChroot, lacksChroots } from './chroots.ts';
import { hostTarget, unpack, version } from './release.ts';

const account = { namespace: 'team-a', name: 'robot' };
const target = hostTarget();
const missing = target?.os === 'linux' ? lacksChroots() : 'no archive is for this platform';

for (const release of ['bullseye', 'trixie']) {
  testUnless(missing).serial(
    `a stock Debian ${release}: login, a cold and a warm answer, logout`,
    async (t) => {
      const root = chroot(release);
      const home = await mkdtemp(join(root, 'tmp', 'sa-token-'));
      t.teardown(() => rm(home, { recursive: true, force: true }));
      await chmod(home, 0o700);
      await unpack(target?.name ?? '', join(home, 'plugin'));
      const server = await startServer();
      t.teardown(() => server.close());
      const robot = await server.cluster.createRobot(account);
      await writeFile(join(home, 'ca.crt'), server.caPem);
      await writeFile(join(home, 'robot.token'), robot.token, { mode: 0o600 });

      const inside = home.slice(root.length);
      const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: inside };
      /** Gives what it printed. */
      const run = async (...words: string[]): Promise<string> => {
        const command = inChroot(root, [`${inside}/plugin/kubectl-sa_token`, ...words]);
        const { code, stdout, stderr } = await execute(command, { env });
        t.deepEqual(
          [code, stderr.includes('kubectl-sa-token:')],
          [0, false],
          `${words.join(' ')}: ${stderr}`,
        );
        return stdout;
      };
      t.is(await run('version'), `kubectl-sa-token v${version}\n`);
      const files = ['--certificate-authority', `${inside}/ca.crt`, '--source-file', `${inside}/robot.token`];
      await run('login', 'prod', '--server', server.url, ...files);
      server.reset();
      const cold = await run('get-token', 'prod', '--force-refresh');
      t.regex(cold, /^\{"kind":"ExecCredential",.*\}\n$/);
      t.is(await run('get-token', 'prod'), cold);
      t.is(server.granted, 1);
      t.regex(await run('list'), /^prod +team-a\/robot .* left$/m);
      await run('logout', 'prod');
      t.regex(await run('list'), /^prod .* no$/m);
    },
  );
}
