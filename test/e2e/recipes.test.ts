/** The recipes of docs/keychains.md, run as they stand where their programs are: the token put in, a login, a hook. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lacking, testUnless, type Requirement } from '../support/require.ts';
import { repository } from '../support/runner.ts';
import { checkCredential } from './support/outcome.ts';
import { setScene } from './support/scene.ts';

const document = readFileSync(join(repository, 'docs', 'keychains.md'), 'utf8');

/** The commands below a heading. */
function recipe(heading: string): string {
  const [, section = ''] = document.split(`\n### ${heading}\n`);
  const [, commands = ''] = /^```sh\n([\s\S]*?)^```/m.exec(section) ?? [];
  return commands;
}

/** What a machine has before the recipe begins. */
const prepared: Partial<Record<Requirement, string>> = {
  // A key without a passphrase: nobody is there to be asked.
  pass: `gpg --batch --quiet --passphrase '' --quick-generate-key robot@example.com && pass init robot@example.com`,
};

/** What outlives the home: the tests run at the same time, and each removes its own. */
const removed: Partial<Record<Requirement, string>> = {
  pass: 'gpgconf --kill gpg-agent',
  keyctl: 'keyctl unlink %user:kubernetes-prod @u',
};

for (const program of ['pass', 'age', 'keyctl'] as const) {
  // A container may forbid the kernel's keyring, CI's too.
  testUnless(lacking(program), program === 'keyctl' ? 'skip' : 'fail')(
    `${program} keeps the token and prints it for each exchange`,
    async (t) => {
      const scene = await setScene(t);
      await mkdir(join(scene.home, '.config'), { mode: 0o700 });
      await writeFile(join(scene.home, '.kube', 'sa-token.yaml'), 'profiles: {}\n', { mode: 0o600 });
      const commands = recipe(program).replaceAll(
        'https://HOST/kubernetes',
        `${scene.server.url} --certificate-authority ${scene.caFile}`,
      );
      t.regex(commands, /^get_token \|/m);
      t.regex(commands, /login prod .*--source-command/);
      const script = [
        'set -e',
        `get_token() { cat ${scene.tokenFile}; }`,
        `kubectl() { shift; kubectl-sa_token "$@"; }`,
        prepared[program] ?? '',
        commands,
      ].join('\n');
      const done = await scene.sh(script);
      t.teardown(() => scene.sh(removed[program] ?? ':'));
      t.is(done.code, 0, done.stderr);
      t.false(`${done.stdout}${done.stderr}`.includes(scene.robot.token));
      const before = scene.server.requests.length;
      const again = await scene.hook({ args: ['get-token', 'prod'] });
      checkCredential(t, again);
      t.is((await scene.plugin(['get-token', 'prod', '--force-refresh'])).code, 0);
      t.is(scene.server.requests.length, before + 1);
      const inspected = await scene.plugin(['inspect', 'prod', '-o', 'json']);
      t.regex(inspected.stdout, /"place": ?"source-command"/);
    },
  );
}
