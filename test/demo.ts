/**
 * `npm run demo`: the main job, for real, on a server of its own: login, the hook twice, kubectl. It touches no
 * keychain, kubeconfig or cache of yours: home and Secret Service are made for it and taken away at its end.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Environment } from './support/child.ts';
import { startKeychainSession, type KeychainSession } from './support/keychain-session.ts';
import { findKubectls, onPath } from './support/kubectl.ts';
import { createSandbox, repository, type Sandbox } from './support/runner.ts';
import { startServer, type TestServer } from './support/token-request-server.ts';

/** Runs a command line in the demo's own home and shows both sides. */
type Run = (line: string, options?: { program?: string; shorten?: boolean }) => Promise<void>;

const account = { namespace: 'team-a', name: 'robot' };

const server = await startServer();
const box = await createSandbox();
const keychain = hasSecretService() ? await startKeychainSession() : undefined;
try {
  await demo(server, box, keychain);
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await keychain?.close();
  await server.close();
  await box.cleanup();
}

async function demo(at: TestServer, home: Sandbox, keys: KeychainSession | undefined): Promise<void> {
  const robot = await at.cluster.createRobot(account);
  at.cluster.allowInCluster(account, { verb: 'list', resource: 'pods' });
  const files = { ca: join(home.home, 'ca.crt'), token: join(home.home, 'robot.token') };
  writeFileSync(files.ca, at.caPem);
  writeFileSync(files.token, robot.token, { mode: 0o600 });
  const run = runner(home, { ...keys?.env, PATH: `${install(home)}${delimiter}${home.env['PATH'] ?? ''}` });

  say(
    'A TokenRequest server of our own, behind a /kubernetes prefix, over TLS. An account with a long-lived token.',
  );
  if (keys === undefined) {
    say(
      'No Secret Service is installed here (gnome-keyring), so the source token stays in a file for this once.',
    );
    await run(
      `kubectl-sa_token login prod --server ${at.url} --certificate-authority ${files.ca} --source-file ${files.token}`,
    );
  } else {
    await run(
      `kubectl-sa_token login prod --server ${at.url} --certificate-authority ${files.ca} --token-file ${files.token}`,
    );
  }
  say(
    `The login proved the token with ${count(at)}. Now the exec hook, twice; the token is cut short for you:`,
  );
  at.reset();
  await run('kubectl-sa_token get-token prod --force-refresh', { shorten: true });
  await run('kubectl-sa_token get-token prod', { shorten: true });
  say(`Two answers, ${count(at)}: the second came from the cache.`);
  if (at.granted !== 1) throw new Error(`expected one exchange, saw ${at.granted}`);
  await run('kubectl-sa_token list');
  await runKubectl(at, run, files.ca);
  say('Done; everything it made is gone again.');
}

/** The hook in a kubeconfig, for whatever kubectl is here. */
async function runKubectl(at: TestServer, run: Run, ca: string): Promise<void> {
  const kubectl = findKubectls().at(-1);
  if (kubectl === undefined) {
    say(
      'kubectl is not on PATH; with it, the demo would go on through a kubeconfig (see kubernetes.io/docs/tasks/tools).',
    );
    return;
  }
  at.reset();
  say(`And kubectl 1.${kubectl.minor}, through a kubeconfig:`);
  await run('kubectl-sa_token kubeconfig prod');
  const program = kubectl.path;
  await run(`kubectl config set-cluster demo --server ${at.apiUrl} --certificate-authority ${ca}`, {
    program,
  });
  await run('kubectl config set-context prod --cluster demo --user prod', { program });
  await run('kubectl --context prod get pods -n team-a', { program });
  const carried = at.requests.filter(({ path }) => path.includes('/pods')).length;
  if (carried === 0) throw new Error('kubectl did not reach the API');
  say(`kubectl's calls carried the issued token; it cost ${count(at)}, since the cache had it.`);
}

function runner(home: Sandbox, env: Environment): Run {
  return async (line, { program, shorten = false } = {}) => {
    console.log(`$ ${line.replaceAll(home.home, '~')}`);
    const [name = '', ...words] = line.split(' ');
    const ran = await home.exec(program ?? name, words, { env });
    const text = (ran.stdout + ran.stderr).replaceAll(home.home, '~').trimEnd();
    console.log(shorten ? text.replace(/("token":"[^"]{12})[^"]*/, '$1…') : text);
    if (ran.code !== 0) throw new Error(`${name} ended with exit code ${ran.code}`);
  };
}

/** The product as it is installed: the fast lane, and an engine beside it that runs these sources. */
function install(home: Sandbox): string {
  const bin = join(home.home, 'bin');
  mkdirSync(bin);
  copyFileSync(join(repository, 'cmd', 'kubectl-sa-token'), join(bin, 'kubectl-sa_token'));
  const engine = `#!/bin/sh\nexec '${process.execPath}' '${join(repository, 'cmd', 'kubectl-sa-token.ts')}' "$@"\n`;
  writeFileSync(join(bin, 'sa-token-engine'), engine, { mode: 0o755 });
  return bin;
}

function hasSecretService(): boolean {
  return (
    process.platform === 'linux' &&
    ['dbus-daemon', 'gnome-keyring-daemon', 'dbus-send'].every((name) => onPath(name))
  );
}

function count(at: TestServer): string {
  return at.granted === 1 ? 'one exchange' : `${at.granted === 0 ? 'no' : at.granted} exchanges`;
}

function say(text: string): void {
  console.log(`\n# ${text}`);
}
